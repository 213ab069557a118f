"""Open inboxes of this process: what is new in somebody's rooms reaches them without a publish for each member.

Every process names the rooms it has published to in one hint, a few times a second at most. Who has watchers looks at
these rooms in a handful of queries, and tells each watcher what is new for them since the last look. As the places of
people are read together with the counts, nobody hears of a room that they have lost. A lost hint is made good by comparing
numbers every few seconds, and looking where they differ.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from chat.frames import render
from chat.inbox import entries, memberships
from chat.inbox_frames import InboxActivity, InboxGone, InboxInvitations, InboxRoom, InboxRoomFrame, inbox_room
from foundation.database import in_database
from foundation.hub import Hub, Message
from foundation.limits import INBOX_DELAY_S, INBOX_HINT_ROOMS, INBOX_RECONCILE_S
from foundation.publishing import CONTROL
from foundation.socket import Socket
from rooms.events import encode
from rooms.invitations import open_invitations
from rooms.models import Membership

log = logging.getLogger("parlor.inbox")
# What differs when there is news of a room; anything else in an entry changes with the number of the room's log.
PLACE = ("role", "read_seq", "messages_read", "notify", "muted", "favourite", "position")


class Seen(NamedTuple):
    """What a watcher was last told of a room: a digest of what is theirs in it and of how much happened there that was no
    message, how far it had come, and the digest of PLACE and that number."""

    slug: str
    own: int
    seq: int
    mark: int


@dataclass(slots=True)
class Watcher:
    """A person with open inboxes here; those that are coming were not greeted yet. `rooms` is None until it was read for
    the first time."""

    coming: set[Socket] = field(default_factory=set)
    sockets: set[Socket] = field(default_factory=set)
    rooms: dict[int, Seen] | None = None
    invitations: int = 0


class Look(NamedTuple):
    """What the database says: who is in which room, with what there is to tell; and how many are invited to more."""

    places: dict[int, dict[int, InboxRoom]]
    invitations: dict[int, int]


class Inboxes:
    """The open inboxes of one event loop."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._watchers: dict[int, Watcher] = {}
        self._published: set[str] = set()  # groups that this process has published to
        self._rooms: set[int] = set()  # where something happened anywhere
        self._people: set[int] = set()  # whose rooms are to be looked at again, all of them
        self._woken = asyncio.Event()
        self._looking = asyncio.Lock()  # an older look must not be told after a newer one
        hub.published = self._note
        hub.on |= {"activity": self._take_activity, "inbox": self._take_notice}

    def start(self) -> None:
        self._hub.spawn(self._work())
        self._hub.spawn(self._reconcile())

    async def expect(self, user_id: int, socket: Socket) -> None:
        """Take in how it is now, for a socket that is still to be greeted."""
        watcher = self._watchers.setdefault(user_id, Watcher())
        watcher.coming.add(socket)
        if watcher.rooms is None:
            self._people.add(user_id)
            await self._look()

    def watch(self, user_id: int, socket: Socket) -> None:
        """Tell this socket from now on what is new for the person."""
        watcher = self._watchers[user_id]
        watcher.coming.discard(socket)
        watcher.sockets.add(socket)

    def forget(self, user_id: int, socket: Socket) -> None:
        """Tell this socket nothing more."""
        watcher = self._watchers.get(user_id)
        if watcher is not None:
            watcher.coming.discard(socket)
            watcher.sockets.discard(socket)
            if not watcher.coming | watcher.sockets:
                del self._watchers[user_id]

    # Hints

    def _note(self, group: str) -> None:
        self._published.add(group)
        self._woken.set()

    def _take_activity(self, message: Message) -> None:
        if self._watchers:
            self._rooms.update(int(group.removeprefix("room.")) for group in message["groups"])
            self._woken.set()

    def _take_notice(self, message: Message) -> None:
        watched = self._watchers.keys() & set(message["who"])
        if watched and message["room"] is not None:
            self._rooms.add(message["room"])
        elif watched:
            self._people |= watched
        self._woken.set()

    def _spread(self) -> None:
        """Name the rooms that this process has published to, here and to the other processes."""
        groups, self._published = sorted(self._published), set()
        for start in range(0, len(groups), INBOX_HINT_ROOMS):
            part = groups[start : start + INBOX_HINT_ROOMS]
            self._hub.announce(CONTROL, {"type": "activity", "groups": part})

    # Looking and telling

    async def _work(self) -> None:
        while True:
            await self._woken.wait()
            await asyncio.sleep(INBOX_DELAY_S)
            self._woken.clear()
            self._spread()
            started = time.perf_counter()
            with self._may_fail():
                await self._look()
            # However many watch, looking takes a quarter of the time at most.
            await asyncio.sleep(3 * (time.perf_counter() - started))

    async def _reconcile(self) -> None:
        while True:
            await asyncio.sleep(INBOX_RECONCILE_S)
            told = {pk: watcher for pk, watcher in self._watchers.items() if watcher.rooms is not None}
            if told:
                with self._may_fail():
                    rooms, people = await in_database(_differing, told)
                    self._rooms |= rooms
                    self._people |= people
            if self._rooms or self._people:
                self._woken.set()

    async def _look(self) -> None:
        async with self._looking:
            await self._look_once()

    async def _look_once(self) -> None:
        rooms, self._rooms = self._rooms, set()
        people, self._people = self._people & self._watchers.keys(), set()
        if not self._watchers or not (rooms or people):
            return
        others = self._watchers.keys() - people if rooms else set()
        try:
            look = await in_database(_look_at, people, rooms, others)
        except BaseException:
            self._rooms |= rooms
            self._people |= people
            raise
        told: dict[str, bytes] = {}
        for user_id in people:
            self._tell(user_id, look, None, told)
        for user_id in others:
            self._tell(user_id, look, rooms, told)

    def _tell(self, user_id: int, look: Look, rooms: Collection[int] | None, told: dict[str, bytes]) -> None:
        """Compare what a person was told with what is so now, of some rooms or with None of all."""
        watcher = self._watchers.get(user_id)
        if watcher is None:
            return
        now = look.places.get(user_id, {})
        if watcher.rooms is None:  # the greeting and the list say how it is
            if rooms is None:
                watcher.rooms = {pk: _seen(entry) for pk, entry in now.items()}
                watcher.invitations = look.invitations.get(user_id, 0)
            return
        frames = [self._news(watcher.rooms, pk, entry, told) for pk, entry in now.items()]
        lost = [pk for pk in (watcher.rooms if rooms is None else rooms) if pk in watcher.rooms and pk not in now]
        frames += [render(InboxGone(room=watcher.rooms.pop(pk).slug)) for pk in lost]
        if rooms is None and watcher.invitations != (count := look.invitations.get(user_id, 0)):
            watcher.invitations = count
            frames.append(render(InboxInvitations(count=count)))
        for frame in filter(None, frames):
            for socket in watcher.sockets:
                socket.write(frame)

    def _news(self, known: dict[int, Seen], pk: int, entry: InboxRoom, told: dict[str, bytes]) -> bytes | None:
        before, after = known.get(pk), _seen(entry)
        known[pk] = after
        if before is None or before.own != after.own:
            return render(InboxRoomFrame(entry=entry))
        if before.seq == after.seq:
            return None
        slug = entry.room.slug
        if slug not in told:
            counts = {"seq": entry.seq, "message_count": entry.message_count}
            told[slug] = render(InboxActivity(room=slug, last_message=entry.last_message, **counts))
        return told[slug]

    @contextlib.contextmanager
    def _may_fail(self):  # type: ignore[no-untyped-def]
        try:
            yield
        except Exception as error:  # noqa: BLE001
            log.warning("the inboxes could not be looked at: %s", error)


def _look_at(people: set[int], rooms: set[int], others: Collection[int]) -> Look:
    """All places of the people, and those of the others in these rooms."""
    found = list(memberships(people)) if people else []
    found += list(memberships(others).filter(room__in=rooms)) if others else []
    places: dict[int, dict[int, InboxRoom]] = {}
    for entry in entries(found):
        places.setdefault(entry.membership.user_id, {})[entry.membership.room_id] = inbox_room(entry)
    return Look(places, open_invitations(people) if people else {})


def _differing(told: dict[int, Watcher]) -> tuple[set[int], set[int]]:
    """The rooms that read otherwise than these watchers were told, and the people who have others or are invited to more
    or less. Two queries without a model: a worker may have a thousand people with fifty rooms each."""
    rooms, people, counted = set(), set(), Counter[int]()
    places = Membership.objects.filter(user__in=told).values_list("user", "room", "room__last_seq", *PLACE)
    for user_id, room_id, *mark in places:
        counted[user_id] += 1
        seen = (told[user_id].rooms or {}).get(room_id)
        if seen is None:
            people.add(user_id)
        elif seen.mark != hash(tuple(mark)):
            rooms.add(room_id)
    invitations = open_invitations(told)
    for user_id, watcher in told.items():
        if counted[user_id] != len(watcher.rooms or {}) or invitations.get(user_id, 0) != watcher.invitations:
            people.add(user_id)
    return rooms, people


def _seen(entry: InboxRoom) -> Seen:
    # A room that was archived and opened again between two looks reads as before, but somebody may have read the list
    # in between: what is no message is told each time.
    own = replace(entry, seq=entry.seq - entry.message_count, message_count=0, unread=0, last_message=None)
    mark = (entry.seq, *(getattr(entry, name) for name in PLACE))
    return Seen(entry.room.slug, hash(encode(own)), entry.seq, hash(mark))
