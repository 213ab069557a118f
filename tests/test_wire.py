"""The raw way to a peer, on a real server: whole frames in order, and nobody who does not read is waited for."""

import asyncio
import json
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from foundation.limits import OUTBOX_MAX_BYTES
from foundation.wire import Frames
from tests.processes import eventually
from tests.wires import WireServer, wire_server

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("no_error_is_logged")]
KIB = b"x" * 1024
TRANSPORT_BYTES = 80 * 1024  # what a transport holds before it is paused, and a little more
IN_FLIGHT_BYTES = 256 * 1024  # that, and what the kernel holds at both ends
FORBIDDEN = (4403, "forbidden")
TOO_SLOW = (4408, "too_slow")


# Frames


async def test_a_frame_of_any_size_arrives_whole(wires: WireServer) -> None:
    texts = ["x" * size for size in (0, 1, 125, 126, 65_535, 65_536, 300_000)]
    async with connect(f"ws://127.0.0.1:{wires.port}/", max_size=None, compression=None) as client:
        connection = await wires.arrival()

        for text in texts:
            connection.socket.write(text.encode())
        connection.socket.write_all(Frames([text.encode() for text in texts]))

        assert [await asyncio.wait_for(client.recv(), 5) for _ in range(14)] == 2 * texts


async def test_a_text_is_bytes_of_utf8_and_comes_back_so(wires: WireServer) -> None:
    async with connect(f"ws://127.0.0.1:{wires.port}/", compression=None) as client:
        connection = await wires.arrival()
        connection.socket.write("茶 🫖".encode())
        await client.send("お茶")

        assert await client.recv() == "茶 🫖"
        await eventually(lambda: connection.heard == ["お茶"])


async def test_frames_keep_their_order_with_the_servers_pings_between_them() -> None:
    async with wire_server(ws_ping_interval=0.01, ws_ping_timeout=5) as server:
        peer, connection = await server.peer()
        written: list[bytes] = []

        def pings() -> int:
            return sum(frame.opcode is Opcode.PING for frame in peer.frames)

        for batch in range(5):
            payloads = [f"{batch}/{number}".encode() * (1 + 40 * number) for number in range(50)]
            connection.socket.write_all(Frames(payloads))
            written += payloads
            await peer.read_until(lambda count=batch: pings() > count, answer=True)  # type: ignore[misc]
        await peer.read_until(lambda: len(peer.texts) == len(written), answer=True)

    assert peer.texts == written


async def test_frames_that_go_to_many_are_made_ready_once() -> None:
    frames = Frames([b"one", b"two"])

    assert frames.packed is frames.packed
    assert frames.packed == b"\x81\x03one\x81\x03two"


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
async def test_a_frame_is_packed_as_the_protocol_demands(size: int) -> None:
    expected = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)

    assert Frames([b"x" * size]).packed == expected


# A peer that does not read


async def test_the_outbox_of_a_peer_that_never_reads_is_bounded(wires: WireServer, quick_to_close: None) -> None:
    frames = Frames([KIB])
    packed = frames.packed
    held_before = sys.getrefcount(packed)
    _, connection = await wires.peer()

    for _ in range(OUTBOX_MAX_BYTES // len(KIB)):
        connection.socket.write_all(frames)
    assert not connection.closed()
    for _ in range(IN_FLIGHT_BYTES // len(KIB)):
        connection.socket.write_all(frames)

    assert connection.closed() and connection.socket.closing.code == "too_slow"  # type: ignore[union-attr]
    held = sys.getrefcount(packed) - held_before
    assert held * len(KIB) < TRANSPORT_BYTES, "what waited is let go at once"
    await connection.over()
    await eventually(lambda: wires.connections == 0)
    await eventually(lambda: sys.getrefcount(packed) == held_before)


async def test_a_peer_that_never_reads_holds_up_nobody(wires: WireServer, quick_to_close: None) -> None:
    _, stuck = await wires.peer()
    async with connect(f"ws://127.0.0.1:{wires.port}/", compression=None) as client:
        other = await wires.arrival()
        for number in range(2 * OUTBOX_MAX_BYTES // len(KIB)):
            frames = Frames([b"%07d" % number + KIB])
            stuck.socket.write_all(frames)
            other.socket.write_all(frames)

            assert str(await asyncio.wait_for(client.recv(), 1))[:7] == f"{number:07}"

        assert stuck.closed() and not other.closed()
        await stuck.over()
        other.socket.write(b"still here")
        assert await client.recv() == "still here"


async def test_a_peer_that_takes_nothing_in_time_is_cut(
    wires: WireServer, quick_to_close: None, quick_to_write: None
) -> None:
    _, connection = await wires.peer()
    connection.fill(KIB, connection.pressed)

    await eventually(connection.closed)
    assert connection.socket.closing and connection.socket.closing.code == "too_slow"

    await connection.over()
    await eventually(lambda: wires.connections == 0)


async def test_a_peer_that_wakes_up_in_time_reads_why_it_was_cut(wires: WireServer) -> None:
    peer, connection = await wires.peer()
    connection.fill(KIB, connection.closed)

    await peer.read_until(lambda: peer.close is not None, answer=True)
    await connection.over()

    assert json.loads(peer.texts[-1])["code"] == "too_slow"
    assert set(peer.texts[:-1]) == {KIB}
    assert peer.close == TOO_SLOW


async def test_a_peer_that_reads_slowly_but_steadily_stays_and_gets_everything(
    wires: WireServer, quick_to_write: None
) -> None:
    peer, connection = await wires.peer()
    texts = [b"%07d" % number + KIB for number in range(900)]
    connection.socket.write_all(Frames(texts[:200]))
    assert connection.wire.pressed, "premise: the peer is behind from the beginning"

    for text in texts[200:]:
        connection.socket.write(text)
    while len(peer.texts) < len(texts):
        await peer.read(16 * 1024)
        await asyncio.sleep(0.01)  # about 1.5 MB/s, half of the outbox in WRITE_TIMEOUT_S
        assert not connection.closed()

    assert peer.texts == texts
    await asyncio.wait_for(connection.wire.drained(), 1)
    assert not connection.wire.pressed


async def test_whoever_has_more_to_write_than_a_peer_reads_waits_for_it(wires: WireServer) -> None:
    peer, connection = await wires.peer()
    await asyncio.wait_for(connection.wire.drained(), 1)
    count = connection.fill(KIB, connection.pressed) + 512
    for _ in range(512):
        connection.socket.write(KIB)

    waiting = asyncio.create_task(connection.wire.drained())
    await asyncio.sleep(0)
    assert not waiting.done()
    while not waiting.done():
        await peer.read(16 * 1024)

    assert (count - len(peer.texts)) * len(KIB) < IN_FLIGHT_BYTES, "nothing waits here any more"


async def test_a_peer_that_stops_answering_pings_with_a_full_buffer_is_dropped(quick_to_close: None) -> None:
    async with wire_server(ws_ping_interval=0.05, ws_ping_timeout=0.05) as server:
        _, connection = await server.peer()
        connection.fill(KIB, connection.pressed)

        await connection.over()
        await eventually(lambda: server.connections == 0)


async def test_a_server_that_stops_is_not_held_up_by_a_peer_that_does_not_read(
    wires: WireServer, quick_to_close: None
) -> None:
    _, connection = await wires.peer()
    connection.fill(KIB, connection.pressed)

    await asyncio.wait_for(wires.uvicorn.shutdown(), 5)

    assert wires.connections == 0 and connection.ended.is_set()
