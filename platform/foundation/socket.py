"""One open WebSocket as the hub sees it: who is behind it, what may still reach it, and its last word."""

from collections.abc import Sequence
from typing import Any

import msgspec

from foundation.errors import ChatError
from foundation.publishing import Entry
from foundation.wire import Frames, Wire

FALLBACK_CLOSE = 4400


def error_frame(error: ChatError, client_id: str | None = None) -> bytes:
    """The WebSocket `error` frame of a refusal."""
    body: dict[str, Any] = {"type": "error", "code": error.code, "detail": error.detail}
    if client_id is not None:
        body["client_id"] = client_id
    if error.errors:
        body["errors"] = [msgspec.to_builtins(field) for field in error.errors]
    if error.retry_after_s is not None:
        body["retry_after_ms"] = round(error.retry_after_s * 1000)
    return msgspec.json.encode(body)


class Socket:
    """Takes frames in order, none after its close; a peer that does not read is cut with `too_slow`.

    `who` names the person and the credential behind the socket: `user:7` or `guest`, and `session:…` or `token:…`;
    `user` is the person as they were read on the way in.
    `admitted` is the number in the group's log at which its rights were read: only what ends them after it counts.
    """

    __slots__ = ("admitted", "closing", "group", "user", "who", "wire")

    def __init__(self, wire: Wire, who: frozenset[str], user: Any = None) -> None:
        self.wire = wire
        self.user = user
        self.who = who
        self.group: str | None = None
        self.admitted = 0
        self.closing: ChatError | None = None
        wire.on_slow = self._cut

    def write(self, payload: bytes) -> None:
        """Send one frame."""
        self.write_all(Frames([payload]))

    def write_all(self, frames: Frames) -> None:
        """Send frames that go to other sockets too."""
        if self.closing is None:
            self.wire.write_frames(frames)

    def deliver(self, first_seq: int, entries: Sequence[Entry]) -> None:
        """Send entries of the log, and close the socket at the first that ends this person's right to what follows."""
        ready: list[bytes] = []
        for seq, entry in enumerate(entries, first_seq):
            if entry.ends_rights and seq > self.admitted and entry.ends_right_of(self.who):
                self.write_all(Frames(ready))
                self.close(ChatError(entry.code))
                return
            if entry.frame:
                ready.append(entry.frame)
        if ready:
            self.write_all(Frames(ready))

    def close(self, error: ChatError) -> None:
        """Close for a reason: its `error` frame after what was written, then its close code, 4400 where it has none."""
        if self.closing is None:
            self.write(error_frame(error))
            self.closing = error
            self.wire.close_with(error.refusal.close or FALLBACK_CLOSE, error.code)

    def _cut(self) -> None:
        self.close(ChatError("too_slow"))
