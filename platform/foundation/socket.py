"""One open WebSocket as the hub sees it: a bounded outbox and one task that writes it out."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from foundation.errors import ChatError
from foundation.limits import CLOSE_TIMEOUT_S, OUTBOX_MAX_BYTES, WRITE_TIMEOUT_S
from foundation.publishing import Entry

log = logging.getLogger("parlor.socket")
Send = Callable[[dict[str, Any]], Awaitable[None]]
FALLBACK_CLOSE = 4400


def error_frame(error: ChatError, client_id: str | None = None) -> str:
    """The WebSocket `error` frame of a refusal."""
    body: dict[str, Any] = {"type": "error", "code": error.code, "detail": error.detail}
    if client_id is not None:
        body["client_id"] = client_id
    if error.errors:
        body["errors"] = [msgspec.to_builtins(field) for field in error.errors]
    if error.retry_after_s is not None:
        body["retry_after_ms"] = round(error.retry_after_s * 1000)
    return msgspec.json.encode(body).decode()


class Socket:
    """Accepts frames at once and writes them in order; a peer that does not read is cut with `too_slow`.

    `who` names the person and the credential behind the socket: `user:7` or `guest`, and `session:…` or `token:…`.
    `admitted` is the number in the group's log at which its rights were read: only what ends them after it counts.
    """

    def __init__(self, send: Send, who: frozenset[str]) -> None:
        self.who = who
        self.group: str | None = None
        self.admitted = 0
        self.closing: ChatError | None = None
        self._send = send
        self._outbox: deque[str] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def write(self, frame: str) -> None:
        """Queue one frame. More than OUTBOX_MAX_BYTES waiting cuts the socket."""
        if self.closing is not None:
            return
        self._outbox.append(frame)
        self._bytes += len(frame)
        self._wake.set()
        if self._bytes > OUTBOX_MAX_BYTES // 2:
            self._room.clear()
        if self._bytes > OUTBOX_MAX_BYTES:
            self._outbox.clear()
            self.close(ChatError("too_slow"))

    def deliver(self, seq: int, entry: Entry) -> None:
        """Queue one entry of the log, or close the socket where it tells that this person has no right to it."""
        if seq > self.admitted and entry.ends_right_of(self.who):
            self.close(ChatError(entry.code))
        self.write(entry.frame)

    def close(self, error: ChatError) -> None:
        """Close for a reason: its `error` frame after what is queued, then its close code, 4400 where it has none."""
        if self.closing is None:
            self.closing = error
            self._wake.set()
            self._room.set()

    async def has_room(self) -> None:
        """Wait while more than half of the outbox is taken: for whoever has more to write than a peer can have read."""
        await self._room.wait()

    async def run(self) -> None:
        """Write until the socket is closed from this side, or fails."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    frame = self._outbox.popleft()
                    self._bytes -= len(frame)
                    if self._bytes <= OUTBOX_MAX_BYTES // 2:
                        self._room.set()
                    await self._write_out({"type": "websocket.send", "text": frame}, WRITE_TIMEOUT_S)
                if self.closing is not None:
                    await self._say_goodbye(self.closing)
                    return
        except TimeoutError:
            log.info("a socket did not take a frame for %s s and was cut", WRITE_TIMEOUT_S)
        except (OSError, RuntimeError) as error:  # the peer is gone; its disconnect arrives on the other side
            log.debug("a socket went away: %s", error)

    async def _say_goodbye(self, error: ChatError) -> None:
        await self._write_out({"type": "websocket.send", "text": error_frame(error)}, CLOSE_TIMEOUT_S)
        code = error.refusal.close or FALLBACK_CLOSE
        await self._write_out({"type": "websocket.close", "code": code, "reason": error.code}, CLOSE_TIMEOUT_S)

    async def _write_out(self, message: dict[str, Any], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            await self._send(message)
