"""How many frames a second the client of these benchmarks can count: no figure above this is possible.

    .venv/bin/python platform/bench/ceiling.py [--seconds 2] [--json FILE]

A server that only sends floods the same sockets that `fan_out.py` counts with. What a client can take depends on how
much comes in one piece: a system call costs it about twenty times as much as a frame.
"""

import argparse
from collections.abc import Iterator

from benchmark import Benchmark, Row, main
from servers import flood

SOCKETS = (100, 1000)
FRAMES_PER_WRITE = (1, 4, 16)
COLUMNS = {
    "sockets": "sockets",
    "frames_per_write": "frames in a write",
    "per_s": "frames/s",
    "client_cpu": "client core",
    "per_core_s": "frames/s of a whole core",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each number of sockets and size of a write."""
    for sockets in SOCKETS[:1] if options.small else SOCKETS:
        for frames in FRAMES_PER_WRITE[:1] if options.small else FRAMES_PER_WRITE:
            with flood(frames) as server:
                found = server.load("fan_out", path="/", sockets=sockets, senders=0, window=0, seconds=options.seconds)
            whole = round(found["per_s"] / max(found["client_cpu"], 0.01))
            yield {**found, "sockets": sockets, "frames_per_write": frames, "per_core_s": whole}


BENCHMARK = Benchmark("ceiling", COLUMNS, measure)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
