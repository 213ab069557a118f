"""One group's log as this process sees it: the position reached, the last frames, the sockets that are live."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from foundation.limits import CATCH_UP_BYTES, RING_FRAMES
from foundation.publishing import Entry
from foundation.socket import Socket
from foundation.wire import Frames


class Stream:
    """Delivers the entries of one group in order, each once, to the sockets that are live.

    `position` is the number of the last entry delivered; `entered` counts the sockets that keep the stream alive,
    also those on their way in. What arrives in one turn of the loop is gathered and written once to each socket, in `flush`.
    """

    def __init__(self, group: str, position: int, flush_soon: Callable[["Stream"], None]) -> None:
        self.group = group
        self.position = position
        self.sockets: set[Socket] = set()
        self.entered = 0
        self._flush_soon = flush_soon
        self.rewrites = 0  # how often what is in the log was made to read otherwise
        self._ring: deque[Entry] = deque(maxlen=RING_FRAMES)
        self._gathered: list[bytes] = []
        self._passing: set[int] = set()  # which of the gathered are ephemeral
        self._late: dict[Socket, int] = {}  # who joined after how many of them

    def offer(self, first_seq: int, entries: Sequence[Entry]) -> bool:
        """Deliver what comes next, drop what was delivered before. False when something in between is missing."""
        if first_seq > self.position + 1:
            return False
        for entry in entries[self.position + 1 - first_seq :]:
            self._deliver(entry)
        return True

    def broadcast(self, payload: bytes) -> None:
        """Send a frame without a number to the sockets that are live, but not to one that is behind."""
        self._passing.add(len(self._gathered))
        self._gather(payload)

    @property
    def remembered(self) -> int:
        """How many entries the ring holds: the last ones up to `position`."""
        return len(self._ring)

    def remember(self, upto: int, entries: Sequence[Entry], rewrites: int) -> None:
        """Put entries up to a number before those in the ring, as far as they fit and are still the ones before it.

        They were read when there had been so many rewrites; after another they may read otherwise."""
        room = RING_FRAMES - len(self._ring)
        if upto == self.position - len(self._ring) and room and rewrites == self.rewrites:
            self._ring.extendleft(reversed(entries[-room:]))

    def recall(self, after: int) -> list[Entry] | None:
        """The entries in (after, position], or None when the ring does not reach back so far."""
        missing = self.position - after
        if missing > len(self._ring):
            return None
        return list(self._ring)[len(self._ring) - missing :]

    def join(self, socket: Socket) -> None:
        """Make a socket live that has everything up to `position`."""
        self.sockets.add(socket)
        if self._gathered:  # it belongs to those who were here before
            self._late[socket] = len(self._gathered)

    def flush(self) -> None:
        """Write what was gathered, once to each socket; one that is behind gets the durable frames only."""
        if not self._gathered:
            return
        gathered, self._gathered = self._gathered, []
        passing, self._passing = self._passing, set()
        late, self._late = self._late, {}
        everything = durable = Frames(gathered)
        if passing:
            durable = Frames([payload for index, payload in enumerate(gathered) if index not in passing])
        for socket in self.sockets:
            if socket in late:
                socket.write_all(Frames(gathered[late[socket] :]))
            else:
                socket.write_all(durable if socket.wire.pressed else everything)

    def _deliver(self, entry: Entry) -> None:
        self.position += 1
        if entry.rewrites:  # what came before is read from the log, as it is now
            self._ring.clear()
            self.rewrites += 1
        self._ring.append(entry)
        if entry.ends_rights:
            self.flush()
            for socket in self.sockets:
                socket.deliver(self.position, [entry])
        elif entry.frame:
            self._gather(entry.frame)

    def _gather(self, payload: bytes) -> None:
        if not self._gathered:
            self._flush_soon(self)
        self._gathered.append(payload)


def in_parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Parts that a peer may be written at once before it is asked whether it reads."""
    start = size = 0
    for index, entry in enumerate(entries):
        size += len(entry.frame)
        if size > CATCH_UP_BYTES:
            yield entries[start : index + 1]
            start, size = index + 1, 0
    yield entries[start:]
