"""When frames are written: at once while there is little to do, and in larger parts the longer it takes."""

from collections.abc import Callable
from typing import Any

import pytest

from foundation.flush import Flush
from foundation.limits import FLUSH_DELAY_MAX_S


class Clock:
    """A loop and a time that move only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def perf_counter(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.call_later(0, callback)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self.waiting.append((self.now + delay_s, callback))

    def run_next(self) -> float:
        """Do what is due next; gives how long one had to wait for it."""
        self.waiting.sort(key=lambda each: each[0])
        due, callback = self.waiting.pop(0)
        waited, self.now = due - self.now, max(due, self.now)
        callback()
        return waited


class Gathered:
    """What asked to be flushed: writing takes its time."""

    def __init__(self, clock: Clock, takes_s: float = 0, asks_for: "list[Gathered] | None" = None) -> None:
        self.flushed = 0
        self.flush_soon: Callable[[Any], None] = lambda _: None
        self._clock = clock
        self._takes_s = takes_s
        self._asks_for = asks_for or []

    def flush(self) -> None:
        self.flushed += 1
        self._clock.now += self._takes_s
        for other in self._asks_for:
            self.flush_soon(other)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("foundation.flush.time.perf_counter", clock.perf_counter)
    return clock


@pytest.fixture
def flush(clock: Clock) -> Flush:
    return Flush(clock)  # type: ignore[arg-type]


def test_nothing_waits_when_there_is_nothing_else_to_do(clock: Clock, flush: Flush) -> None:
    for _ in range(3):
        gathered = Gathered(clock, takes_s=0.003)
        flush.soon(gathered)
        assert gathered.flushed == 0, "what the same turn brings goes along"

        assert clock.run_next() == 0

        assert gathered.flushed == 1
        clock.now += 0.003  # as long as the writing took: now it is idle again


def test_all_that_asked_in_one_turn_is_flushed_in_one_go(clock: Clock, flush: Flush) -> None:
    gathered = [Gathered(clock) for _ in range(5)]
    for each in gathered:
        flush.soon(each)

    clock.run_next()

    assert [each.flushed for each in gathered] == [1] * 5
    assert clock.waiting == []


@pytest.mark.parametrize("took_s", [0.0015, 0.002, 0.0035])
def test_the_next_one_waits_as_long_as_the_last_one_took(clock: Clock, flush: Flush, took_s: float) -> None:
    flush.soon(Gathered(clock, took_s / 2))
    flush.soon(Gathered(clock, took_s / 2))
    clock.run_next()

    flush.soon(Gathered(clock))

    assert clock.run_next() == pytest.approx(took_s)


def test_what_comes_while_it_waits_does_not_wait_longer(clock: Clock, flush: Flush) -> None:
    flush.soon(Gathered(clock, 0.003))
    clock.run_next()
    early, late = Gathered(clock), Gathered(clock)

    flush.soon(early)
    clock.now += 0.002
    flush.soon(late)

    assert clock.run_next() == pytest.approx(0.001)
    assert (early.flushed, late.flushed) == (1, 1)
    assert clock.waiting == []


@pytest.mark.parametrize("took_s", [0.004, 0.05, 3.0])
def test_nobody_waits_longer_than_the_limit(clock: Clock, flush: Flush, took_s: float) -> None:
    flush.soon(Gathered(clock, took_s))
    clock.run_next()

    flush.soon(Gathered(clock))

    assert clock.run_next() == pytest.approx(FLUSH_DELAY_MAX_S)


def test_a_quick_flush_does_not_make_the_next_one_wait(clock: Clock, flush: Flush) -> None:
    flush.soon(Gathered(clock, 0.0009))
    clock.run_next()

    flush.soon(Gathered(clock))

    assert clock.run_next() == 0


def test_writing_takes_at_most_half_of_the_time(clock: Clock, flush: Flush) -> None:
    began, written_s = clock.now, 0.0
    for _ in range(100):
        flush.soon(Gathered(clock, 0.003))
        clock.run_next()
        written_s += 0.003

    assert written_s / (clock.now - began) == pytest.approx(0.5, abs=0.01)


def test_whoever_asks_during_a_flush_is_flushed_by_the_next(clock: Clock, flush: Flush) -> None:
    late = Gathered(clock)
    early = Gathered(clock, asks_for=[late])
    early.flush_soon = flush.soon
    flush.soon(early)

    clock.run_next()
    assert (early.flushed, late.flushed) == (1, 0)
    clock.run_next()

    assert (early.flushed, late.flushed) == (1, 1)
    assert clock.waiting == []
