"""Two processes in one event loop: hubs that share a channel layer and nothing else, with presence on them."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from chat.presence import Presence
from foundation.hub import Hub
from foundation.outgoing import Outgoing
from foundation.publishing import CONTROL, Entry
from foundation.socket import Socket
from rooms.events import Person
from tests.wires import HeldWire, inside

TEA, CELLAR = "room.1", "room.2"
LEASE_S = 1.0


def person(username: str) -> Person:
    return Person(id=len(username), username=username, name=username.title(), avatar=None)


class NoLog:
    async def heads(self, groups: list[str]) -> dict[str, int]:
        return dict.fromkeys(groups, 0)

    async def read(self, group: str, after: int, upto: int) -> list[Entry]:
        return []


class Onlooker(Socket):
    """A socket that notes who came and went, as `+ada` and `-ada`; guests by their number, as `2 guests`; people in a
    crowd as `120 here`, and a list as `ada, grace`."""

    def __init__(self) -> None:
        self.peer = HeldWire()
        super().__init__(self.peer, frozenset())

    @property
    def seen(self) -> list[str]:
        return [self._note(json.loads(frame)) for frame in self.peer.heard]

    def _note(self, told: dict[str, Any]) -> str:
        assert told["type"] == "presence"
        if told["event"] == "here":
            return ", ".join(who["username"] for who in told["here"])
        if told["event"] == "count":
            return f"{told['here_count']} here"
        sign = "+" if told["event"] == "joined" else "-"
        return sign + told["user"]["username"] if told["user"] else f"{told['guests_here']} guests"


class Process:
    """A hub and a presence of its own, with an onlooker in the tea room."""

    def __init__(self) -> None:
        self.hub = Hub(NoLog())
        self.presence = Presence(self.hub)
        self.onlooker = Onlooker()
        self._exits = AsyncExitStack()

    async def start(self) -> "Process":
        self.hub.start()
        await eventually(lambda: CONTROL in self.hub.layer.groups)
        stream = await self._exits.enter_async_context(inside(self.hub, TEA))
        stream.sockets.add(self.onlooker)
        self.presence.start()
        return self

    def arrive(self, username: str, group: str = TEA) -> None:
        self.presence.arrive(group, "tea", f"user:{username}", person(username))

    def arrive_as_guest(self, key: str) -> None:
        self.presence.arrive(TEA, "tea", f"guest:{key}", None)

    def leave(self, username: str) -> None:
        self.presence.leave(TEA, f"user:{username}")

    def knows(self, *usernames: str, guests: int = 0) -> Callable[[], bool]:
        """Whether exactly these are in the tea room, as far as this process knows."""

        def compare() -> bool:
            roster = self.presence.roster(TEA)
            return [who.username for who in roster.here] == sorted(usernames) and roster.guests_here == guests

        return compare

    def heard_of(self, other: "Process") -> int:
        """The version of the last telling of the other process."""
        lease = self.presence._leases.get(other.hub.id)
        return lease.version if lease else 0

    async def stop(self) -> None:
        """End as a server that is asked to."""
        if self.hub.running:
            self.presence.stop()
            await self.hub.stop()

    async def die(self) -> None:
        """End as a power cut would: nobody is told anything."""
        self.hub.outgoing = Outgoing(self.hub._send)  # what it would still have said is lost
        await self.hub.stop()


Both = tuple[Process, Process]


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)
