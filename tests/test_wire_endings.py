"""How a connection ends on a real server: with a last word, in time, and without anything left of it."""

import asyncio
import gc
import json
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import connect

from foundation.errors import ChatError
from foundation.limits import OUTBOX_MAX_BYTES
from foundation.raw_wire import WireProtocol
from foundation.wire import AsgiWire, Frames, wire_of
from tests.processes import eventually
from tests.wires import Connection, WireServer, wire_server

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("no_error_is_logged")]
KIB = b"x" * 1024
FORBIDDEN = (4403, "forbidden")


# The last word


@pytest.mark.parametrize("behind", [False, True])
async def test_a_close_says_why_after_what_was_written_and_nothing_follows(wires: WireServer, behind: bool) -> None:
    peer, connection = await wires.peer()
    count = connection.fill(KIB, connection.pressed) if behind else 0

    connection.socket.write(b"before")
    connection.socket.close(ChatError("forbidden"))
    connection.socket.write(b"after")
    connection.wire.write_frames(Frames([b"after"]))
    connection.wire.close_with(1000, "again")
    await peer.read_until(lambda: peer.close is not None, answer=True)
    await peer.read_until(lambda: peer.at_end)

    assert peer.texts[:-1] == [KIB] * count + [b"before"]
    assert json.loads(peer.texts[-1])["code"] == "forbidden"
    assert peer.close == FORBIDDEN
    await connection.over()


@pytest.mark.parametrize("behind", [False, True])
async def test_a_peer_that_does_not_answer_the_close_is_dropped(
    wires: WireServer, behind: bool, quick_to_close: None
) -> None:
    peer, connection = await wires.peer()
    if behind:
        connection.fill(KIB, connection.pressed)

    connection.socket.close(ChatError("forbidden"))
    await connection.over()

    await eventually(lambda: wires.connections == 0)
    await peer.read_until(lambda: peer.at_end)


async def test_a_client_that_follows_the_protocol_hears_code_and_reason(wires: WireServer) -> None:
    async with connect(f"ws://127.0.0.1:{wires.port}/", compression=None) as client:
        connection = await wires.arrival()
        connection.socket.close(ChatError("service_restart"))
        await asyncio.wait_for(client.wait_closed(), 1)

        assert (client.close_code, client.close_reason) == (1012, "service_restart")
        await connection.over(1)


async def test_the_answer_to_a_close_is_read_even_if_nobody_listens(wires: WireServer) -> None:
    peer, connection = await wires.peer()
    connection.listens.clear()
    for text in ("one", "two", "three"):
        await peer.say(text)
    await eventually(lambda: connection.wire.read_paused)  # type: ignore[attr-defined]

    connection.socket.close(ChatError("forbidden"))
    await peer.read_until(lambda: peer.close is not None, answer=True)

    async with asyncio.timeout(1):  # long before it would be dropped
        await peer.read_until(lambda: peer.at_end)
    connection.listens.set()
    await connection.over()


# A peer that goes


async def fall_behind(connection: Connection, how_far: str) -> None:
    """Write more than the peer's system takes: so little that nothing is paused, or more."""
    transport = connection.wire.transport  # type: ignore[attr-defined]
    while how_far == "a little" and transport.get_write_buffer_size() < 8 * 1024:
        connection.socket.write(KIB)
        await asyncio.sleep(0)
    if how_far in ("more", "much"):
        connection.fill(KIB, connection.pressed)
    if how_far == "much":
        for _ in range(OUTBOX_MAX_BYTES // len(KIB) // 2):
            connection.socket.write(KIB)
    assert connection.wire.pressed == (how_far in ("more", "much"))


@pytest.mark.parametrize("going", ["say_goodbye", "hang_up", "vanish"])
@pytest.mark.parametrize("behind", ["not at all", "a little", "more", "much"])
async def test_a_peer_that_goes_is_gone_whatever_it_has_not_read(
    wires: WireServer, going: str, behind: str, quick_to_close: None, quick_to_write: None
) -> None:
    peer, connection = await wires.peer()
    await fall_behind(connection, behind)

    gone: Any = getattr(peer, going)()
    if gone is not None:
        await gone
    await connection.over(2)
    await eventually(lambda: wires.connections == 0)

    connection.socket.write(b"too late")
    connection.socket.close(ChatError("forbidden"))


@pytest.mark.parametrize("going", ["vanish", "cut"])
async def test_nothing_remembers_a_peer_that_has_gone(wires: WireServer, going: str) -> None:
    peer, connection = await wires.peer()
    connection.fill(KIB, connection.pressed if going == "vanish" else connection.closed)
    peer.vanish()
    await connection.over()
    await eventually(lambda: wires.connections == 0)
    [wire] = wires.wires

    del connection
    gc.collect()

    await eventually(lambda: wire() is None)


# Another server


async def test_without_the_extension_it_is_the_asgi_way() -> None:
    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    scopes: list[dict[str, Any]] = [{}, {"extensions": None}, {"extensions": {"websocket.http.response": {}}}]
    for scope in scopes:
        wire = wire_of(scope, never, never)
        assert isinstance(wire, AsgiWire)
        await wire.stop()


@pytest.mark.parametrize("protocol", [WireProtocol, WebSocketsSansIOProtocol])
async def test_both_ways_say_the_same(protocol: type[asyncio.Protocol]) -> None:
    async with wire_server(protocol) as server:
        peer, connection = await server.peer()
        assert isinstance(connection.wire, WireProtocol if protocol is WireProtocol else AsgiWire)

        await peer.say("hello")
        await eventually(lambda: connection.heard == ["hello"])
        connection.socket.write_all(Frames([b"one", b"two"]))
        connection.socket.close(ChatError("forbidden"))
        await peer.read_until(lambda: peer.close is not None, answer=True)
        await connection.over()

    assert peer.texts[:2] == [b"one", b"two"] and len(peer.texts) == 3
    assert peer.close == FORBIDDEN
