"""One group's log as this process sees it: the position reached, the last frames, the sockets that are live."""

from collections import deque
from collections.abc import Sequence

from foundation.limits import RING_FRAMES
from foundation.publishing import Entry
from foundation.socket import Socket


class Stream:
    """Delivers the entries of one group in order, each once, to the sockets that are live.

    `position` is the number of the last entry delivered; `joining` counts sockets on their way in, which keep the
    stream alive.
    """

    def __init__(self, group: str, position: int) -> None:
        self.group = group
        self.position = position
        self.sockets: set[Socket] = set()
        self.joining = 0
        self._ring: deque[Entry] = deque(maxlen=RING_FRAMES)

    @property
    def idle(self) -> bool:
        return not self.sockets and not self.joining

    def offer(self, first_seq: int, entries: Sequence[Entry]) -> bool:
        """Deliver what comes next, drop what was delivered before. False when something in between is missing."""
        if first_seq > self.position + 1:
            return False
        for entry in entries[self.position + 1 - first_seq :]:
            self._deliver(entry)
        return True

    def recall(self, after: int) -> list[Entry] | None:
        """The entries in (after, position], or None when the ring does not reach back so far."""
        missing = self.position - after
        if missing > len(self._ring):
            return None
        return list(self._ring)[len(self._ring) - missing :]

    def _deliver(self, entry: Entry) -> None:
        self.position += 1
        self._ring.append(entry)
        for socket in self.sockets:
            socket.deliver(self.position, entry)
