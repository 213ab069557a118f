"""Real servers for tests: Parlor itself, PostgreSQL and Redis, each on a free port of loopback, each ended by the test."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Counted as ever, and met by nobody: tests say in a second what nobody says in a minute.
RATES = " ".join(
    f"{name}=1000000000/60"
    for name in ("posts", "guest_posts", "rooms", "joins", "invitations", "uploads", "connections")
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
    """Poll until it holds; fail with `what` when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} within {timeout_s} s")
        time.sleep(0.02)


class ParlorServer:
    """`manage.py serve` as a process, with a data directory that outlives its restarts."""

    program = ROOT / "manage.py"

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"
        self.log = data_dir / "server.log"
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> "ParlorServer":
        """Start and wait until it answers."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "STATIC_ROOT") if name in os.environ}
        environment = {
            **inherited,
            "RATES": RATES,
            "PARLOR_DATA": str(self.data_dir),
            "PORT": str(self.port),
            **self._environment,
        }
        command = [sys.executable, str(self.program), "serve", *arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        wait_until(self._answers, f"the server answers:\n{self.log.read_text()}", timeout_s=60)
        return self

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> int:
        """End it and give its exit code."""
        assert self.process is not None
        self.process.send_signal(sig)
        code = self.process.wait(timeout_s)
        self.process = None
        return code

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)

    @property
    def output(self) -> str:
        return self.log.read_text()

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.output}")
        with suppress(OSError):
            return bool(urllib.request.urlopen(f"{self.url}/healthz", timeout=1).status == 200)
        return False


@contextmanager
def parlor(data_dir: Path, *arguments: str, **environment: str) -> Iterator[ParlorServer]:
    """A running server that is gone afterwards."""
    server = ParlorServer(data_dir, **environment)
    try:
        yield server.start(*arguments)
    finally:
        if server.process is not None:
            server.process.terminate()
            try:
                server.process.wait(10)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait(10)


class RedisServer:
    """A Redis of its own on a port that it keeps; skips where the machine has none."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed")
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), "Redis listens")

    def signal(self, sig: signal.Signals) -> None:
        """SIGSTOP leaves its connections open and unanswered, until SIGCONT."""
        assert self.process is not None
        self.process.send_signal(sig)

    def kill(self) -> None:
        """End it as a power cut would: nothing is kept."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@contextmanager
def redis() -> Iterator[str]:
    """A Redis of its own; gives its address."""
    server = RedisServer()
    server.start()
    try:
        yield server.url
    finally:
        server.kill()


@contextmanager
def postgres(*, fsync: bool = False) -> Iterator[str]:
    """A PostgreSQL of its own, in a directory that goes with it; gives its address, skips where there is none."""
    initdb = _postgres_program("initdb")
    if initdb is None:
        pytest.skip("PostgreSQL is not installed")
    port, password = free_port(), secrets.token_hex(8)
    directory = Path(tempfile.mkdtemp(prefix="parlor-postgres-"))
    (directory / "password").write_text(password)
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if user:
        shutil.chown(directory, user)
        shutil.chown(directory / "password", user)
    data = str(directory / "data")
    options = [
        "-D",
        data,
        "-U",
        "parlor",
        "--auth=scram-sha-256",
        "--pwfile",
        str(directory / "password"),
        "-E",
        "UTF8",
    ]
    subprocess.run([initdb, *options], user=user, check=True, stdout=subprocess.DEVNULL, cwd="/")
    serve = [str(Path(initdb).with_name("postgres")), "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", ""]
    quiet = ["-c", f"fsync={'on' if fsync else 'off'}", "-c", "log_min_messages=fatal", "-c", "max_connections=200"]
    process = subprocess.Popen([*serve, *quiet], user=user, cwd="/")
    try:
        wait_until(lambda: listens(port), "PostgreSQL listens")
        yield f"postgres://parlor:{password}@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        shutil.rmtree(directory, ignore_errors=True)


def _postgres_program(name: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(versions[-1]) if versions else shutil.which(name)


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
