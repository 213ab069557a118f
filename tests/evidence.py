"""A recorded history, put in the order in which `tests/checker.py` asks for it."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator

from tests.recording import Closed, Ended, Head, Heard, History, Opened, Outside, Read, Row, Send

NEVER = float("inf")
Key = tuple[str, str, str]


class Connection:
    """One socket from its greeting to its end."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.room = opened.room
        self.heard: list[Heard] = []
        self.closed_at = NEVER

    @property
    def start(self) -> int:
        """The position that the socket began from."""
        return self.opened.seq if self.opened.after is None else self.opened.after


class Knowledge:
    """When each number of a room was first acknowledged to anybody, or heard by anybody."""

    def __init__(self) -> None:
        self.first: dict[int, float] = {}
        self._times: list[float] = []
        self._highest: list[int] = []

    def learn(self, seq: int, at: float) -> None:
        self.first[seq] = min(at, self.first.get(seq, at))

    def sort(self) -> None:
        highest = 0
        for at, seq in sorted((at, seq) for seq, at in self.first.items()):
            highest = max(highest, seq)
            self._times.append(at)
            self._highest.append(highest)

    def before(self, at: float) -> int:
        """The greatest number that somebody knew of before."""
        known = bisect_left(self._times, at)
        return self._highest[known - 1] if known else 0


class Evidence:
    """What is known of every socket, send and log. A frame on a socket that was never greeted is not counted."""

    def __init__(self, history: History) -> None:
        self.connections: dict[str, Connection] = {}
        self.log: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self.by_key: dict[Key, list[Row]] = defaultdict(list)
        self.said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # room → text → client_ids
        self.sends: dict[Key, list[Send]] = defaultdict(list)
        self.heads: dict[str, Head] = {}
        self.reads = [event for event in history if isinstance(event, Read)]
        self.ended = [event for event in history if isinstance(event, Ended)]
        self._outside: dict[tuple[str, str], list[Outside]] = defaultdict(list)
        for event in history:
            self._take(event)
        self._removals: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in self.rows():
            if row.kind == "member.left":
                self._removals[row.room, row.user or ""].append(row.seq)
        self.entries, self.messages = self._knowledge(), self._knowledge(only_messages=True)

    def _take(self, event: object) -> None:
        match event:
            case Opened(conn=conn):
                self.connections[conn] = Connection(event)
            case Heard(conn=conn) if conn in self.connections:
                self.connections[conn].heard.append(event)
            case Closed(conn=conn, at=at) if conn in self.connections:
                self.connections[conn].closed_at = at
            case Send(room=room, user=user, client_id=client_id):
                self.sends[room, user, client_id].append(event)
            case Outside(room=room, user=user):
                self._outside[room, user].append(event)
            case Row(room=room, seq=seq, user=user, client_id=client_id):
                self.log[room][seq].append(event)
                if client_id is not None:
                    self.by_key[room, user or "", client_id].append(event)
                    self.said[room][event.text].add(client_id)
            case Head(room=room):
                self.heads[room] = event

    def _knowledge(self, only_messages: bool = False) -> dict[str, Knowledge]:
        known: dict[str, Knowledge] = defaultdict(Knowledge)
        for send in self.acks():
            known[send.room].learn(send.seq, send.answered)
        for connection in self.connections.values():
            for frame in connection.heard:
                if frame.kind == "message" or not only_messages:
                    known[connection.room].learn(frame.seq, frame.at)
        for each in known.values():
            each.sort()
        return known

    def acks(self) -> Iterator[Send]:
        return (send for attempts in self.sends.values() for send in attempts if send.outcome == "ok")

    def rows(self, room: str | None = None) -> Iterator[Row]:
        """The entries of one log or of all, in their order."""
        for log in [self.log[room]] if room is not None else list(self.log.values()):
            for seq in sorted(log):
                yield from log[seq]

    def outside(self, room: str, user: str) -> list[Outside]:
        return self._outside.get((room, user), [])

    def ends_at(self, connection: Connection) -> float:
        """The number at which the socket's person was removed: it hears what came before, and no more."""
        numbers = self._removals.get((connection.room, connection.opened.user), [])
        later = numbers[bisect_right(numbers, connection.opened.seq) :]
        return later[0] if later else NEVER
