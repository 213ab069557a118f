"""Durable messages per second by number of rooms, on SQLite and on PostgreSQL.

    .venv/bin/python platform/bench/ingest.py [--seconds 2] [--json FILE]

Two sockets in each room have some messages under way; an ack, which comes after the commit, lets the next one go. Every
message has a `client_id` and is looked up by it first. `bare SQLite` is a loop that commits one small row after another
with `synchronous=FULL`: what this disk gives to whoever commits each message alone.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from picows import WSFrame, WSTransport

from benchmark import Benchmark, Row, main, say
from machine import Clock, sqlite_commits_per_s
from servers import Missing, Server, Setup, durable_postgres, parlor
from sockets import RUN, SMALLEST_MESSAGE_BYTES, Listener, join, let_pass, percentile

ROOMS = (1, 10, 100)
SMALL_ROOMS = (2,)
WRITERS = 2  # sockets of a room
WINDOW = 8
WARM_UP_S = 1.0
COLUMNS = {
    "database": "database",
    "rooms": "rooms",
    "under_way": "under way",
    "per_s": "messages/s",
    "bare_per_s": "bare SQLite/s",
    "p50_ms": "ack p50 ms",
    "p99_ms": "p99 ms",
    "server_cpu": "server core",
    "client_cpu": "client core",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each database and number of rooms."""
    rooms = SMALL_ROOMS if options.small else ROOMS
    with tempfile.TemporaryDirectory(prefix="parlor-bench-") as data:
        bare = round(sqlite_commits_per_s(Path(data)))
    for row in _rows("SQLite", rooms, options.seconds):
        yield row | {"bare_per_s": bare}
    try:
        with durable_postgres() as url:
            yield from _rows("PostgreSQL", rooms, options.seconds, database_url=url)
    except Missing as missing:
        say(f"Without PostgreSQL: {missing}")


def _rows(database: str, rooms: tuple[int, ...], seconds: float, database_url: str = "") -> Iterator[Row]:
    slugs = [f"room-{number}" for number in range(max(rooms))]
    with parlor(Setup(database_url), people=max(rooms) * WRITERS, rooms=slugs) as server:
        for count in rooms:
            yield {"database": database, "rooms": count, **ingest(server, slugs[:count], seconds)}


def ingest(server: Server, slugs: list[str], seconds: float) -> Row:
    """Post into these rooms. A refused message or a lost socket is not a figure."""
    task = {"rooms": slugs, "writers": WRITERS, "window": WINDOW, "seconds": seconds}
    found = server.load("ingest", **task)
    if found["closed"] or found["refused"]:
        raise SystemExit(f"{found['closed']} sockets were closed, {found['refused']} messages refused.")
    return found | {"under_way": len(slugs) * WRITERS * WINDOW}


# The load


class Writer(Listener):
    """Keeps some posts waiting for their ack."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.acked = self.refused = 0
        self.latencies_ms: list[float] = []
        self._sent = 0
        self._waiting: dict[str, float] = {}

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.payload_size < SMALLEST_MESSAGE_BYTES:
            self.small(frame)
        elif frame.get_payload_as_bytes().startswith(b'{"type":"error"'):
            self.refused += 1

    def small(self, frame: WSFrame) -> None:
        reply = json.loads(frame.get_payload_as_bytes())
        if reply["type"] == "ack":
            self.acked += 1
            self.refused += reply["duplicate"]
            self.latencies_ms.append((time.monotonic() - self._waiting.pop(reply["client_id"])) * 1000)
            self.go_on()
        elif reply["type"] == "error":
            self.refused += 1
        self.greeted.set()

    def go_on(self) -> None:
        """Post another."""
        self._sent += 1
        client_id = f"{self.index}-{self._sent}"
        self._waiting[f"{RUN}-{client_id}"] = time.monotonic()
        self.post(f"Message {client_id} ", client_id)


async def load(task: dict[str, Any]) -> Row:
    """Connect, warm up, and count acks."""
    writers = [Writer(index) for index in range(len(task["rooms"]) * task["writers"])]
    await join(task, writers, [f"/ws/chat/{slug}/" for slug in task["rooms"]])
    for writer in writers:
        for _ in range(task["window"]):
            writer.go_on()
    await asyncio.sleep(min(WARM_UP_S, task["seconds"]))
    for writer in writers:
        writer.latencies_ms.clear()
    before, clock = sum(writer.acked for writer in writers), Clock(task["pid"])
    await let_pass(task["seconds"], lambda: any(writer.latencies_ms for writer in writers))
    acked, spent = sum(writer.acked for writer in writers) - before, clock.read()
    latencies = [latency for writer in writers for latency in writer.latencies_ms]
    return {
        "per_s": round(acked / spent.elapsed_s),
        "p50_ms": percentile(latencies, 0.5),
        "p99_ms": percentile(latencies, 0.99),
        "server_cpu": spent.server_share,
        "client_cpu": spent.own_share,
        "closed": sum(writer.closed for writer in writers),
        "refused": sum(writer.refused for writer in writers),
    }


BENCHMARK = Benchmark("ingest", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
