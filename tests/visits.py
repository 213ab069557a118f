"""Sockets under observation: who listens, who drops and comes back, who writes with several sends unanswered."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from sys import intern
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests import crowd
from tests.crowd import Crowd, Op
from tests.recording import Closed, Ended, Heard, Opened, Send, digest

PATIENCE_S = 5.0
NOT_IN_THE_LOG = {"hello", "ack", "pong"}
Habit = Literal["loyal", "restless", "forgetful"]


class Refused(Exception):
    """The server greeted with an error frame."""


AWAY = (*crowd.AWAY, ConnectionClosed, InvalidHandshake, Refused)


class Visit:
    """One open socket: `position` moves with what it hears, `answer` gets the replies to what it sends."""

    def __init__(self, crowd: Crowd, socket: ClientConnection, opened: Opened) -> None:
        self.crowd = crowd
        self.socket = socket
        self.conn, self.room = opened.conn, opened.room
        self.position = opened.seq if opened.after is None else opened.after
        self.closed = False
        self.answer: Callable[[dict[str, Any]], None] = lambda frame: None

    async def read(self) -> None:
        """Note every frame with a number until the line ends."""
        try:
            while True:
                self._take(json.loads(await self.socket.recv()))
        except (ConnectionClosed, OSError):
            self.closed = True
        self.crowd.history.append(Closed(conn=self.conn, at=time.monotonic(), code=self.socket.close_code or 1006))

    def _take(self, frame: dict[str, Any]) -> None:
        kind, seq = frame["type"], frame.get("seq")
        if kind in {"ack", "error"}:
            self.answer(frame)
        elif seq is not None and kind not in NOT_IN_THE_LOG:
            self.position = max(self.position, seq)
            self.crowd.learn(self.room, seq)
            user = intern(frame["user"]["username"]) if frame["user"] else None
            heard = Heard(conn=self.conn, at=time.monotonic(), seq=seq, kind=intern(kind), user=user)
            if kind == "message":
                heard.client_id, heard.text = intern(frame["client_id"]), intern(digest(frame["value"]))
            self.crowd.history.append(heard)


@asynccontextmanager
async def visit(crowd: Crowd, reader: str, user: str, room: str, after: int | None) -> AsyncIterator[Visit]:
    """A greeted socket that is read until it closes. To leave it is to drop the line without a word."""
    index, server = crowd.somewhere()
    invoked = time.monotonic()
    query = "" if after is None else f"?after={after}" + (f"&epoch={crowd.epoch}" if crowd.epoch else "")
    socket = await connect(
        f"{server.ws}/ws/chat/{room}/{query}",
        additional_headers={"Authorization": f"Token {crowd.tokens[user]}"},
        compression=None,
        ping_interval=None,
        max_queue=None,
        proxy=None,
        open_timeout=PATIENCE_S,
    )
    try:
        hello = await asyncio.wait_for(_hello(socket), PATIENCE_S)
        conn, at = f"{reader}/{next(crowd.numbers)}", time.monotonic()
        who = Opened(conn=conn, reader=reader, user=user, room=room, worker=index, invoked=invoked, at=at)
        who.after, who.seq, who.epoch = after, hello["seq"], hello["epoch"]
        crowd.epoch = crowd.epoch or who.epoch
        crowd.history.append(who)
        visit = Visit(crowd, socket, who)
        reading = asyncio.create_task(visit.read())
        try:
            yield visit
        finally:
            socket.transport.abort()
            await reading
    finally:
        socket.transport.abort()


async def _hello(socket: ClientConnection) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame["type"] == "error":
            raise Refused(frame["code"])
        if frame["type"] == "hello":
            return frame


async def listen(crowd: Crowd, reader: str, user: str, room: str, habit: Habit) -> None:
    """Follow a room to its end. The loyal stay on the line, the restless drop it and resume, and the forgetful begin
    anew, from number 0 or a thousand numbers back."""
    position: int | None = None if habit == "loyal" else 0
    caught_up = False
    while not caught_up and time.monotonic() < crowd.deadline:
        with suppress(*AWAY):
            async with visit(crowd, reader, user, room, position) as here:
                await _stay(crowd, here, room, habit)
            caught_up = bool(crowd.heads) and here.position >= crowd.heads[room]
            position = max(0, here.position - 1000) if habit == "forgetful" else here.position
        await crowd.pause()
    crowd.history.append(Ended(reader=reader, room=room))


async def _stay(crowd: Crowd, here: Visit, room: str, habit: Habit) -> None:
    leaves_at = float("inf") if habit == "loyal" else time.monotonic() + crowd.dice.uniform(0.1, crowd.stay_s)
    while not here.closed:
        if crowd.heads:
            if here.position >= crowd.heads[room] or time.monotonic() > crowd.deadline:
                return
        elif time.monotonic() > leaves_at:
            return
        await asyncio.sleep(0.02)


class Writer:
    """Somebody with things to say in one room, over a socket, with several sends unanswered at a time."""

    def __init__(self, crowd: Crowd, user: str, room: str, number: int, outstanding: int) -> None:
        self.crowd, self.user, self.room, self.outstanding = crowd, user, room, outstanding
        self._ops = (crowd.op(user, room) for _ in range(number))
        self._again: deque[Op] = deque()
        self._pending: dict[str, tuple[Op, Send]] = {}
        self._free = asyncio.Event()

    async def write(self) -> None:
        """Go on until everything that was to be said has an answer. After a broken line, some of it goes by REST."""
        while op := self._next():
            self._again.appendleft(op)
            with suppress(*AWAY):
                async with visit(self.crowd, f"{self.user} at the pen", self.user, self.room, None) as here:
                    here.answer = self._answered
                    await self._write_on(here)
            self._again.extend(self.crowd.again(op) for op, _ in self._pending.values())
            self._pending.clear()
            if self._again and self.crowd.dice.random() < 0.5:
                op = self._again.popleft()
                if not await self.crowd.post(f"{self.user} by post", self.user, op):
                    self._again.appendleft(op)
            await self.crowd.pause()

    def _next(self) -> Op | None:
        return self._again.popleft() if self._again else next(self._ops, None)

    async def _write_on(self, here: Visit) -> None:
        while not here.closed:
            while len(self._pending) < self.outstanding and (op := self._next()):
                self._pending[op.client_id] = op, self.crowd.begin(here.conn, self.user, op)
                await here.socket.send(json.dumps({"type": "message", "value": op.text, "client_id": op.client_id}))
                await self.crowd.pause(0.01)
            if not self._pending:
                return
            self._free.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._free.wait(), 0.05)

    def _answered(self, frame: dict[str, Any]) -> None:
        client_id = frame.get("client_id")
        if client_id not in self._pending:
            return
        op, send = self._pending.pop(client_id)
        if frame["type"] == "ack":
            self.crowd.finish(send, seq=frame["seq"], duplicate=frame["duplicate"])
        else:
            self.crowd.finish(send, code=frame["code"])
            if send.outcome == "unknown":
                self._again.append(self.crowd.again(op))
        self._free.set()
