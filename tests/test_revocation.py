"""Revocation as a property: after the answer that takes a right away, no frame with a higher number reaches the person,
and their sockets close within a second, on every worker, while the room talks without a pause."""

import asyncio
import json
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.servers import ParlorServer, RedisServer, parlor
from tests.workers import PASSWORD, call, environment, sign_up, two_workers

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
PAUSE_S = 0.01
WITHIN_S, WITHOUT_REDIS_S = 1.0, 5.0
# From the answer to the closing is measured in this process, which the machine may keep waiting.
NOISE_S = 0.5
NEW_PASSWORD = "another horse battery"


class Browser:
    """A signed-in browser of one person on one server."""

    def __init__(self, server: ParlorServer) -> None:
        self.server = server
        self.client = httpx.Client(base_url=server.url, timeout=15)

    def sign_in(self, username: str) -> "Browser":
        self.submit("/accounts/login/", login=username, password=PASSWORD)
        assert "sessionid" in self.client.cookies
        return self

    def submit(self, path: str, page: str | None = None, **fields: str) -> None:
        """Fill in the form of a page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.client.get(page or path).text)
        assert found, path
        answer = self.client.post(
            path, data={**fields, "csrfmiddlewaretoken": found[1]}, headers={"Referer": self.server.url}
        )
        assert answer.status_code == 302, (path, answer.status_code)

    @property
    def cookie(self) -> str:
        return f"sessionid={self.client.cookies['sessionid']}"


@dataclass
class Stage:
    """A room that is never quiet, its owner, and one person with a session and a token in front of it."""

    servers: list[ParlorServer]
    administrator: tuple[str, str]
    slug: str = field(default_factory=lambda: f"tea-{secrets.token_hex(4)}")

    def set_up(self) -> "Stage":
        first = self.servers[0]
        _, self.owner = self.administrator
        call(first, "POST", "rooms/", {"name": self.slug, "slug": self.slug}, self.owner)
        self.username, self.token = sign_up(first)
        self.user_id = call(first, "GET", "users/me/", token=self.token)["id"]
        self.browser = Browser(first).sign_in(self.username)
        return self

    def rest(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        return call(self.servers[0], method, path, body, token or self.owner)

    def in_room(self, method: str, path: str = "", body: Any = None) -> None:
        self.rest(method, f"rooms/{self.slug}/{path}", body)

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """The owner posts on every server all the time."""
        async with AsyncExitStack() as stack:
            for server in self.servers:
                headers = {"Authorization": f"Token {self.owner}"}
                address = f"{server.ws}/ws/chat/{self.slug}/"
                socket = await stack.enter_async_context(connect(address, additional_headers=headers))
                for work in (self._talk(socket), self._hear(socket)):
                    stack.callback(asyncio.get_running_loop().create_task(work).cancel)
            yield

    async def _talk(self, socket: Any) -> None:
        with suppress(ConnectionClosed):
            while True:
                await socket.send('{"type":"message","value":"Who is for Darjeeling?"}')
                await asyncio.sleep(PAUSE_S)

    async def _hear(self, socket: Any) -> None:
        with suppress(ConnectionClosed):
            async for _ in socket:
                pass


def disable(stage: Stage) -> None:
    username, _ = stage.administrator
    office = Browser(stage.servers[0]).sign_in(username)
    chosen = {"action": "disable", "_selected_action": str(stage.user_id)}
    office.submit("/admin/accounts/user/", **chosen)


def change_password(stage: Stage) -> None:
    passwords = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    stage.browser.submit("/accounts/password/change/", **passwords)


def revoke_token(stage: Stage) -> None:
    [token] = stage.rest("GET", "tokens/", token=stage.token)["results"]
    stage.rest("DELETE", f"tokens/{token['id']}/", token=stage.token)


@dataclass(frozen=True)
class Way:
    """How a right ends: by what the sockets came in, what is done, and the close code."""

    by: str
    end: Callable[[Stage], object]
    code: int
    is_member: bool = False


WAYS = {
    "signed out": Way("session", lambda stage: stage.browser.submit("/accounts/logout/"), 4401),
    "signed out everywhere": Way("session", lambda stage: stage.rest("DELETE", "sessions/", token=stage.token), 4401),
    "a new password": Way("session", change_password, 4401),
    "token revoked": Way("token", revoke_token, 4401),
    "account disabled": Way("token", disable, 4401),
    "removed": Way("token", lambda stage: stage.in_room("DELETE", f"members/{stage.username}/"), 4403, is_member=True),
    "banned": Way("session", lambda stage: stage.in_room("PUT", f"bans/{stage.username}/", {}), 4403),
    "made private": Way("session", lambda stage: stage.in_room("PATCH", "", {"kind": "private"}), 4404),
    "deleted": Way("token", lambda stage: stage.in_room("DELETE"), 4410),
}


@dataclass
class Ear:
    """What one socket heard until it was closed."""

    highest: int = 0
    code: int | None = None
    closed_at: float = 0.0

    async def listen(self, socket: Any) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] not in {"hello", "ack", "pong"}:
                    self.highest = max(self.highest, frame.get("seq", 0))
        self.code, self.closed_at = socket.close_code, time.monotonic()


async def lose_the_right(stage: Stage, way: Way, within_s: float) -> None:
    """Open sockets on every server, end the right through the first, and compare what was heard with the property."""
    if way.is_member:
        await asyncio.to_thread(stage.in_room, "PUT", f"members/{stage.username}/", {})
    session, token = {"Cookie": stage.browser.cookie}, {"Authorization": f"Token {stage.token}"}
    async with stage.talking(), AsyncExitStack() as stack:
        ears: list[Ear] = []
        listening: list[Awaitable[None]] = []
        for server in stage.servers:
            origin: Any = server.url if way.by == "session" else None
            headers = session if way.by == "session" else token
            address = f"{server.ws}/ws/chat/{stage.slug}/"
            socket = await stack.enter_async_context(connect(address, additional_headers=headers, origin=origin))
            ears.append(Ear())
            listening.append(asyncio.create_task(ears[-1].listen(socket)))
        async with asyncio.timeout(10):
            while any(ear.highest < 20 for ear in ears):
                await asyncio.sleep(PAUSE_S)

        await asyncio.to_thread(way.end, stage)
        answered_at = time.monotonic()
        last = await asyncio.to_thread(last_seq, stage)

        async with asyncio.timeout(within_s + 10):
            await asyncio.gather(*listening)
    assert [ear.code for ear in ears] == [way.code] * len(ears)
    assert all(ear.closed_at - answered_at < within_s + NOISE_S for ear in ears)
    assert all(ear.highest <= last for ear in ears), (last, [ear.highest for ear in ears])


def last_seq(stage: Stage) -> float:
    try:
        return int(stage.rest("GET", f"rooms/{stage.slug}/")["last_seq"])
    except Exception:  # noqa: BLE001
        return float("inf")  # a deleted room has no numbers any more


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def house(
    postgres_url: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[ParlorServer], tuple[str, str]]]:
    """Two workers, and the administrator, who owns every room here."""
    variables = environment(postgres_url, redis_server.url)
    with two_workers(variables, tmp_path_factory.mktemp("revocation")) as two:
        username, token = sign_up(two[0])
        with psycopg.connect(postgres_url) as connection:  # others have signed up in this database before
            connection.execute(
                "UPDATE accounts_user SET is_superuser = true, is_staff = true WHERE username = %s", [username]
            )
        yield list(two), (username, token)


House = tuple[list[ParlorServer], tuple[str, str]]


@pytest.mark.parametrize("way", WAYS)
async def test_t4_after_the_answer_nothing_more_is_heard_on_any_worker(house: House, way: str) -> None:
    await lose_the_right(Stage(*house).set_up(), WAYS[way], WITHIN_S)


@pytest.mark.parametrize("way", ["token revoked", "signed out everywhere", "removed", "banned"])
async def test_t4_without_redis_the_sockets_close_within_five_seconds(
    house: House, redis_server: RedisServer, way: str
) -> None:
    stage = Stage(*house).set_up()
    redis_server.signal(signal.SIGSTOP)
    try:
        await lose_the_right(stage, WAYS[way], WITHOUT_REDIS_S)
    finally:
        redis_server.signal(signal.SIGCONT)


@pytest.mark.parametrize("way", ["signed out", "token revoked", "banned"])
async def test_t4_one_process_in_memory_holds_the_same(tmp_path: Path, way: str) -> None:
    with parlor(tmp_path) as server:
        await lose_the_right(Stage([server], sign_up(server)).set_up(), WAYS[way], WITHIN_S)
