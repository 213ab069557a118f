"""When to write: at the end of the turn of the loop, and under load a little later, so that more goes into one write."""

import asyncio
import logging
import time
from typing import Protocol

from foundation.limits import FLUSH_DELAY_MAX_S

log = logging.getLogger("parlor.flush")
TIMER_STEP_S = 0.001  # uvloop's timers are no finer


class Gathering(Protocol):
    """Something that has gathered frames to write."""

    def flush(self) -> None:
        """Write them."""


class Flush:
    """Flushes whatever asked for it, all in one go.

    The next flush waits, from the end of the last one, for as long as that one took: writing then takes at most half of
    the time, however many sockets there are. When nothing was written for a while there is no delay at all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Gathering] = []
        self._not_before = 0.0

    def soon(self, gathering: Gathering) -> None:
        """Have this flushed; it must not ask again before it was."""
        if not self._waiting:
            delay_s = self._not_before - time.perf_counter()
            if delay_s < TIMER_STEP_S:
                self._loop.call_soon(self._flush)
            else:
                self._loop.call_later(delay_s, self._flush)
        self._waiting.append(gathering)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        started = time.perf_counter()  # the loop's own clock stands still during a turn
        for gathering in waiting:
            try:
                gathering.flush()
            except Exception:  # the others have nothing to do with it
                log.exception("a flush failed")
        ended = time.perf_counter()
        self._not_before = ended + min(ended - started, FLUSH_DELAY_MAX_S)
