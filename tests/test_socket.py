"""One open socket over ASGI's `send`: a bounded outbox, written in order, and a last word that says why it ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from foundation import wire as wire_module
from foundation.errors import ERRORS, ChatError, FieldError
from foundation.limits import OUTBOX_MAX_BYTES
from foundation.publishing import Entry
from foundation.socket import Socket, error_frame
from foundation.wire import AsgiWire

pytestmark = pytest.mark.asyncio
FRAME = b"x" * 1024


class Peer:
    """The other side: reads while `reading` is set, and keeps what it read."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.code: int | None = None
        self.reason = ""
        self.reading = asyncio.Event()
        self.reading.set()
        self.fault: Exception | None = None

    async def send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        if self.fault:
            raise self.fault
        if message["type"] == "websocket.close":
            self.code, self.reason = message["code"], message["reason"]
        else:
            assert self.code is None, "nothing follows a close"
            self.heard.append(message["text"])


@pytest.fixture
def peer() -> Peer:
    return Peer()


@asynccontextmanager
async def running(peer: Peer, *who: str) -> AsyncIterator[tuple[Socket, "asyncio.Task[None]"]]:
    """A socket that writes to the peer."""
    wire = AsgiWire(asyncio.Event().wait, peer.send)  # type: ignore[arg-type]
    try:
        yield Socket(wire, frozenset(who)), wire._writing
    finally:
        await wire.stop()


async def ended(writing: "asyncio.Task[None]") -> None:
    """The writer ended by itself, and without an exception."""
    async with asyncio.timeout(5):
        await writing


async def turns() -> None:
    """Let every task run for as long as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_frames_are_written_in_order(peer: Peer) -> None:
    async with running(peer) as (socket, _):
        for number in range(100):
            socket.write(str(number).encode())
        await turns()
        socket.write(b"late")
        await turns()

    assert peer.heard == [*map(str, range(100)), "late"]


async def test_writing_never_waits_for_the_peer(peer: Peer) -> None:
    peer.reading.clear()
    async with running(peer) as (socket, _):
        for number in range(100):
            socket.write(str(number).encode())
        await turns()
        assert peer.heard == []

        peer.reading.set()
        await turns()

    assert peer.heard == [*map(str, range(100))]


# The last word


@pytest.mark.parametrize("code", [code for code, refusal in ERRORS.items() if refusal.close])
async def test_a_close_says_why_after_what_was_written_before(peer: Peer, code: str) -> None:
    async with running(peer) as (socket, writing):
        socket.write(b"before")
        socket.close(ChatError(code))
        socket.write(b"after")
        socket.close(ChatError("internal"))
        await ended(writing)

    error = json.loads(peer.heard[1])
    assert peer.heard == ["before", peer.heard[1]]
    assert (error["type"], error["code"]) == ("error", code)
    assert (peer.code, peer.reason) == (ERRORS[code].close, code)


async def test_a_refusal_without_a_close_code_closes_with_4400(peer: Peer) -> None:
    async with running(peer) as (socket, writing):
        socket.close(ChatError("unknown_parameter"))
        await ended(writing)

    assert (peer.code, peer.reason) == (4400, "unknown_parameter")


async def test_every_close_code_and_reason_can_be_sent() -> None:
    closes = {code: refusal.close for code, refusal in ERRORS.items() if refusal.close}

    assert all(close in {1003, 1011, 1012, 1013} or 4000 <= close < 5000 for close in closes.values())
    assert all(len(code.encode()) <= 123 for code in closes)


async def test_a_close_of_our_own_is_not_followed_by_an_answer(peer: Peer) -> None:
    async with running(peer) as (socket, writing):
        socket.close(ChatError("forbidden"))
        await ended(writing)
        socket.write(b"too late")
        socket.deliver(1, [Entry(b"too late")])
        await turns()

    assert len(peer.heard) == 1


# A peer that does not read


async def test_the_first_byte_too_many_cuts_the_socket(peer: Peer) -> None:
    peer.reading.clear()
    async with running(peer) as (socket, writing):
        await turns()
        for _ in range(OUTBOX_MAX_BYTES // len(FRAME)):
            socket.write(FRAME)
        assert socket.closing is None

        socket.write(b"x")

        assert socket.closing is not None and socket.closing.code == "too_slow"
        peer.reading.set()
        await ended(writing)

    assert (peer.code, peer.reason) == (4408, "too_slow")
    assert len([frame for frame in peer.heard if frame == FRAME.decode()]) <= 1, (
        "what waited is dropped: it can be resumed"
    )


async def test_a_cut_socket_takes_no_more_memory(peer: Peer) -> None:
    peer.reading.clear()
    async with running(peer) as (socket, _):
        for _ in range(3 * OUTBOX_MAX_BYTES // len(FRAME)):
            socket.write(FRAME)

        assert len(socket.wire._waiting) == 1, "its last word alone"  # type: ignore[attr-defined]


async def test_a_peer_that_takes_no_frame_in_time_is_given_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "WRITE_TIMEOUT_S", 0.01)
    peer.reading.clear()
    async with running(peer) as (socket, writing):
        socket.write(b"hello")
        await ended(writing)

    assert peer.code is None


async def test_a_peer_that_does_not_take_the_goodbye_is_given_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "CLOSE_TIMEOUT_S", 0.01)
    peer.reading.clear()
    async with running(peer) as (socket, writing):
        socket.close(ChatError("forbidden"))
        await ended(writing)

    assert peer.heard == []


async def test_a_peer_that_reads_slowly_but_steadily_stays(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "WRITE_TIMEOUT_S", 5)
    async with running(peer) as (socket, _):
        for _ in range(4):
            peer.reading.clear()
            for _ in range(OUTBOX_MAX_BYTES // len(FRAME) // 2):
                socket.write(FRAME)
            peer.reading.set()
            while socket.wire._waiting:  # type: ignore[attr-defined]
                await asyncio.sleep(0)

        assert socket.closing is None


@pytest.mark.parametrize("fault", [OSError("gone"), RuntimeError("closed"), ConnectionResetError()])
async def test_a_peer_that_went_away_ends_the_writer_quietly(peer: Peer, fault: Exception, caplog: Any) -> None:
    peer.fault = fault
    async with running(peer) as (socket, writing):
        socket.write(b"hello")
        await ended(writing)

    assert not [record for record in caplog.records if record.exc_info or record.levelname != "DEBUG"]


async def test_a_peer_is_up_to_date_until_half_is_taken_and_again_when_it_is_read(peer: Peer) -> None:
    peer.reading.clear()
    async with running(peer) as (socket, _):
        await asyncio.wait_for(socket.wire.drained(), 1)
        for _ in range(OUTBOX_MAX_BYTES // len(FRAME) // 2 + 2):
            socket.write(FRAME)
        waiting = asyncio.create_task(socket.wire.drained())
        await turns()
        assert not waiting.done()

        peer.reading.set()

        await asyncio.wait_for(waiting, 5)


async def test_nobody_waits_for_a_socket_that_closes(peer: Peer) -> None:
    peer.reading.clear()
    async with running(peer) as (socket, _):
        for _ in range(OUTBOX_MAX_BYTES // len(FRAME) + 1):
            socket.write(FRAME)

        await asyncio.wait_for(socket.wire.drained(), 1)


# Losing the right


@pytest.mark.parametrize(
    ("entry", "admitted", "code"),
    [
        (Entry(b"7 was removed", evicts="user:7"), 4, "forbidden"),
        (Entry(b"7 was removed", evicts="user:7"), 5, None),
        (Entry(b"8 was removed", evicts="user:8"), 4, None),
        (Entry(b"no guests", evicts="guest", code="unauthenticated"), 4, None),
        (Entry(b"private", keeps=["user:8"], code="not_found"), 4, "not_found"),
        (Entry(b"private", keeps=["user:8"], code="not_found"), 5, None),
        (Entry(b"private", keeps=["user:7", "user:8"], code="not_found"), 4, None),
        (Entry(b"private", keeps=[], code="not_found"), 4, "not_found"),
        (Entry(b"hello"), 0, None),
    ],
)
async def test_what_ends_the_right_after_the_admission_closes(
    peer: Peer, entry: Entry, admitted: int, code: str | None
) -> None:
    async with running(peer, "user:7", "session:a") as (socket, _):
        socket.admitted = admitted
        socket.deliver(4, [Entry(b"before")])

        socket.deliver(5, [entry])
        socket.deliver(6, [Entry(b"after")])
        await turns()

    assert (socket.closing.code if socket.closing else None) == code
    assert peer.heard[: 1 if code else 3] == (["before"] if code else ["before", entry.frame.decode(), "after"])
    assert "after" not in peer.heard or code is None


# The error frame


async def test_an_error_frame_holds_what_there_is_to_say() -> None:
    assert json.loads(error_frame(ChatError("forbidden"))) == {
        "type": "error",
        "code": "forbidden",
        "detail": "You may not do this.",
    }
    whole = ChatError("rate_limited", "Slowly.", errors=[FieldError("/value", "blank", "Say it.")], retry_after_s=1.5)
    assert json.loads(error_frame(whole, "c-1")) == {
        "type": "error",
        "code": "rate_limited",
        "detail": "Slowly.",
        "client_id": "c-1",
        "errors": [{"pointer": "/value", "code": "blank", "detail": "Say it."}],
        "retry_after_ms": 1500,
    }
