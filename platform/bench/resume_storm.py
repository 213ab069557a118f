"""1,000 sockets of one room drop at once and come back, each 200 messages behind: until all of them are live again.

    .venv/bin/python platform/bench/resume_storm.py [--json FILE]

They come back as `docs/protocol.md` says, after a random wait of at most half a second; one that is refused waits
longer. Everybody has to hear the 200 messages in order and once. The last column counts the statements that the server
made on the table of messages meanwhile: what was missed is still in memory. In the last row nobody was in the room when
the messages came.
"""

import argparse
import asyncio
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from picows import WSError, WSFrame, WSTransport

from benchmark import Benchmark, Row, main
from machine import Clock
from rest import Rest
from servers import Setup, parlor
from sockets import Listener, connect, credential, join, percentile

CASES = ((250, True), (500, True), (1000, True), (1000, False))  # sockets, and whether somebody stays
SMALL_CASES = ((10, True),)
BEHIND, SMALL_BEHIND = 200, 20
ROOM = "storm"
TIMEOUT_S = 60.0
WAIT_S = 0.5
WAIT_MAX_S = 30.0
GONE_S = 1.0  # until the server has seen that they are gone
NUMBER = re.compile(rb'^\{"type":"(?!hello|ack|pong)[a-z.]+","room":"[^"]*","seq":(\d+)')
COLUMNS = {
    "sockets": "sockets",
    "stayed": "somebody stayed",
    "behind": "messages behind",
    "all_live_s": "all live after s",
    "p50_s": "p50 s",
    "refused": "refused at first",
    "server_cpu": "server core",
    "client_cpu": "client core",
    "statements_per_socket": "statements/socket",
    "message_statements": "on messages",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each case, each with a server of its own."""
    setup = Setup(script="platform/bench/counted.py")
    for sockets, stayed in SMALL_CASES if options.small else CASES:
        with parlor(setup, people=sockets + 1, rooms=[ROOM], browsers=True) as server:
            yield server.load(
                "resume_storm",
                sockets=sockets,
                stayed=stayed,
                behind=SMALL_BEHIND if options.small else BEHIND,
                epoch=server.facts["epoch"],
                statements=f"{server.facts['data']}/statements",
            )


# The load


class Follower(Listener):
    """Takes in what comes after its position, one number after the other."""

    def __init__(self, index: int, position: int, upto: int) -> None:
        super().__init__(index)
        self.position, self.upto = position, upto
        self.live_at = 0.0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        number = NUMBER.match(frame.get_payload_as_bytes())
        if number is None:
            self.small(frame)
        elif int(number[1]) != self.position + 1:
            raise SystemExit(f"After {self.position} came {int(number[1])}.")
        else:
            self.position += 1
            if self.position == self.upto:
                self.live_at = time.monotonic()


class Storm:
    """The sockets of one run, before and after the line breaks."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.rest = Rest(task["address"], task["people"][0]["token"])
        self.statements = Path(task["statements"])
        self.refused = 0

    async def run(self) -> Row:
        """Be there, drop, miss something, come back."""
        before = [Listener(index) for index in range(self.task["sockets"] + 1)]
        await join(self.task, before, [f"/ws/chat/{ROOM}/"])
        position = self._head()
        for listener in before[1 if self.task["stayed"] else 0 :]:
            listener.drop()
        await asyncio.sleep(GONE_S)
        for number in range(self.task["behind"]):
            await asyncio.to_thread(self._post, f"Message {number}")
        head, statements, clock = self._head(), self.statements.read_bytes(), Clock(self.task["pid"])
        followers = [Follower(index, position, head) for index in range(1, self.task["sockets"] + 1)]
        started = time.monotonic()
        async with asyncio.timeout(TIMEOUT_S):
            await asyncio.gather(*(self._come_back(follower) for follower in followers))
            while not all(follower.live_at for follower in followers):
                await asyncio.sleep(0.01)
        spent, made = clock.read(), self.statements.read_bytes()[len(statements) :]
        return {
            "sockets": len(followers),
            "stayed": self.task["stayed"],
            "behind": head - position,
            "all_live_s": round(max(follower.live_at for follower in followers) - started, 2),
            "p50_s": percentile([follower.live_at - started for follower in followers], 0.5),
            "refused": self.refused,
            "server_cpu": spent.server_share,
            "client_cpu": spent.own_share,
            "statements_per_socket": round(len(made) / len(followers), 1),
            "message_statements": made.count(b"m"),
        }

    async def _come_back(self, follower: Follower) -> None:
        address, people = self.task["address"], self.task["people"]
        url = f"ws://{address}/ws/chat/{ROOM}/?after={follower.position}&epoch={self.task['epoch']}"
        for failures in range(100):
            await asyncio.sleep(random.uniform(0, min(WAIT_MAX_S, WAIT_S * 2**failures)))
            try:
                await connect(url, follower, credential(people[follower.index], address))
                return
            except (OSError, WSError, TimeoutError):
                self.refused += 1
                follower.greeted.clear()
                follower.closed = False

    def _post(self, text: str) -> None:
        self.rest.ask("POST", f"rooms/{ROOM}/messages/", {"value": text})

    def _head(self) -> int:
        head: int = self.rest.ask("GET", f"rooms/{ROOM}/sync/")["seq"]
        return head


async def load(task: dict[str, Any]) -> Row:
    """One storm."""
    return await Storm(task).run()


BENCHMARK = Benchmark("resume_storm", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
