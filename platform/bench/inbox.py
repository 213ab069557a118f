"""What the list of rooms and the inbox cost over REST, in a house of a hundred rooms and in one of ten thousand.

    .venv/bin/python platform/bench/inbox.py [--json FILE]

The person who asks is in 50 rooms of the small house and in 500 of the large one, and has unread messages and mentions in
each. Both servers run at the same time and are asked in turn, so that a slow moment of the machine meets both. The ratio
is to the same question in the small house.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from benchmark import Benchmark, Row, main, say
from rest import Rest
from servers import LOAD, Missing, Setup, durable_postgres, on_core, parlor
from sockets import percentile

HOUSES = {"small": {"rooms": 100, "mine": 50}, "large": {"rooms": 10_000, "mine": 500}}
SMALL_HOUSES = {"small": {"rooms": 60, "mine": 50}, "large": {"rooms": 120, "mine": 60}}
ROUNDS, SMALL_ROUNDS = 200, 5
LIMIT = 50
QUESTIONS = {"rooms": f"rooms/?limit={LIMIT}", "inbox": f"inbox/?limit={LIMIT}"}
COLUMNS = {
    "database": "database",
    "question": "question",
    "rooms": "rooms",
    "mine": "mine",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "ratio": "ratio",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each database, question and house."""
    houses = SMALL_HOUSES if options.small else HOUSES
    rounds = SMALL_ROUNDS if options.small else ROUNDS
    yield from _rows("SQLite", houses, rounds, ["", ""])
    try:
        with durable_postgres() as small, durable_postgres() as large:
            yield from _rows("PostgreSQL", houses, rounds, [small, large])
    except Missing as missing:
        say(f"Without PostgreSQL: {missing}")


def _rows(database: str, houses: dict[str, dict[str, int]], rounds: int, urls: list[str]) -> Iterator[Row]:
    costs: dict[tuple[str, str], list[float]] = {(question, name): [] for question in QUESTIONS for name in houses}
    with ExitStack() as stack:
        clients = {}
        for (name, house), url in zip(houses.items(), urls, strict=True):
            server = stack.enter_context(parlor(Setup(url), house=house))
            clients[name] = Rest(server.address, server.people[0]["token"])
        stack.enter_context(on_core(LOAD))
        for _ in range(rounds):
            for (question, name), taken in costs.items():
                taken.append(_asked_ms(clients[name], QUESTIONS[question]))
    first = next(iter(houses))
    for (question, name), taken in costs.items():
        yield {
            "database": database,
            "question": question,
            **houses[name],
            "p50_ms": percentile(taken, 0.5),
            "p95_ms": percentile(taken, 0.95),
            "ratio": round(median(taken) / median(costs[question, first]), 2),
        }


def _asked_ms(client: Rest, path: str) -> float:
    started = time.perf_counter()
    page = client.ask("GET", path)
    taken_ms = (time.perf_counter() - started) * 1000
    if len(page["results"]) != LIMIT:
        raise SystemExit(f"A page of {LIMIT} had {len(page['results'])} rows.")
    return taken_ms


BENCHMARK = Benchmark("inbox", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
