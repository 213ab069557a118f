"""How many sockets there may be: of one process, one address, one account, and on their way in at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts.models import User
from foundation import connections, limits
from foundation.connections import Gate, Places, address_of, admission, places
from foundation.errors import ChatError
from rooms.models import Room
from tests.front import UPGRADE, front, hello, request
from tests.sockets import joined, opened

pytestmark = pytest.mark.asyncio


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


def nobody() -> bool:
    """No socket is counted anywhere."""
    return (places.sockets, places.by_address, places.by_user, places.gate.inside) == (0, {}, {}, 0)


@pytest_asyncio.fixture(autouse=True)
async def _nobody_stays() -> AsyncIterator[None]:
    """Whatever a test does to its sockets, none is counted afterwards."""
    assert nobody(), "premise"
    yield
    await until(nobody)


async def status_of(refused: Any) -> tuple[int, str, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as error:
        await refused
    response = error.value.response
    return response.status_code, response.headers["Retry-After"], json.loads(response.body)


# The process and the address


async def test_the_first_socket_too_many_of_a_process_is_refused(settings: Any) -> None:
    settings.SOCKETS_MAX = 2

    async with front(admission(hello)) as server:
        first, second = await server.socket(), await server.socket()
        status, retry_after, problem = await status_of(server.socket())
        assert (status, retry_after, problem["code"]) == (503, "5", "overloaded")

        await first.close()
        await until(lambda: places.sockets == 1)
        async with await server.socket():
            pass
        await second.close()


async def test_the_first_socket_too_many_of_an_address_is_refused(settings: Any) -> None:
    settings.SOCKETS_PER_ADDRESS = 1

    async with front(admission(hello)) as server, await server.socket():
        status, retry_after, problem = await status_of(server.socket())

    assert (status, retry_after, problem["code"]) == (429, "5", "rate_limited")
    assert problem["retry_after_ms"] == 5000


async def test_zero_is_without_bound(settings: Any) -> None:
    settings.SOCKETS_MAX = settings.SOCKETS_PER_ADDRESS = settings.SOCKETS_PER_USER = 0

    async with front(admission(hello)) as server, AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(await server.socket())
        assert places.by_address == {"127.0.0.1": 5}


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::"),
        (("2001:db8:1:2::9", 1), "2001:db8:1:2::"),
        (("2001:db8:1:3::9", 1), "2001:db8:1:3::"),
        (("::ffff:192.0.2.7", 1), "192.0.2.7"),
        (("not:an:address", 0), "not:an:address"),
        (("", 0), None),
        (None, None),
    ],
)
async def test_whom_a_socket_counts_for(client: Any, counted: str | None) -> None:
    assert address_of({"client": client}) == counted


async def test_without_an_address_there_is_no_bound_for_it(settings: Any) -> None:
    settings.SOCKETS_PER_ADDRESS = 1
    mine = Places()

    with mine.one({"client": None}), mine.one({"type": "websocket"}):
        assert (mine.sockets, mine.by_address) == (2, {})


async def test_a_server_that_stops_takes_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async with front(admission(hello)) as server:
        monkeypatch.setattr(places, "leaving", True)
        status, _, problem = await status_of(server.socket())

    assert (status, problem["code"]) == (503, "service_restart")


# The account


@pytest.mark.django_db(transaction=True)
async def test_the_first_socket_too_many_of_an_account_is_told_so(
    ada: User, grace: User, tea: Room, settings: Any
) -> None:
    settings.SOCKETS_PER_USER = 1

    async with joined("tea", ada):
        async with opened("/ws/chat/tea/", ada) as refused:
            frame = await refused.frame()
            assert (frame["type"], frame["code"], frame["retry_after_ms"]) == ("error", "rate_limited", 5000)
            assert await refused.closed() == 4429
        async with joined("tea", grace):
            pass
    async with joined("tea", ada):
        pass


@pytest.mark.django_db(transaction=True)
async def test_guests_are_counted_by_their_address_alone(lobby: Room, settings: Any) -> None:
    settings.SOCKETS_PER_USER = 1

    async with joined("lobby"), joined("lobby"):
        assert places.sockets == 2


# The gate


@pytest.mark.django_db(transaction=True)
async def test_a_socket_that_was_greeted_makes_way_for_the_next(tea: Room, ada: User) -> None:
    async with joined("tea", ada):
        assert (places.sockets, places.gate.inside) == (1, 0)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HANDSHAKES_MAX", 2)
    monkeypatch.setattr(connections, "HANDSHAKES_WAITING_MAX", 3)
    monkeypatch.setattr(connections, "HANDSHAKE_WAIT_S", 0.2)


async def test_the_bounds_are_those_that_were_promised() -> None:
    assert (limits.HANDSHAKES_MAX, limits.HANDSHAKES_WAITING_MAX, limits.HANDSHAKE_WAIT_S) == (100, 5_000, 10)


async def waiting(gate: Gate, who: str, came: list[str]) -> None:
    await gate.enter()
    came.append(who)


async def test_others_come_in_in_the_order_of_their_arrival(narrow: None) -> None:
    gate, came = Gate(), list[str]()
    tasks = [asyncio.create_task(waiting(gate, who, came)) for who in "abcde"]
    await until(lambda: came == ["a", "b"])

    gate.leave()
    await until(lambda: came == ["a", "b", "c"])
    gate.leave()
    gate.leave()
    await asyncio.gather(*tasks)

    assert came == ["a", "b", "c", "d", "e"]
    assert gate.inside == 2


async def test_who_waits_too_long_or_behind_too_many_is_refused(narrow: None) -> None:
    gate = Gate()
    await gate.enter()
    await gate.enter()
    tasks = [asyncio.create_task(gate.enter()) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(ChatError, match="overloaded"):
        await gate.enter()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [each.code for each in outcomes if isinstance(each, ChatError)] == ["overloaded"] * 3
    gate.leave()
    await gate.enter()
    assert gate.inside == 2


@pytest.mark.parametrize("given", [False, True], ids=["waiting", "just given its turn"])
async def test_who_is_cut_off_leaves_the_turn_to_the_next(narrow: None, given: bool) -> None:
    gate, came = Gate(), list[str]()
    await gate.enter()
    await gate.enter()
    first = asyncio.create_task(waiting(gate, "first", came))
    second = asyncio.create_task(waiting(gate, "second", came))
    await asyncio.sleep(0)

    if given:
        gate.leave()
    first.cancel()
    if not given:
        gate.leave()
    await second

    assert came == ["second"]
    gate.leave()
    gate.leave()
    assert gate.inside == 0


async def test_a_storm_comes_in_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        nonlocal most
        most = max(most, places.gate.inside)
        await asyncio.sleep(0.01)
        await receive()
        await send({"type": "websocket.accept"})
        scope["handshake_done"]()
        await receive()

    monkeypatch.setattr(connections, "HANDSHAKES_MAX", 10)
    async with front(admission(slow)) as server:
        sockets = await asyncio.gather(*(server.socket() for _ in range(150)))
        assert (most, places.sockets, places.gate.inside) == (10, 150, 0)
        await asyncio.gather(*(socket.close() for socket in sockets))


# Every end


async def test_every_way_a_socket_can_end_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HANDSHAKES_MAX", 2)

    async def fragile(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/never":
            await asyncio.Event().wait()
        if scope["path"] == "/refused":
            raise ValueError("before the accept")
        await receive()
        await send({"type": "websocket.accept"})
        scope["handshake_done"]()
        message = await receive()
        if message.get("text") == "fail":
            raise ValueError("ours")
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4000})

    async with front(admission(fragile)) as server:
        closed, cut, failed, ended = [await server.socket() for _ in range(4)]
        assert places.sockets == 4
        await closed.close()
        cut.transport.abort()
        for socket, word in ((failed, "fail"), (ended, "close")):
            await socket.send(word)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        refused = await server.asked(request(UPGRADE, path="/refused"))
        assert (await refused.head())[0] == 500
        await until(lambda: places.sockets == 0)

        in_the_gate = [await server.asked(request(UPGRADE, path="/never")) for _ in range(2)]
        before_the_gate = await server.asked(request(UPGRADE))
        await until(lambda: (places.sockets, places.gate.inside) == (3, 2))
        for line in (before_the_gate, *in_the_gate):
            line.writer.transport.abort()
        for task in server.server.server_state.tasks:
            task.cancel()
        await until(nobody)
