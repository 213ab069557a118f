"""What a page of a search costs over REST, in a million messages.

    .venv/bin/python platform/bench/search.py [--json FILE]

The messages are in a thousand private rooms. One person is in five hundred of them, who have most of what is said and may
not see as much again; another in five. All questions are asked in turn, so that a slow moment of the machine meets each.
"""

import argparse
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from benchmark import Benchmark, Row, main, say
from rest import Rest
from servers import LOAD, Missing, Setup, durable_postgres, on_core, parlor
from sockets import percentile

LIBRARY: dict[str, Any] = {"rooms": 1000, "mine": [500, 5], "messages": 1_000_000}
SMALL_LIBRARY: dict[str, Any] = {"rooms": 20, "mine": [10, 5], "messages": 2000}
ROUNDS, SMALL_ROUNDS = 40, 2
LIMIT = 50
PHRASE = '"of the"'
QUESTIONS = {
    "a rare word": "q=needle",
    "the most common word": "q=the%20",
    "the same, by date": "q=the%20&order=newest",
    "two common words": "q=the%20of%20",
    "a phrase": f"q={quote(PHRASE)}",
    "how a word begins": "q=th",
    "a Chinese word": f"q={quote('喝茶')}",
    "one room": "q=the&room=room-0",
    "one person": "q=the&from=me",
    "what nobody said": "q=nowhere",
}
COLUMNS = {
    "database": "database",
    "messages": "messages",
    "mine": "my rooms",
    "question": "question",
    "found": "on the page",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each database, person and question."""
    library = SMALL_LIBRARY if options.small else LIBRARY
    rounds = SMALL_ROUNDS if options.small else ROUNDS
    yield from _rows("SQLite", library, rounds)
    try:
        with durable_postgres() as url:
            yield from _rows("PostgreSQL", library, rounds, database_url=url)
    except Missing as missing:
        say(f"Without PostgreSQL: {missing}")


def _rows(database: str, library: dict[str, Any], rounds: int, database_url: str = "") -> Iterator[Row]:
    mine: list[int] = library["mine"]
    costs: dict[tuple[int, str], list[float]] = {(who, name): [] for who in range(len(mine)) for name in QUESTIONS}
    found: dict[tuple[int, str], int] = {}
    with parlor(Setup(database_url), people=len(mine), library=library) as server, on_core(LOAD):
        clients = [Rest(server.address, person["token"]) for person in server.people]
        for _ in range(rounds):
            for (who, name), taken in costs.items():
                started = time.perf_counter()
                page = clients[who].ask("GET", f"search/?limit={LIMIT}&{QUESTIONS[name]}")
                taken.append((time.perf_counter() - started) * 1000)
                found[who, name] = len(page["results"])
    for (who, name), taken in costs.items():
        yield {
            "database": database,
            "messages": library["messages"],
            "mine": mine[who],
            "question": name,
            "found": found[who, name],
            "p50_ms": percentile(taken, 0.5),
            "p95_ms": percentile(taken, 0.95),
        }


BENCHMARK = Benchmark("search", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
