"""Ending what a person may hear, at once and on every process, whatever is lost on the way.

A command writes a row in its transaction. After the commit it waits, for a bounded time, until every process that is
known has closed the sockets: each answers the hint it hears on the control group. The row makes a lost hint good: every
hub reads the new ones once a second.
"""

import asyncio
import contextlib
import time
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from foundation import publishing
from foundation.database import in_database
from foundation.errors import ChatError
from foundation.limits import EVICTION_WAIT_S, PRESENCE_LEASE_S

if TYPE_CHECKING:
    from foundation.hub import Hub

# Numbers are not given in the order of the commits: a row may be seen this long after one with a greater number.
OVERLAP_S = 60.0
OVERLAP_ROWS = 1000
KEPT = timedelta(minutes=10)
Message = dict[str, Any]


def evict(*, code: str, who: str) -> None:
    """Close the sockets of `who` (`user:7`, `session:…`, `token:…`) with an error code, on every process: after the
    commit, and where the channel layer is alive before this command returns."""
    from foundation.models import Eviction  # models need the apps, which import this

    Eviction.objects.filter(at__lt=timezone.now() - KEPT).delete()
    row = Eviction.objects.create(who=who, code=code)
    message = {"type": "evict", "group": None, "who": who, "code": code, "id": row.pk}
    transaction.on_commit(lambda: publishing.announce_and_wait(_carry_out, message, EVICTION_WAIT_S), robust=True)


def _carry_out(hub: "Hub", message: Message, share: bool) -> Any:
    return hub.evictions.carry_out(message, share)


def _rows_after(floor: int) -> list[Message]:
    from foundation.models import Eviction

    rows = Eviction.objects.filter(pk__gt=floor).order_by("pk").values("id", "who", "code")
    return [{"group": None, **row} for row in rows]


def _newest() -> int:
    from foundation.models import Eviction

    return Eviction.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


class Evictions:
    """What one hub knows of evictions: which it has carried out, and which other processes have.

    `count` moves with each: while it stands still, nobody has lost a credential."""

    def __init__(self, hub: "Hub") -> None:
        self.count = 0
        self._hub = hub
        self._floor: int | None = None  # rows up to this number are done with
        self._done: set[int] = set()
        self._newest: deque[tuple[float, int]] = deque()  # the greatest number seen, and when
        self._peers: dict[str, float] = {}  # when another process was last heard
        self._awaited: dict[int, tuple[set[str], asyncio.Event]] = {}
        self._beginning = asyncio.Lock()

    def take(self, message: Message) -> None:
        """Close the sockets that the message is about, unless that was done before; tell who waits for it."""
        number = message.get("id")
        if number is not None:
            if message.get("answer_to") and message["origin"] != self._hub.id:
                self._hub.spawn(self._answer(message["answer_to"], number))
            if number in self._done or number <= (self._floor or 0):
                return
            self._done.add(number)
        self.count += 1
        group, who = message["group"], message["who"]
        for socket in self._hub.sockets:
            here = group is None or group == socket.group
            if here and (who is None or who in socket.who):
                socket.close(ChatError(message["code"]))

    def take_answer(self, message: Message) -> None:
        """Another process has carried an eviction out."""
        missing, all_there = self._awaited.get(message["id"], (None, None))
        if missing is not None and all_there is not None:
            missing.discard(message["origin"])
            if not missing:
                all_there.set()

    def heard(self, origin: str | None) -> None:
        """Another process is alive."""
        if origin is not None and origin != self._hub.id:
            self._peers[origin] = time.monotonic()

    async def carry_out(self, message: Message, share: bool) -> None:
        """Evict here at once; with `share` elsewhere too, until every process that was heard lately has answered."""
        message = {**message, "origin": self._hub.id}
        self.take(message)
        if not share:
            return
        self._peers = {peer: at for peer, at in self._peers.items() if at > time.monotonic() - PRESENCE_LEASE_S}
        missing, all_there = set(self._peers), asyncio.Event()
        self._awaited[message["id"]] = missing, all_there
        try:
            await self._hub.send_now({**message, "answer_to": await self._hub.own_channel()})
            if missing:
                await all_there.wait()
        finally:
            del self._awaited[message["id"]]

    async def ready(self) -> None:
        """Before the first socket: what was evicted earlier is no business of those that come now."""
        if self._floor is None:
            async with self._beginning:
                if self._floor is None:
                    newest = await in_database(_newest)
                    floor = max(0, newest - OVERLAP_ROWS)
                    self._done |= {row["id"] for row in await in_database(_rows_after, floor)}
                    self._floor = floor
                    self.count += 1

    async def read(self) -> None:
        """Carry out the evictions whose hints were lost."""
        if self._floor is None:
            return
        rows = await in_database(_rows_after, self._floor)
        for row in rows:
            self.take(row)
        now = time.monotonic()
        self._newest.append((now, rows[-1]["id"] if rows else self._floor))
        while self._newest and self._newest[0][0] < now - OVERLAP_S:
            self._floor = max(self._floor, self._newest.popleft()[1])
        self._done = {number for number in self._done if number > self._floor}

    async def _answer(self, channel: str, number: int) -> None:
        with contextlib.suppress(Exception):  # whoever waits stops by itself
            await self._hub.layer.send(channel, {"type": "evicted", "id": number, "origin": self._hub.id})
