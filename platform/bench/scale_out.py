"""One worker and two, on PostgreSQL and Redis: what a second process adds, and what it costs.

    .venv/bin/python platform/bench/scale_out.py [--seconds 2] [--json FILE]

`deliveries` is the room of `fan_out.py` with 100 sockets and 10 senders, `messages` are the 100 rooms of `ingest.py`.
Nothing is pinned: workers, client, PostgreSQL and Redis share all cores of the machine. With as few cores as there are
workers the client and the databases take from the second worker what it could have given.
"""

import argparse
from collections.abc import Iterator

from benchmark import Benchmark, Row, main, say
from fan_out import ROOM, fan_out
from ingest import WRITERS, ingest
from servers import Missing, Server, Setup, durable_postgres, own_redis, parlor

WORKERS = (1, 2)
SOCKETS, SENDERS, UNDER_WAY = 100, 10, 4
ROOMS = 100
COLUMNS = {
    "workers": "workers",
    "deliveries_per_s": "deliveries/s",
    "delivery_p99_ms": "p99 ms",
    "delivery_cpu": "server cores",
    "messages_per_s": "messages/s",
    "ack_p99_ms": "ack p99 ms",
    "message_cpu": "server cores",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each number of workers, on the same database."""
    sockets, senders, rooms = (10, 2, 2) if options.small else (SOCKETS, SENDERS, ROOMS)
    slugs = [f"room-{number}" for number in range(rooms)]
    population = {"people": max(sockets, rooms * WRITERS), "rooms": [ROOM, *slugs]}
    room = {"sockets": sockets, "senders": senders, "window": UNDER_WAY, "seconds": options.seconds}
    server: Server | None = None
    try:
        with durable_postgres(pinned=False) as database, own_redis(pinned=False) as redis:
            for workers in WORKERS:
                setup = Setup(database_url=database, redis_url=redis, workers=workers, pinned=False)
                with parlor(setup, like=server, **population) as server:
                    heard, posted = fan_out(server, **room), ingest(server, slugs, options.seconds)
                yield _row(workers, heard, posted)
    except Missing as missing:
        say(f"Nothing to measure with: {missing}")


def _row(workers: int, heard: Row, posted: Row) -> Row:
    return {
        "workers": workers,
        "deliveries_per_s": heard["per_s"],
        "delivery_p99_ms": heard["p99_ms"],
        "delivery_cpu": heard["server_cpu"],
        "messages_per_s": posted["per_s"],
        "ack_p99_ms": posted["p99_ms"],
        "message_cpu": posted["server_cpu"],
    }


BENCHMARK = Benchmark("scale_out", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
