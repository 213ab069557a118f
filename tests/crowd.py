"""People under observation: what they have in common, and what they do over REST. `tests/visits.py` has the sockets.

A client here is one that `platform/docs/protocol.md` asks for: what became of a send is unknown until an answer has
come, and what is unknown is sent again with the same client_id, wherever a server is found.
"""

import asyncio
import itertools
import random
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import httpx

from tests.recording import History, Outside, Read, Send, digest
from tests.servers import ParlorServer

AWAY = (OSError, TimeoutError, httpx.TransportError)
UNCERTAIN = {"unavailable", "overloaded", "internal", "rate_limited", "service_restart", "too_slow"}
PASSWORD = "correct horse battery"


class Op(NamedTuple):
    """A message that somebody wants to be in a room, however often they have to say it."""

    room: str
    client_id: str
    text: str


class Crowd:
    """Everybody's common ground: the servers, the dice, the history, and how far things are."""

    def __init__(self, servers: Sequence[ParlorServer], dice: random.Random, http: httpx.AsyncClient) -> None:
        self.servers = servers
        self.dice = dice
        self.http = http
        self.history: History = []
        self.tokens: dict[str, str] = {}
        self.acked = 0
        self.known: Counter[str] = Counter()  # the greatest number of each room that anybody has seen
        self.epoch = ""
        self.forgets_ids = False  # a bug of the client: what is sent again is sent under a new client_id
        self.stay_s = 3.0
        self.heads: dict[str, int] = {}  # known when all is said: from then on everybody only listens
        self.deadline = float("inf")
        self.numbers = itertools.count(1)

    def somewhere(self) -> tuple[int, ParlorServer]:
        index = self.dice.randrange(len(self.servers))
        return index, self.servers[index]

    async def pause(self, longest_s: float = 0.1) -> None:
        await asyncio.sleep(self.dice.uniform(0, longest_s))

    def op(self, user: str, room: str) -> Op:
        """Something new to say: mostly short, now and then long, each unlike any other."""
        number = next(self.numbers)
        padding = "é" * self.dice.choice((0, 0, 0, 0, 200, 3000))
        return Op(room, f"{user}-{number}-{secrets.token_hex(4)}", f"{user}:{number}:{secrets.token_hex(8)} {padding}")

    def learn(self, room: str, seq: int) -> None:
        self.known[room] = max(self.known[room], seq)

    # Calls

    async def call(
        self, method: str, path: str, user: str | None, body: Any = None, server: ParlorServer | None = None
    ) -> httpx.Response:
        """One REST call, to any server or to a certain one."""
        server = server or self.somewhere()[1]
        headers = {"Authorization": f"Token {self.tokens[user]}"} if user else {}
        return await self.http.request(method, f"{server.url}/api/{path}", headers=headers, json=body)

    async def insist(self, method: str, path: str, user: str | None, body: Any = None) -> httpx.Response:
        """Call until a server does what it can."""
        while True:
            with suppress(*AWAY):
                response = await self.call(method, path, user, body)
                if response.status_code < 500:
                    return response
            await self.pause()

    async def sign_up(self, username: str) -> None:
        answer = await self.insist("POST", "users/", None, {"username": username, "password": PASSWORD})
        self.tokens[username] = answer.raise_for_status().json()["token"]

    async def read_page(self, user: str, room: str, after: int) -> None:
        """Read a page of messages, and note it."""
        index, server = self.somewhere()
        invoked = time.monotonic()
        with suppress(*AWAY):
            path = f"rooms/{room}/messages/?after={after}&limit=100"
            response = await self.call("GET", path, user, server=server)
            if response.status_code != 200:
                return
            page = response.json()
            read = Read(user=user, room=room, worker=index, after=after, invoked=invoked, answered=time.monotonic())
            read.seqs, read.whole = [message["seq"] for message in page["results"]], page["next"] is None
            self.history.append(read)

    async def expel(self, owner: str, user: str, room: str, for_s: float) -> None:
        """Remove somebody from a room, and add them again."""
        member = f"rooms/{room}/members/{user}/"
        await self.insist("DELETE", member, owner)
        since = time.monotonic()
        await self.pause(for_s)
        self.history.append(Outside(user=user, room=room, since=since, until=time.monotonic()))
        await self.insist("PUT", member, owner, {})

    # Sends

    def begin(self, conn: str, user: str, op: Op) -> Send:
        """Note that a send goes out; its outcome is unknown until `finish`."""
        now = time.monotonic()
        send = Send(conn=conn, user=user, room=op.room, client_id=op.client_id, text=digest(op.text), invoked=now)
        self.history.append(send)
        return send

    def finish(self, send: Send, seq: int = 0, duplicate: bool = False, code: str = "") -> None:
        """Note the answer: a number, or the code of a refusal, which may leave the outcome unknown."""
        send.answered, send.seq, send.duplicate, send.code = time.monotonic(), seq, duplicate, code
        if seq:
            send.outcome = "ok"
            self.acked += 1
            self.learn(send.room, seq)
        elif code not in UNCERTAIN:
            send.outcome = "fail"

    async def post(self, conn: str, user: str, op: Op) -> bool:
        """Send once over REST; whether that settled it."""
        send = self.begin(conn, user, op)
        try:
            body = {"value": op.text, "client_id": op.client_id}
            response = await self.call("POST", f"rooms/{op.room}/messages/", user, body)
        except AWAY:
            return False
        answer = response.json()
        if response.status_code in (200, 201):
            self.finish(send, seq=answer["seq"], duplicate=response.status_code == 200)
        else:
            self.finish(send, code=answer["code"])
        return send.outcome != "unknown"

    def again(self, op: Op) -> Op:
        """What to send when the outcome is unknown: the same."""
        return op._replace(client_id=secrets.token_hex(8)) if self.forgets_ids else op

    async def post_all(self, user: str, rooms: Sequence[str], number: int) -> None:
        """Say so many things over REST, each until it is settled, and one in ten twice at once."""
        for _ in range(number):
            op = self.op(user, self.dice.choice(rooms))
            while True:
                times = 2 if self.dice.random() < 0.1 else 1
                if any(await asyncio.gather(*(self.post(f"{user} by post {n}", user, op) for n in range(times)))):
                    break
                op = self.again(op)
                await self.pause()
            await self.pause(0.02)
