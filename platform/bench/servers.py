"""What is measured and what loads it, each as a process of its own, on loopback, in a directory that goes with it.

Where the machine has two cores, the server has the first for itself; loads and databases have the second.
"""

import contextlib
import json
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(1, str(ROOT))

import pytest

from sockets import SMALLEST_MESSAGE_BYTES
from tests.servers import free_port, listens, postgres, redis, wait_until

SERVER, LOAD = 0, 1  # cores
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
STOCK_MESSAGE_BYTES = 90
# Nothing here measures a bound, so none may be met.
RATES = "posts=1000000000/60 guest_posts=1000000000/60 rooms=1000000000/60 joins=1000000000/60 connections=1000000000/60"  # counted as ever
UNBOUNDED = {"SOCKETS_MAX": "12000", "SOCKETS_PER_ADDRESS": "0", "SOCKETS_PER_USER": "0"} | {"RATES": RATES}


class Missing(Exception):
    """A program that this machine does not have; the text says which."""


@dataclass
class Server:
    """A running server: where it is and who may come in."""

    address: str
    pid: int
    pinned: bool = True
    smallest_message: int = SMALLEST_MESSAGE_BYTES
    people: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def load(self, name: str, **task: Any) -> dict[str, Any]:
        """Run a load against it in a process of its own, and give what it found."""
        about = {"address": self.address, "pid": self.pid, "people": self.people}
        task = {"load": name, "smallest_message": self.smallest_message, **about, **task}
        command = [sys.executable, str(HERE / "client.py")]
        with on_core(LOAD if self.pinned else None):
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        answer, _ = process.communicate(json.dumps(task).encode())
        if process.returncode:
            raise SystemExit(f"The load {name} failed.")
        found: dict[str, Any] = json.loads(answer)
        return found


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started in here stays on this core, if it is one and the machine has several."""
    if core is None or not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cores)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def raise_file_limit() -> int:
    """Let this process and those it starts open as many files as the machine allows; gives how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 1 << 20:
        hard = 1 << 20
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@dataclass(frozen=True, slots=True)
class Setup:
    """What a Parlor is run with; without a database it is embedded."""

    database_url: str = ""
    redis_url: str = ""
    workers: int = 1
    pinned: bool = True
    script: str = "manage.py"

    def environment(self, data: str) -> dict[str, str]:
        """The settings of the server."""
        settings = {**UNBOUNDED, "PARLOR_DATA": data, "LOG_LEVEL": "ERROR"}
        if self.database_url:
            hosts = {"ALLOWED_HOSTS": "127.0.0.1", "HTTPS": "0", "SECRET_KEY": secrets.token_urlsafe(50)}
            settings |= {"DATABASE_URL": self.database_url, **hosts}
        if self.redis_url:
            settings["REDIS_URL"] = self.redis_url
        return settings

    def command(self, port: int) -> list[str]:
        """What starts the server."""
        return [sys.executable, str(ROOT / self.script), "serve", "--port", str(port), "--workers", str(self.workers)]


@contextmanager
def parlor(setup: Setup | None = None, *, like: Server | None = None, **population: Any) -> Iterator[Server]:
    """A Parlor with everything switched on, and with the people, rooms and messages of `population` in it.

    With `like` the database is the one that an earlier server has left.
    """
    setup = setup or Setup()
    with tempfile.TemporaryDirectory(prefix="parlor-bench-") as data:
        environment = setup.environment(data)
        people, facts = (like.people, like.facts) if like else _populate(environment, population)
        port = free_port()
        with _running(setup.command(port), port, environment, SERVER if setup.pinned else None) as process:
            yield Server(f"127.0.0.1:{port}", process.pid, setup.pinned, people=people, facts={**facts, "data": data})


def _populate(settings: dict[str, str], population: dict[str, Any]) -> tuple[list[dict[str, str]], dict[str, Any]]:
    command = [sys.executable, str(HERE / "populate.py")]
    wanted = json.dumps(population).encode()
    done = subprocess.run(command, input=wanted, stdout=subprocess.PIPE, env=_clean() | settings, check=True)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts.pop("people"), facts


@contextmanager
def stock() -> Iterator[Server]:
    """The founding tutorial's consumer on uvicorn."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "--log-level", "error", "--lifespan", "off"]
    command += ["--ws-per-message-deflate", "false", "--ws", "websockets-sansio", "--port", str(port)]
    with _running([*command, "stock:application"], port, {}, SERVER) as process:
        yield Server(f"127.0.0.1:{port}", process.pid, smallest_message=STOCK_MESSAGE_BYTES)


@contextmanager
def flood(frames_per_write: int) -> Iterator[Server]:
    """A server that only sends, as fast as it can."""
    port = free_port()
    command = [sys.executable, str(HERE / "flood.py"), str(port), str(frames_per_write)]
    with _running(command, port, {}, SERVER) as process:
        yield Server(f"127.0.0.1:{port}", process.pid)


@contextmanager
def durable_postgres(*, pinned: bool = True) -> Iterator[str]:
    """A PostgreSQL of its own that waits for the disk. Raises Missing."""
    with _if_installed(postgres(fsync=True), pinned) as url:
        yield url


@contextmanager
def own_redis(*, pinned: bool = True) -> Iterator[str]:
    """A Redis of its own. Raises Missing."""
    with _if_installed(redis(), pinned) as url:
        yield url


@contextmanager
def _if_installed(server: contextlib.AbstractContextManager[str], pinned: bool) -> Iterator[str]:
    with contextlib.ExitStack() as exits:
        try:
            with on_core(LOAD if pinned else None):
                url = exits.enter_context(server)
        except pytest.skip.Exception as missing:
            raise Missing(str(missing)) from None
        yield url


@contextmanager
def _running(
    command: list[str], port: int, environment: dict[str, str], core: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as log:
        with on_core(core):
            process = subprocess.Popen(
                command, cwd=ROOT, env=_clean() | environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_until(lambda: listens(port) or process.poll() is not None, f"{command[1]} listens", START_TIMEOUT_S)
            if process.poll() is not None:
                log.seek(0)
                raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{log.read().decode()}")
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own, in which its workers are
        process.wait()


def _clean() -> dict[str, str]:
    """The environment without any setting of a Parlor that is configured in it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
