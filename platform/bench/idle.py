"""What a socket costs that is only there, and how fast people come in: 1,000, 5,000 and 10,000 browsers.

    .venv/bin/python platform/bench/idle.py [--json FILE]

Each socket is another person with a session of their own: a cookie, an Origin, and the whole of `AuthMiddlewareStack`.
Twenty of them share a room, and each is told who comes. Memory is what the server process holds more than before the first socket came.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from typing import Any

from benchmark import Benchmark, Row, main, say
from machine import Clock, rss_kib
from servers import parlor, raise_file_limit
from sockets import Listener, join, percentile

SOCKETS = (1000, 5000, 10_000)
SMALL_SOCKETS = (10, 20)
PER_ROOM = 20
SPARE_FILES = 200  # what a process opens besides its sockets
SETTLE_S = 1.0
FIRST_SOCKETS = 20  # they make the server load what it loads once
COLUMNS = {
    "sockets": "sockets",
    "connects_per_s": "connects/s",
    "p50_ms": "connect p50 ms",
    "p99_ms": "p99 ms",
    "rss_mib": "server MiB",
    "kib_per_socket": "KiB/socket",
    "server_cpu": "server core",
    "client_cpu": "client core",
    "idle_cpu": "server core, idle",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each number of sockets; those of the row before stay open."""
    files = raise_file_limit()
    wanted = SMALL_SOCKETS if options.small else SOCKETS
    steps = [sockets for sockets in wanted if sockets + SPARE_FILES <= files]
    if len(steps) < len(wanted):
        say(f"This machine lets a process open {files} files: not every number of sockets is possible.")
    rooms = [f"room-{number}" for number in range(max(1, steps[-1] // PER_ROOM))]
    with parlor(people=steps[-1], rooms=rooms, browsers=True) as server:
        yield from server.load("idle", rooms=rooms, steps=steps, settle_s=min(options.seconds, SETTLE_S))["rows"]


# The load


class Browser(Listener):
    """Connects, and notes how long that took."""

    took_ms = 0.0

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.began = time.monotonic()

    def small(self, frame: Any) -> None:
        if not self.took_ms:
            self.took_ms = (time.monotonic() - self.began) * 1000
        super().small(frame)


class Arrivals:
    """Browsers one after the other: each is made, and its clock begins, when its turn to connect has come."""

    def __init__(self, first: int, last: int) -> None:
        self.browsers: list[Browser] = []
        self._indexes = iter(range(first, last))

    def __iter__(self) -> "Arrivals":
        return self

    def __next__(self) -> Browser:
        browser = Browser(next(self._indexes))
        self.browsers.append(browser)
        return browser


async def load(task: dict[str, Any]) -> Row:
    """Connect step by step, and look at the server after each."""
    paths = [f"/ws/chat/{slug}/" for slug in task["rooms"] for _ in range(PER_ROOM)]
    first = Arrivals(0, FIRST_SOCKETS)
    await join(task, first, paths)
    for browser in first.browsers:
        browser.drop()
    await asyncio.sleep(task["settle_s"])
    empty_kib = rss_kib(task["pid"])
    browsers: list[Browser] = []
    rows = []
    for sockets in task["steps"]:
        arrivals, clock = Arrivals(len(browsers), sockets), Clock(task["pid"])
        await join(task, arrivals, paths)
        spent = clock.read()
        browsers += arrivals.browsers
        await asyncio.sleep(task["settle_s"])
        quiet = Clock(task["pid"])
        await asyncio.sleep(task["settle_s"])
        lost = sum(browser.closed for browser in browsers)
        if lost:
            raise SystemExit(f"{lost} of {sockets} sockets were closed.")
        took_ms = [browser.took_ms for browser in arrivals.browsers]
        kib = rss_kib(task["pid"])
        rows.append(
            {
                "sockets": sockets,
                "connects_per_s": round(len(arrivals.browsers) / spent.elapsed_s),
                "p50_ms": percentile(took_ms, 0.5),
                "p99_ms": percentile(took_ms, 0.99),
                "rss_mib": round(kib / 1024),
                "kib_per_socket": round((kib - empty_kib) / sockets, 1),
                "idle_cpu": quiet.read().server_share,
                "client_cpu": spent.own_share,
                "server_cpu": spent.server_share,
            }
        )
    return {"rows": rows}


BENCHMARK = Benchmark("idle", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
