"""Who is here: a lease per process, kept by telling each other, never in the database.

Every process tells the control group who arrives and leaves at its own sockets, and renews its lease every few
seconds with the number of its last telling. Who misses one asks for the whole; a process that falls silent is
forgotten with everybody in it. Each process tells its own sockets what changed in the union of all.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from chat.roster import Roster
from foundation.hub import Hub, Message
from foundation.limits import (
    PRESENCE_COUNT_INTERVAL_S,
    PRESENCE_GATHER_S,
    PRESENCE_LEASE_S,
    PRESENCE_LEAVE_DELAY_S,
    PRESENCE_NAMED_MAX,
    PRESENCE_RENEW_S,
)
from foundation.publishing import CONTROL
from rooms.events import Person

Who = Person | None  # None for a guest
Change = tuple[str, str, Who, bool]  # group, key, who, and whether they are there
T = TypeVar("T")


@dataclass(slots=True)
class Lease:
    """What one process last told: its people by (group, key), with a version that counts the tellings."""

    expires: float
    version: int = 0
    people: dict[tuple[str, str], Who] = field(default_factory=dict)


_presences: list["Presence"] = []


def roster_of(group: str) -> Roster:
    """Who has an open socket in the group; from any thread. Empty where this process serves no sockets."""
    return _presences[-1].roster(group) if _presences else Roster()


class Presence:
    """The presence of all processes as one of them knows it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._own = Lease(expires=float("inf"))
        self._leases: dict[str, Lease] = {hub.id: self._own}
        self._rosters: dict[str, Roster] = {}
        self._sockets: Counter[tuple[str, str]] = Counter()
        self._news: list[Change] = []
        self._asked = False
        self._telling = False
        hub.on["presence.changes"] = self._take_changes
        hub.on["presence.alive"] = self._take_alive
        hub.on["presence.ask"] = self._take_ask
        hub.on["presence.all"] = self._take_all
        hub.on["person.changed"] = self._take_person

    def start(self) -> None:
        """Begin to renew the lease, and ask the others who is there."""
        _presences.append(self)
        self._hub.spawn(self._renew())
        self._announce("presence.ask")

    def stop(self) -> None:
        """Tell the others that this process is gone."""
        self._own.people.clear()
        self._tell_all()
        if self in _presences:
            _presences.remove(self)

    def roster(self, group: str) -> Roster:
        """Everybody in the group, on any process."""
        return self._rosters.get(group) or Roster()

    def arrive(self, group: str, slug: str, key: str, who: Who) -> Roster:
        """Count one more socket of `key`; the first one is told to everybody. Gives who is there now."""
        self._sockets[group, key] += 1
        roster = self._rosters.setdefault(group, Roster())
        roster.slug = slug
        if (group, key) not in self._own.people:
            self._add(self._own, group, key, who)
            self._tell_soon((group, key, who, True))
        return roster

    def leave(self, group: str, key: str) -> None:
        """Count one socket less; when none came back after a moment, everybody is told."""
        self._sockets[group, key] -= 1
        self._hub.loop.call_later(PRESENCE_LEAVE_DELAY_S, self._leave_for_good, group, key)

    def _leave_for_good(self, group: str, key: str) -> None:
        if self._sockets[group, key] <= 0:
            del self._sockets[group, key]
            if (group, key) in self._own.people:
                self._remove(self._own, group, key)
                self._tell_soon((group, key, None, False))

    # The union of all, and what the sockets here are told of it

    def _add(self, lease: Lease, group: str, key: str, who: Who) -> None:
        if (group, key) in lease.people:
            return
        lease.people[group, key] = who
        roster = self._rosters.setdefault(group, Roster())
        if roster.add(key, who):
            self._show(group, roster, "joined", who)

    def _remove(self, lease: Lease, group: str, key: str) -> None:
        if (group, key) not in lease.people:
            return
        who = lease.people.pop((group, key))
        roster = self._rosters[group]
        if roster.remove(key):
            self._show(group, roster, "left", who)
        if not roster:
            del self._rosters[group]

    def _show(self, group: str, roster: Roster, event: str, who: Who) -> None:
        """Tell the sockets here who came or went; in a crowd only, and later, how many are there."""
        stream = self._hub.streams.get(group)
        if stream is None:
            return
        roster.crowded = roster.crowded or len(roster) > PRESENCE_NAMED_MAX
        if not roster.crowded:
            stream.broadcast(roster.frame(event, who))
        elif not roster.count_is_due:
            roster.count_is_due = True
            self._hub.loop.call_later(PRESENCE_COUNT_INTERVAL_S, self._show_count, group, roster)

    def _show_count(self, group: str, roster: Roster) -> None:
        roster.count_is_due = False
        # A quarter below the line, so that a room at the line does not bring its list with every step over it.
        roster.crowded = len(roster) > PRESENCE_NAMED_MAX * 3 // 4
        stream = self._hub.streams.get(group)
        if stream is not None and roster is self._rosters.get(group):
            stream.broadcast(roster.frame("count" if roster.crowded else "here"))

    def _take_person(self, message: Message) -> None:
        """Somebody has another name or picture: their sockets go on with it, and the rooms where they are are told."""
        who, fields = _read(message["user"], Person), _read(message["fields"], dict[str, str | None])
        key = f"user:{who.id}"
        for socket in self._hub.sockets:
            if key in socket.who:
                socket.user.name, socket.user.avatar = fields["name"], fields["avatar"]
        for lease in self._leases.values():
            lease.people.update({at: who for at in lease.people if at[1] == key})
        for group, roster in self._rosters.items():
            if roster.change(key, who) and (stream := self._hub.streams.get(group)):
                stream.broadcast(roster.frame("changed", who))

    # What this process tells the others, and they tell it

    def _tell_soon(self, *news: Change) -> None:
        self._news += news
        if not self._telling:
            self._telling = True
            self._hub.loop.call_later(PRESENCE_GATHER_S, self._tell)

    def _tell(self) -> None:
        self._telling = False
        if self._asked:
            self._tell_all()
        elif self._news:
            self._own.version += 1
            self._announce("presence.changes", changes=msgspec.to_builtins(self._news), version=self._own.version)
            self._news = []

    def _tell_all(self) -> None:
        self._asked, self._news = False, []
        self._own.version += 1
        people = [(group, key, who) for (group, key), who in self._own.people.items()]
        self._announce("presence.all", people=msgspec.to_builtins(people), version=self._own.version)

    def _announce(self, kind: str, **fields: Any) -> None:
        self._hub.announce(CONTROL, {"type": kind, **fields})

    def _take_changes(self, message: Message) -> None:
        if message["origin"] == self._hub.id:
            return
        changes = _read(message["changes"], list[Change])
        lease = self._renewed(message)
        if message["version"] > lease.version + 1:
            self._announce("presence.ask", of=message["origin"])
        elif message["version"] == lease.version + 1:
            lease.version += 1
            for group, key, who, present in changes:
                if present:
                    self._add(lease, group, key, who)
                else:
                    self._remove(lease, group, key)

    def _take_alive(self, message: Message) -> None:
        if message["origin"] != self._hub.id and message["version"] > self._renewed(message).version:
            self._announce("presence.ask", of=message["origin"])

    def _take_ask(self, message: Message) -> None:
        if message["origin"] != self._hub.id and message.get("of") in (None, self._hub.id):
            self._asked = True
            self._tell_soon()

    def _take_all(self, message: Message) -> None:
        if message["origin"] == self._hub.id:
            return
        people = _read(message["people"], list[tuple[str, str, Who]])
        lease = self._renewed(message)
        if message["version"] > lease.version:
            lease.version = message["version"]
            self._replace(lease, {(group, key): who for group, key, who in people})

    def _replace(self, lease: Lease, people: dict[tuple[str, str], Who]) -> None:
        for (group, key), who in people.items():
            self._add(lease, group, key, who)
        for group, key in [at for at in lease.people if at not in people]:
            self._remove(lease, group, key)

    # Leases

    def _renewed(self, message: Message) -> Lease:
        """The lease of whoever tells; what is older than the last telling is no sign of life."""
        version = _read(message["version"], int)
        lease = self._leases.setdefault(message["origin"], Lease(expires=0.0))
        if version >= lease.version:
            lease.expires = time.monotonic() + PRESENCE_LEASE_S
        return lease

    async def _renew(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(PRESENCE_RENEW_S)
            self._announce("presence.alive", version=self._own.version)
            self._expire(overslept=time.monotonic() - began - PRESENCE_RENEW_S)

    def _expire(self, overslept: float) -> None:
        """Forget who was silent for a whole lease; whoever slept through it has to listen first."""
        for process, lease in list(self._leases.items()):
            if overslept > PRESENCE_RENEW_S:
                lease.expires += overslept
            if lease.expires < time.monotonic():
                self._replace(lease, {})
                del self._leases[process]


def _read(value: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
