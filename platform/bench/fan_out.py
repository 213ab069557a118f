"""Deliveries per second in one room, beside the stock consumer of Channels in the same run.

    .venv/bin/python platform/bench/fan_out.py [--seconds 2] [--rounds 3] [--rate 0.5] [--json FILE]

Parlor knows who everybody is, checks every right, and has committed every message to disk before anybody hears it. The
stock consumer stores nothing and asks nobody. Both get the same frames of the same client. A sender has some messages
under way; when one comes back to it, the next one goes. Then Parlor alone is driven at a share (`--rate`) of the speed
that it reached, by senders on a timer, for the time that a delivery takes when nobody waits in a queue.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from typing import Any

from benchmark import Benchmark, Row, main, middle
from machine import Clock
from servers import Server, parlor, stock
from sockets import Reader, Sender, join, let_pass, percentile

CASES = ((10, 10, 4), (100, 1, 4), (100, 10, 4), (1000, 1, 4), (1000, 10, 4))  # sockets, senders, under way for each
SMALL_CASES = ((10, 2, 2),)
ROOM = "bench"
WARM_UP_S = 1.0
DRAIN_S = 10.0
TICK_S = 0.001
COLUMNS = {
    "sockets": "sockets",
    "senders": "senders",
    "window": "under way",
    "parlor_per_s": "Parlor/s",
    "stock_per_s": "stock/s",
    "ratio": "ratio",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "rate_per_s": "driven/s",
    "rate_p50_ms": "p50 ms",
    "rate_p99_ms": "p99 ms",
    "server_cpu": "server core",
    "client_cpu": "client core",
}


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """One row for each case; the rounds alternate, so that a slow minute of the machine meets both."""
    for sockets, senders, window in SMALL_CASES if options.small else CASES:
        task = {"sockets": sockets, "senders": senders, "window": window, "seconds": options.seconds}
        rounds = []
        for _ in range(1 if options.small else int(options.rounds)):
            with parlor(people=sockets, rooms=[ROOM]) as server:
                ours = fan_out(server, rate=options.rate, **task)
            with stock() as server:
                theirs = fan_out(server, **task)
            rounds.append({**ours, "stock": theirs, "ratio": ours["per_s"] / max(theirs["per_s"], 1)})
        yield _row(rounds) | {"sockets": sockets, "senders": senders, "window": window, "rounds": rounds}


def fan_out(server: Server, **task: Any) -> Row:
    """What one room delivers. A lost socket or a hole in the room's numbers is not a figure."""
    found = server.load("fan_out", path=f"/ws/chat/{ROOM}/", **task)
    if found["closed"] or found["miscounted"]:
        raise SystemExit(f"{found['closed']} sockets were closed, {found['miscounted']} heard other than was counted.")
    return found


def _row(rounds: list[Row]) -> Row:
    keys = ["ratio", "p50_ms", "p99_ms", "server_cpu", "client_cpu", "connects_per_s"]
    keys += [key for key in ("rate_per_s", "rate_p50_ms", "rate_p99_ms") if key in rounds[0]]
    speeds = middle([{"ours": each["per_s"], "theirs": each["stock"]["per_s"]} for each in rounds], ["ours", "theirs"])
    return middle(rounds, keys) | {"parlor_per_s": round(speeds["ours"]), "stock_per_s": round(speeds["theirs"])}


# The load


async def load(task: dict[str, Any]) -> Row:
    """Connect, warm up, measure with a window; then, if there is a rate, with a timer."""
    about = (task["sockets"], task["smallest_message"])
    senders = [Sender(index, *about) for index in range(task["senders"])]
    readers = [*senders, *(Reader(index, *about) for index in range(len(senders), task["sockets"]))]
    started = time.monotonic()
    await join(task, readers, [task["path"]])
    connecting_s = time.monotonic() - started
    for sender in senders:
        sender.start(task["window"])
    await asyncio.sleep(min(WARM_UP_S, task["seconds"]))
    found = await _watch(task, readers)
    for sender in senders:
        sender.looping = False
    if task.get("rate"):
        at_rate = await _at_rate(task, readers, senders, found["per_s"] * task["rate"])
        found |= {f"rate_{name}": value for name, value in at_rate.items()}
    return found | {
        "connects_per_s": round(len(readers) / connecting_s),
        "closed": sum(reader.closed for reader in readers),
        "miscounted": sum(reader.miscounted for reader in readers),
    }


async def _watch(task: dict[str, Any], readers: list[Reader]) -> Row:
    for reader in readers:
        reader.latencies_ms.clear()
    before, clock = sum(reader.heard for reader in readers), Clock(task["pid"])
    await let_pass(task["seconds"], lambda: any(reader.latencies_ms for reader in readers))
    heard, spent = sum(reader.heard for reader in readers) - before, clock.read()
    latencies = [latency for reader in readers for latency in reader.latencies_ms]
    return {
        "per_s": round(heard / spent.elapsed_s),
        "p50_ms": percentile(latencies, 0.5),
        "p99_ms": percentile(latencies, 0.99),
        "client_cpu": spent.own_share,
        "server_cpu": spent.server_share,
    }


async def _at_rate(task: dict[str, Any], readers: list[Reader], senders: list[Sender], per_s: float) -> Row:
    """The same room with senders on a timer: a slow server does not slow them down."""
    deadline = time.monotonic() + DRAIN_S
    while any(sender.under_way for sender in senders) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    driving = asyncio.create_task(_drive(senders, per_s / len(readers)))
    await asyncio.sleep(min(WARM_UP_S, task["seconds"]))
    found = await _watch(task, readers)
    driving.cancel()
    return found


async def _drive(senders: list[Sender], messages_per_s: float) -> None:
    """Post as the clock says. A message that is posted late still counts from the moment when it was due."""
    started, sent = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - started) * messages_per_s)
        for number in range(sent, due):
            senders[number % len(senders)].say(started + (number + 1) / messages_per_s)
        sent = max(sent, due)
        await asyncio.sleep(TICK_S)


BENCHMARK = Benchmark("fan_out", COLUMNS, measure)

if __name__ == "__main__":
    main(
        BENCHMARK,
        __doc__,
        rounds=(3, "how often each case is measured; the median counts"),
        rate=(0.5, "the share of the reached speed to drive Parlor at"),
    )
