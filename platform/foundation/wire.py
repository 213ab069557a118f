"""The last step out: bytes to one peer. Straight to the transport on our own server, through ASGI's `send` elsewhere.

Both ways never wait, keep the order, and cut a peer that does not read. `wire_of` picks the way of a connection.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any, Protocol

from foundation.limits import CLOSE_TIMEOUT_S, OUTBOX_MAX_BYTES, WRITE_TIMEOUT_S

log = logging.getLogger("parlor.wire")
EXTENSION = "parlor.wire"
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Frames:
    """Text frames in order, made ready once for however many sockets they go to."""

    def __init__(self, payloads: Sequence[bytes]) -> None:
        self.payloads = payloads

    @cached_property
    def packed(self) -> bytes:
        """The frames as a server puts them on the wire: unmasked, whole, uncompressed (RFC 6455, section 5.2)."""
        return b"".join([part for payload in self.payloads for part in (_header(len(payload)), payload)])


def _header(length: int) -> bytes:
    if length < 126:
        return bytes((0x81, length))
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2)
    return b"\x81\x7f" + length.to_bytes(8)


class Wire(Protocol):
    """One peer's way out. `on_slow` is called once, when the peer is cut because it does not read."""

    on_slow: Callable[[], None]
    pressed: bool  # the peer is behind with reading

    @property
    def over(self) -> bool:
        """Whether nothing more can be written."""

    def write_frames(self, frames: Frames) -> None:
        """Write now, or as soon as the peer takes it."""

    def close_with(self, code: int, reason: str) -> None:
        """Close after what was written; a peer that does not answer in CLOSE_TIMEOUT_S is dropped."""

    async def drained(self) -> None:
        """Wait while the peer is behind: for whoever has more to write than a peer can have read."""

    async def receive(self) -> dict[str, Any]:
        """The next event of the peer."""

    async def stop(self) -> None:
        """Let go of what the wire holds, once the connection has ended."""


def wire_of(scope: dict[str, Any], receive: Receive, send: Send) -> Wire:
    """The raw way where the server offers it, else ASGI's."""
    raw: Wire | None = (scope.get("extensions") or {}).get(EXTENSION, {}).get("wire")
    return raw or AsgiWire(receive, send)


def nobody() -> None:
    """Stands in for `on_slow` until somebody listens."""


class AsgiWire:
    """ASGI's `send` made to keep the same promises, by a task that writes one frame at a time (Daphne, tests)."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.on_slow: Callable[[], None] = nobody
        self.pressed = False
        self._receive, self._send = receive, send
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._farewell: dict[str, Any] | None = None
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._writing = asyncio.create_task(self._write())

    @property
    def over(self) -> bool:
        return self._farewell is not None or self._writing.done()

    def write_frames(self, frames: Frames) -> None:
        if self.over:
            return
        self._waiting.extend(frames.payloads)
        self._count(sum(map(len, frames.payloads)))
        self._wake.set()
        if self._bytes > OUTBOX_MAX_BYTES:
            self._waiting.clear()
            self._count(-self._bytes)
            self.on_slow()

    def close_with(self, code: int, reason: str) -> None:
        if self._farewell is None:
            self._farewell = {"type": "websocket.close", "code": code, "reason": reason}
            self._wake.set()
            self._room.set()

    async def drained(self) -> None:
        await self._room.wait()

    async def receive(self) -> dict[str, Any]:
        """The peer's next event; a disconnect as well when nothing more can be written, after a moment to answer."""
        reading = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({reading, self._writing}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await asyncio.wait({reading}, timeout=CLOSE_TIMEOUT_S)
            return reading.result() if reading.done() else {"type": "websocket.disconnect", "code": 1006}
        finally:
            reading.cancel()

    async def stop(self) -> None:
        """End the task that writes."""
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)

    def _count(self, change: int) -> None:
        self._bytes += change
        self.pressed = self._bytes > OUTBOX_MAX_BYTES // 2
        if self.pressed:
            self._room.clear()
        else:
            self._room.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    payload = self._waiting.popleft()
                    self._count(-len(payload))
                    timeout_s = WRITE_TIMEOUT_S if self._farewell is None else CLOSE_TIMEOUT_S
                    await self._write_out({"type": "websocket.send", "text": payload.decode()}, timeout_s)
                if self._farewell is not None:
                    await self._write_out(self._farewell, CLOSE_TIMEOUT_S)
                    return
        except TimeoutError:
            log.info("a socket did not take a frame in time and was cut")
        except (OSError, RuntimeError) as error:  # the peer is gone; its disconnect arrives on the other side
            log.debug("a socket went away: %s", error)

    async def _write_out(self, message: dict[str, Any], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            await self._send(message)
