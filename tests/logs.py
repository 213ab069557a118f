"""A log in memory, and somebody who reads it: what a hub needs, without a database and a network."""

import asyncio
from typing import Any

from foundation.publishing import Entry
from foundation.socket import Socket
from tests.wires import HeldWire

GROUP = "room.1"


class ListLog:
    """A log in memory; counts how often it is read."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.exists = True
        self.reads = 0

    def append(self, *texts: str, **ends: Any) -> int:
        """Commit entries and give the number of the first."""
        self.entries += [Entry(text.encode(), **ends) for text in texts]
        return len(self.entries) - len(texts) + 1

    async def heads(self, groups: list[str]) -> dict[str, int]:
        return {GROUP: len(self.entries)} if self.exists and GROUP in groups else {}

    async def read(self, group: str, after: int, upto: int) -> list[Entry]:
        self.reads += 1
        await asyncio.sleep(0)
        return self.entries[after:upto]


class Reader(Socket):
    """A socket that keeps what it was given."""

    def __init__(self, *who: str) -> None:
        self.peer = HeldWire()
        super().__init__(self.peer, frozenset(who))

    @property
    def heard(self) -> list[str]:
        """What arrived, without the last word of a socket that was closed."""
        return [frame for frame in self.peer.heard if not frame.startswith('{"type":"error"')]
