"""Who is here: a lease per process, kept by telling each other, never in the database.

Every process tells the control group who arrives and leaves at its own sockets, and renews its lease every few
seconds with the number of its last change. Who misses a change asks for the whole; a process that falls silent is
forgotten with everybody in it. Each process tells its own sockets what changed in the union of all.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chat.frames import PresenceFrame, render
from foundation.hub import Hub, Message
from foundation.limits import PRESENCE_LEASE_S, PRESENCE_LEAVE_DELAY_S, PRESENCE_RENEW_S
from foundation.publishing import CONTROL
from foundation.socket import Socket
from rooms.events import Person

Who = dict[str, Any] | None  # a public user; None for a guest


@dataclass(slots=True)
class Lease:
    """What one process last told: its people by (group, key), with a version that counts the changes."""

    expires: float
    version: int = 0
    people: dict[tuple[str, str], Who] = field(default_factory=dict)


_presences: list["Presence"] = []


def here(group: str) -> list[dict[str, Any]]:
    """The people with an open socket in the group, by username; from any thread. Guests are counted apart."""
    return users(_presences[-1].people(group)) if _presences else []


def guests_here(group: str) -> int:
    """How many guests have an open socket in the group; from any thread."""
    return guests(_presences[-1].people(group)) if _presences else 0


def users(people: dict[str, Who]) -> list[dict[str, Any]]:
    """Those of them who have an account, by username."""
    return sorted((who for who in people.values() if who is not None), key=lambda who: str(who["username"]))


def guests(people: dict[str, Who]) -> int:
    """How many of them are guests."""
    return sum(who is None for who in people.values())


class Presence:
    """The presence of all processes as one of them knows it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._own = Lease(expires=float("inf"))
        self._leases: dict[str, Lease] = {hub.id: self._own}
        self._sockets: Counter[tuple[str, str]] = Counter()
        self._slugs: dict[str, str] = {}
        hub.on["presence.change"] = self._take_change
        hub.on["presence.alive"] = self._take_alive
        hub.on["presence.ask"] = self._take_ask
        hub.on["presence.all"] = self._take_all

    def start(self) -> None:
        """Begin to renew the lease, and ask the others who is there."""
        _presences.append(self)
        self._hub.spawn(self._renew())
        self._tell("presence.ask")

    def stop(self) -> None:
        """Tell the others that this process is gone."""
        self._own.people.clear()
        self._own.version += 1
        self._tell_all()
        if self in _presences:
            _presences.remove(self)

    def people(self, group: str) -> dict[str, Who]:
        """Everybody in the group, on any process, by key."""
        leases = list(self._leases.values())
        return {key: who for lease in leases for (at, key), who in list(lease.people.items()) if at == group}

    def arrive(self, group: str, slug: str, key: str, who: Who) -> None:
        """Count one more socket of `key`; the first one is told to everybody."""
        self._slugs[group] = slug
        self._sockets[group, key] += 1
        if (group, key) not in self._own.people:
            self._change(group, key, who, present=True)

    def leave(self, group: str, key: str) -> None:
        """Count one socket less; when none came back after a moment, everybody is told."""
        self._sockets[group, key] -= 1
        self._hub.loop.call_later(PRESENCE_LEAVE_DELAY_S, self._leave_for_good, group, key)

    def _leave_for_good(self, group: str, key: str) -> None:
        if self._sockets[group, key] <= 0:
            del self._sockets[group, key]
            if (group, key) in self._own.people:
                self._change(group, key, self._own.people[group, key], present=False)

    def _change(self, group: str, key: str, who: Who, *, present: bool) -> None:
        before = self.people(group)
        if present:
            self._own.people[group, key] = who
        else:
            self._own.people.pop((group, key), None)
        self._own.version += 1
        self._show(group, before)
        message = {"group": group, "key": key, "who": who, "present": present, "version": self._own.version}
        self._tell("presence.change", **message)

    # What other processes tell

    def _take_change(self, message: Message) -> None:
        lease = self._lease(message)
        if lease is None:
            return
        if message["version"] != lease.version + 1:
            self._tell("presence.ask")
            return
        before = self.people(message["group"])
        lease.version += 1
        if message["present"]:
            lease.people[message["group"], message["key"]] = message["who"]
        else:
            lease.people.pop((message["group"], message["key"]), None)
        self._show(message["group"], before)

    def _take_alive(self, message: Message) -> None:
        lease = self._lease(message)
        if lease is not None and message["version"] != lease.version:
            self._tell("presence.ask")

    def _take_ask(self, message: Message) -> None:
        if message["origin"] != self._hub.id:
            self._tell_all()

    def _take_all(self, message: Message) -> None:
        lease = self._lease(message)
        if lease is not None:
            people = {(group, key): who for group, key, who in message["people"]}
            self._replace(lease, people)
            lease.version = message["version"]

    def _lease(self, message: Message) -> Lease | None:
        if message["origin"] == self._hub.id:
            return None
        lease = self._leases.setdefault(message["origin"], Lease(expires=0.0))
        lease.expires = time.monotonic() + PRESENCE_LEASE_S
        return lease

    # Keeping and showing

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(PRESENCE_RENEW_S)
            self._tell("presence.alive", version=self._own.version)
            for process, lease in list(self._leases.items()):
                if lease.expires < time.monotonic():
                    self._replace(lease, {})
                    del self._leases[process]

    def _replace(self, lease: Lease, people: dict[tuple[str, str], Who]) -> None:
        groups = {group for group, _ in {**lease.people, **people}}
        before = {group: self.people(group) for group in groups}
        lease.people = people
        for group in groups:
            self._show(group, before[group])

    def tell(self, socket: Socket, group: str, before: dict[str, Who]) -> None:
        """Tell one socket who came and who went since it was told of `before`."""
        self._show(group, before, [socket])

    def _show(self, group: str, before: dict[str, Who], sockets: Iterable[Socket] | None = None) -> None:
        """Tell the sockets here, or these, who came and who went."""
        stream = self._hub.streams.get(group)
        after = self.people(group)
        if stream is None or before.keys() == after.keys():
            return
        guests_now = guests(after)
        for event, these, those in (("joined", after, before), ("left", before, after)):
            for key in these.keys() - those.keys():
                who = these[key]
                user = Person(**who) if who else None
                slug = self._slugs.get(group, "")
                frame = render(PresenceFrame(room=slug, event=event, user=user, guests_here=guests_now))
                for socket in stream.sockets if sockets is None else sockets:
                    socket.write(frame)

    def _tell(self, kind: str, **fields: Any) -> None:
        self._hub.announce(CONTROL, {"type": kind, **fields})

    def _tell_all(self) -> None:
        people = [[group, key, who] for (group, key), who in self._own.people.items()]
        self._tell("presence.all", people=people, version=self._own.version)
