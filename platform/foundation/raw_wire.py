"""The raw way out: uvicorn's WebSocket, written to without a task, a frame object or an event between.

The rest of this file is what makes ten thousand of them fit into one process.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from foundation.limits import CLOSE_TIMEOUT_S, OUTBOX_MAX_BYTES, WRITE_TIMEOUT_S
from foundation.wire import EXTENSION, Frames, nobody

log = logging.getLogger("uvicorn.error.wire")


class _Awaited:
    """Something that tasks wait for. With its two kinds, what uvicorn uses of `asyncio.Queue` and `asyncio.Event`: a
    queue, four deques and two events of theirs take 4 KiB of every idle socket."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []

    async def _woken(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class Inbox(_Awaited):
    """Events in the order in which they came."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        super().__init__()
        self._events: list[Any] = []

    def put_nowait(self, event: Any) -> None:
        """Add an event for `get`."""
        self._events.append(event)
        self._wake()

    async def get(self) -> Any:
        """The oldest event, once there is one."""
        while not self._events:
            await self._woken()
        return self._events.pop(0)

    def empty(self) -> bool:
        """Whether there is no event."""
        return not self._events


class Switch(_Awaited):
    """On or off, and a way to wait until it is on."""

    __slots__ = ("_on",)

    def __init__(self) -> None:
        super().__init__()
        self._on = True

    def set(self) -> None:
        """Switch on."""
        self._on = True
        self._wake()

    def clear(self) -> None:
        """Switch off."""
        self._on = False

    async def wait(self) -> None:
        """Return once it is on."""
        while not self._on:
            await self._woken()


class WireProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket with a `Wire` in the scope's extensions.

    A frame of ours costs one `transport.write`, many of one turn of the loop one system call; uvicorn's own `send`
    costs a task switch, a frame object and a join for each. While the transport is paused, what is written waits here,
    as the bytes that all slow peers of a room share.
    """

    pressed = False
    on_slow: Callable[[], None] = staticmethod(nobody)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.logger = log
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Switch()  # type: ignore[assignment]
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._stuck: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = {"wire": self}

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.accept":
            self._forget_handshake()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._waiting.clear()
        self.on_slow = nobody
        for timer in (self._stuck, self._end):
            if timer is not None:
                timer.cancel()

    def write_frames(self, frames: Frames) -> None:
        if self.over:
            return
        if self.pressed:
            self._wait(frames.packed)
        else:
            self.transport.write(frames.packed)

    def close_with(self, code: int, reason: str) -> None:
        if self.over:
            return
        self.transport.write(b"".join(self._waiting))
        self._waiting.clear()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:  # the peer's answer has to be read
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    async def drained(self) -> None:
        await self.writable.wait()

    async def stop(self) -> None:
        """Nothing: uvicorn closes the transport itself."""

    # A peer that does not read

    def pause_writing(self) -> None:
        super().pause_writing()
        self.pressed = True
        self._look_again(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self.pressed = False
        if self._stuck is not None:
            self._stuck.cancel()
        if self._waiting and not self.over:
            waiting = b"".join(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
            self.transport.write(waiting)
        if not self.pressed:  # the write may have paused the transport again
            super().resume_writing()

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._abort_soon()

    def eof_received(self) -> None:
        self._abort_soon()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort_soon()

    def shutdown(self) -> None:
        super().shutdown()
        self._abort_soon()

    def _forget_handshake(self) -> None:
        """Let go of the request: 5 KiB of headers, several times over, which nobody reads once a socket is open."""
        self.scope["headers"].clear()  # type: ignore[attr-defined]
        del self.request, self.response

    @property
    def over(self) -> bool:
        return self.disconnected or self.close_sent or self.transport.is_closing()

    def _look_again(self, before: int) -> None:
        self._stuck = self.loop.call_later(WRITE_TIMEOUT_S, self._cut_unless_less, before)

    def _cut_unless_less(self, before: int) -> None:
        now = self.transport.get_write_buffer_size()
        if now < before:
            self._look_again(now)
        else:
            self._cut()

    def _wait(self, data: bytes) -> None:
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > OUTBOX_MAX_BYTES:
            self._cut()

    def _cut(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0
        if not self.over:
            self.on_slow()
        self._abort_soon()

    def _abort_soon(self) -> None:
        """uvicorn closes a transport and leaves it to the peer to empty it: one that never reads would stay for ever."""
        self._end = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)
