"""The rig: servers under torture, a crowd of writers and readers, kills in between, and the history of it all."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

from tests.checker import Anomaly, judge
from tests.crowd import Crowd
from tests.recording import Head, History, Row, digest, save
from tests.servers import ParlorServer
from tests.visits import Habit, Writer, listen

OWNER = "landlord"
TORTURE = "torture-is-on"
CHANGES = """SELECT room.slug, change.seq, change.kind, subject.username, NULL, NULL FROM rooms_change change
    JOIN rooms_room room ON room.id = change.room_id LEFT JOIN accounts_user subject ON subject.id = change.subject_id"""
MESSAGES = """SELECT room.slug, message.seq, 'message', author.username, message.client_id, message.text
    FROM chat_message message
    JOIN rooms_room room ON room.id = message.room_id LEFT JOIN accounts_user author ON author.id = message.author_id"""
HEADS = "SELECT slug, last_seq FROM rooms_room"
Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much happens. The first room is the hot one: half of everything is there."""

    messages: int
    rooms: tuple[str, ...] = ("hot", "red", "green", "blue")
    pens: int = 8  # writers over sockets
    posters: int = 8  # writers over REST
    readers: dict[Habit, int]  # in the hot room; half as many in each other one
    expelled: int = 2  # people who are removed and added again, all the time
    stay_s: float = 3.0  # how long a restless reader stays on the line, at most
    kills: int = 3
    forgets_ids: bool = False
    patience_s: float = 10.0
    late_s: float = 4.0


class Rig:
    """Some servers with a crowd on them. `run` gives the anomalies, and keeps the history in `kept` if there are any."""

    def __init__(self, servers: list[ParlorServer], directory: Path, query: Query, plan: Plan, seed: int) -> None:
        self.servers, self.plan, self.query = servers, plan, query
        self.dice = random.Random(seed)
        self.kept = directory / "history.jsonl"
        self.cut_power: Callable[[], None] | None = None  # for the whole machine, once a server was killed
        self._torture = directory / TORTURE
        self.crowd: Crowd
        self._all_said = asyncio.Event()

    async def run(self) -> list[Anomaly]:
        """Let everybody write and read, then let everybody catch up, and judge what they saw."""
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=5, limits=limits, trust_env=False) as http:
            self.crowd = Crowd(self.servers, self.dice, http)
            self.crowd.forgets_ids, self.crowd.stay_s = self.plan.forgets_ids, self.plan.stay_s
            await self._gather()
            self._torture.touch()
            listening = asyncio.gather(*self._listeners())
            meanwhile = asyncio.gather(*self._meanwhile())
            await asyncio.gather(*self._writers(), self._kill_now_and_then())
            self._torture.unlink()
            self._all_said.set()
            await meanwhile
            for room in self.plan.rooms:
                await self.crowd.read_page(OWNER, room, max(0, self.crowd.known[room] - 40))
            self.crowd.deadline = time.monotonic() + self.plan.patience_s
            self.crowd.heads = {slug: seq for slug, seq in self.query(HEADS) if slug in self.plan.rooms}
            await listening
        if self.cut_power is not None:
            self.servers[0].kill()
            self.cut_power()
        return self._judged()

    def _judged(self) -> list[Anomaly]:
        history = [*self.crowd.history, *self._log()]
        anomalies = judge(history, self.plan.late_s)
        if anomalies:
            save(history, self.kept)
        return anomalies

    def _log(self) -> History:
        rooms = self.plan.rooms
        heads: History = [Head(room=slug, seq=seq, owner=OWNER) for slug, seq in self.query(HEADS) if slug in rooms]
        for room, seq, kind, user, client_id, text in [*self.query(CHANGES), *self.query(MESSAGES)]:
            if room in rooms:
                row = Row(room=room, seq=seq, kind=kind, user=user, client_id=client_id)
                row.text = digest(text) if kind == "message" else ""
                heads.append(row)
        return heads

    # The cast

    async def _gather(self) -> None:
        """Everybody signs up, and is brought into the rooms by their owner. Readers borrow the posters' accounts."""
        plan, crowd = self.plan, self.crowd
        self._pens = [(f"pen-{index}", self._room(index)) for index in range(plan.pens)]
        self._posters = [f"poster-{index}" for index in range(plan.posters)]
        self._expelled = [f"expelled-{index}" for index in range(plan.expelled)]
        await crowd.sign_up(OWNER)
        await _all(crowd.sign_up(user) for user in [*(user for user, _ in self._pens), *self._posters, *self._expelled])
        for room in plan.rooms:
            body = {"name": room, "slug": room, "kind": "private"}
            (await crowd.insist("POST", "rooms/", OWNER, body)).raise_for_status()
        places = [*self._pens, *((user, self._hot) for user in self._expelled)]
        places += [(user, room) for user in self._posters for room in plan.rooms]
        await _all(crowd.insist("PUT", f"rooms/{room}/members/{user}/", OWNER, {}) for user, room in places)

    @property
    def _hot(self) -> str:
        return self.plan.rooms[0]

    def _room(self, index: int) -> str:
        """Every other one is in the hot room."""
        others = self.plan.rooms[1:] or self.plan.rooms
        return others[index // 2 % len(others)] if index % 2 else self._hot

    def _writers(self) -> list[Coroutine[Any, Any, None]]:
        """Three of four messages go over sockets, the rest over REST."""
        crowd, plan = self.crowd, self.plan
        share = plan.messages * 3 // 4 // plan.pens
        writers = [
            Writer(crowd, user, room, share, outstanding=(1, 4, 16)[index % 3]).write()
            for index, (user, room) in enumerate(self._pens)
        ]
        rooms = [self._room(index) for index in range(2 * len(plan.rooms))]
        share = plan.messages // 4 // plan.posters
        return writers + [crowd.post_all(user, rooms, share) for user in self._posters]

    def _listeners(self) -> list[Awaitable[None]]:
        names = cycle(self._posters)
        places: list[tuple[str, str, Habit]] = []
        for habit, number in self.plan.readers.items():
            for room in self.plan.rooms:
                count = number if room == self._hot else (number + 1) // 2
                places += [(next(names), room, habit) for _ in range(count)]
            places += [(user, self._hot, habit) for user in self._expelled]
        return [
            listen(self.crowd, f"{user}-{habit}-{index}", user, room, habit)
            for index, (user, room, habit) in enumerate(places)
        ]

    def _meanwhile(self) -> list[Coroutine[Any, Any, None]]:
        return [self._poll(), *(self._expel(user) for user in self._expelled)]

    async def _poll(self) -> None:
        """Read pages: from the beginning, and of what has just been said."""
        while not self._all_said.is_set():
            user, known = self.dice.choice(self._posters + self._expelled), self.crowd.known[self._hot]
            await self.crowd.read_page(user, self._hot, self.dice.choice((0, max(0, known - 40))))
            await self._rest(0.3)

    async def _expel(self, user: str) -> None:
        """They write too, as long as they are let."""
        while not self._all_said.is_set():
            await self.crowd.post_all(user, [self._hot], 3)
            writing = asyncio.create_task(self.crowd.post_all(user, [self._hot], 3))
            await self.crowd.expel(OWNER, user, self._hot, for_s=0.3)
            await writing
            await self._rest(1)

    async def _rest(self, longest_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_said.wait(), self.dice.uniform(0, longest_s))

    # Faults

    async def _kill_now_and_then(self) -> None:
        """Kill a server each time that another part of the messages is there, and start it again."""
        for number in range(self.plan.kills):
            while self.crowd.acked < self.plan.messages * (number + 1) // (self.plan.kills + 1):
                await asyncio.sleep(0.02)
            _, server = self.crowd.somewhere()
            server.kill()
            if self.cut_power is not None:
                self.cut_power()
            await self.crowd.pause(0.5)
            await asyncio.to_thread(server.start)


async def _all(calls: Iterable[Awaitable[Any]], at_once: int = 8) -> None:
    """Wait for many calls, some at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(call: Awaitable[Any]) -> None:
        async with gate:
            await call

    await asyncio.gather(*map(one, calls))
