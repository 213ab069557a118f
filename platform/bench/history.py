"""What a page of 50 messages costs over REST, in rooms of a thousand to a million messages.

    .venv/bin/python platform/bench/history.py [--json FILE]

The pages of all rooms are asked for in turn, so that a slow moment of the machine meets each of them. `before`, `after`
and `around` have numbers from anywhere in the room. The ratio is to the same page in the smallest room.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmark import Benchmark, Row, main, say
from rest import Rest
from servers import LOAD, Missing, Setup, durable_postgres, on_core, parlor
from sockets import percentile

SIZES = (1000, 10_000, 100_000, 1_000_000)
SMALL_SIZES = (100, 200)
PAGES, SMALL_PAGES = 100, 5
LIMIT = 50
Query = Callable[[int], str]
KINDS: dict[str, Query] = {
    "newest": lambda _: "",
    "before": lambda size: f"&before={random.randint(LIMIT + 1, size)}",
    "after": lambda size: f"&after={random.randint(1, size - LIMIT)}",
    "around": lambda size: f"&around={random.randint(LIMIT, size - LIMIT)}",
}
COLUMNS = {
    "database": "database",
    "messages": "messages in the room",
    "page": "page",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "ratio": "ratio",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each database, size and kind of page."""
    sizes = SMALL_SIZES if options.small else SIZES
    pages = SMALL_PAGES if options.small else PAGES
    yield from _rows("SQLite", sizes, pages)
    try:
        with durable_postgres() as url:
            yield from _rows("PostgreSQL", sizes, pages, database_url=url)
    except Missing as missing:
        say(f"Without PostgreSQL: {missing}")


def _rows(database: str, sizes: tuple[int, ...], pages: int, database_url: str = "") -> Iterator[Row]:
    messages = {f"room-{size}": size for size in sizes}
    with parlor(Setup(database_url), messages=messages) as server, on_core(LOAD):
        rest = Rest(server.address, server.people[0]["token"])
        costs: dict[tuple[int, str], list[float]] = {(size, kind): [] for kind in KINDS for size in sizes}
        for _ in range(pages):
            for (size, kind), taken in costs.items():
                taken.append(_page_ms(rest, size, KINDS[kind](size)))
    for (size, kind), taken in costs.items():
        yield {
            "database": database,
            "messages": size,
            "page": kind,
            "p50_ms": percentile(taken, 0.5),
            "p95_ms": percentile(taken, 0.95),
            "ratio": round(median(taken) / median(costs[sizes[0], kind]), 2),
        }


def _page_ms(rest: Rest, size: int, query: str) -> float:
    started = time.perf_counter()
    page = rest.ask("GET", f"rooms/room-{size}/messages/?limit={LIMIT}{query}")
    taken_ms = (time.perf_counter() - started) * 1000
    if len(page["results"]) != LIMIT:
        raise SystemExit(f"A page of {LIMIT} had {len(page['results'])} messages.")
    return taken_ms


BENCHMARK = Benchmark("history", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
