"""Two real workers that share PostgreSQL and Redis, people who talk on both without a pause, and what they may expect."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.servers import ROOT, ParlorServer

PASSWORD = "correct horse battery"
PAUSE_S = 0.01
EARS = 2  # in each room on each worker, besides the one who talks
Two = tuple[ParlorServer, ParlorServer]


class MortalServer(ParlorServer):
    program = ROOT / "tests" / "mortal.py"

    def end(self) -> None:
        if self.process is not None:
            self.kill()


def call(server: ParlorServer, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
    """One REST call; gives the JSON of a success."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{server.url}/api/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def sign_up(server: ParlorServer) -> tuple[str, str]:
    """A new account: username and token."""
    username = f"u{secrets.token_hex(5)}"
    answer = call(server, "POST", "users/", {"username": username, "password": PASSWORD})
    return username, answer["token"]


def environment(postgres_url: str, redis_url: str) -> dict[str, str]:
    """What a server on PostgreSQL and Redis is told."""
    return {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "only-for-tests-" + "k" * 50,
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "0",
        "DATABASE_POOL": "8",
    }


def migrate(variables: dict[str, str], data_dir: Path) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, **variables, "PARLOR_DATA": str(data_dir)}, check=True, cwd=ROOT)


@contextmanager
def two_workers(variables: dict[str, str], directory: Path) -> Iterator[Two]:
    """Two processes that know each other only through PostgreSQL and Redis; they may be dead at the end."""
    migrate(variables, directory)
    with ExitStack() as stack:
        workers = []
        for name in ("one", "two"):
            (directory / name).mkdir()
            worker = MortalServer(directory / name, **variables)
            stack.callback(worker.end)
            workers.append(worker.start())
        yield workers[0], workers[1]


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of a post: its number, how long the acknowledgement took, and when it came."""

    seq: int
    latency_s: float
    at: float


class Ear:
    """A socket that notes when it heard which number of the log, and what else it was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.hello: dict[str, Any] = {}
        self.heard: list[tuple[int, float]] = []
        self.told: list[dict[str, Any]] = []

    async def listen(self) -> None:
        """Listen until the line breaks."""
        with suppress(ConnectionClosed):
            while True:
                self.take(json.loads(await self.connection.recv()))

    async def listen_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.take(json.loads(await self.connection.recv()))

    def take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "hello":
            self.hello = frame
        elif "seq" in frame and frame["type"] not in {"ack", "pong"}:
            self.heard.append((frame["seq"], time.monotonic()))
        else:
            self.told.append(frame)


class Voice(Ear):
    """One who posts in a room of their own, waits for the acknowledgement, takes a breath, and posts again.

    Nobody else posts there: whoever listens on another worker hears it from a hint or from the log, and no message of
    their own worker shows that one is missing.
    """

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(connection)
        self.acks: list[Ack] = []
        self.ears: list[Ear] = [self]
        self._acked: asyncio.Future[int] | None = None

    def take(self, frame: dict[str, Any]) -> None:
        super().take(frame)
        if self._acked is not None and frame["type"] in {"ack", "error"}:
            self._acked.set_result(frame.get("seq", 0))

    async def talk(self) -> None:
        while True:
            client_id = secrets.token_hex(8)
            self._acked = asyncio.get_running_loop().create_future()
            sent = time.monotonic()
            await self.connection.send(post(f"message {client_id}", client_id))
            seq = await self._acked
            now = time.monotonic()
            assert seq, "nothing may be refused"
            self.acks.append(Ack(seq, now - sent, now))
            await asyncio.sleep(PAUSE_S)

    def delays(self) -> list[float]:
        """How long after its acknowledgement each message reached the ear that heard it last."""
        heard = [dict(ear.heard) for ear in self.ears]
        return [max(each.get(ack.seq, float("inf")) for each in heard) - ack.at for ack in self.acks]

    def is_quick(self, number: int, within_s: float) -> bool:
        """Whether so many messages on end, but for the very last, were heard in time."""
        return max(self.delays()[-number - 10 : -10], default=within_s) < within_s


class Talk:
    """Two rooms that are open on both workers; in each is a voice, on a worker of its own."""

    def __init__(self, voices: list[Voice]) -> None:
        self.voices = voices
        self.ears = [ear for voice in voices for ear in voice.ears]
        self.tasks = [asyncio.create_task(ear.listen()) for ear in self.ears]

    async def begin(self) -> None:
        await self.until(lambda: all(ear.hello for ear in self.ears), "every hello")
        self.tasks += [asyncio.create_task(voice.talk()) for voice in self.voices]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def go_on(self, number: int) -> list[float]:
        """Wait for so many more acknowledgements of each voice; gives how long they took."""
        before = [len(voice.acks) for voice in self.voices]
        what = f"{number} more acknowledgements"
        await self.until(lambda: all(len(v.acks) >= n + number for v, n in zip(self.voices, before, strict=True)), what)
        return [ack.latency_s for voice, n in zip(self.voices, before, strict=True) for ack in voice.acks[n:]]

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"{what} within {timeout_s} s"
            for task in self.tasks:
                if task.done() and not task.cancelled() and task.exception():
                    raise AssertionError("somebody fell silent") from task.exception()
            await asyncio.sleep(0.02)

    async def prove(self, within_s: float) -> None:
        """Every socket heard every message once, in order, in time."""
        for voice in self.voices:
            last = voice.acks[-1].seq
            for ear in voice.ears:
                await self.until(lambda ear=ear, last=last: ear.heard[-1][0] >= last, "the last message")  # type: ignore[misc]
                numbers = [seq for seq, _ in ear.heard]
                assert numbers == list(range(ear.hello["seq"] + 1, ear.hello["seq"] + 1 + len(numbers)))
            assert max(voice.delays()[: len(voice.acks) - 10]) <= within_s


@asynccontextmanager
async def talking(workers: Two) -> AsyncIterator[Talk]:
    """Somebody talks on each worker until the end of the block."""
    async with AsyncExitStack() as stack:
        voices = []
        for worker, token in [(worker, (await asyncio.to_thread(sign_up, worker))[1]) for worker in workers]:
            room = {"name": f"Talk {secrets.token_hex(4)}"}
            slug = (await asyncio.to_thread(call, worker, "POST", "rooms/", room, token))["slug"]
            voice = Voice(await stack.enter_async_context(open_socket(worker, slug, token)))
            for listening in workers * EARS:
                voice.ears.append(Ear(await stack.enter_async_context(open_socket(listening, slug, token))))
            voices.append(voice)
        talk = Talk(voices)
        stack.push_async_callback(talk.end)
        await talk.begin()
        yield talk


def post(text: str, client_id: str) -> str:
    """The frame of a message."""
    return json.dumps({"type": "message", "value": text, "client_id": client_id})


def open_socket(worker: ParlorServer, slug: str, token: str) -> connect:
    return connect(
        f"{worker.ws}/ws/chat/{slug}/", additional_headers={"Authorization": f"Token {token}"}, compression=None
    )
