"""What a process asks the channel layer to bring: in the background, so that nobody waits for a layer that hangs."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger("parlor.subscriptions")
WAIT_S = 0.1  # a layer that is well answers within a few milliseconds
RETRY_S = 1.0


class Subscriptions:
    """Makes what the layer brings equal to what is wanted, one group after another.

    `ask(group, wanted)` is the layer's own call. `late(group)` is told when a subscription came after whoever wanted it
    had stopped waiting: what was published meanwhile was missed.
    """

    def __init__(self, ask: Callable[[str, bool], Awaitable[None]], late: Callable[[str], None]) -> None:
        self._ask = ask
        self._late = late
        self._wanted: set[str] = set()
        self._heard: set[str] = set()
        self._waiting: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()

    async def join(self, group: str) -> None:
        """Want a group. Returns when it is heard, or after a moment all the same."""
        self._wanted.add(group)
        if group in self._heard:
            return
        self._changed.set()
        arrived = self._waiting.setdefault(group, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await arrived.wait()
        self._waiting.pop(group, None)

    def leave(self, group: str) -> None:
        """Want a group no more."""
        self._wanted.discard(group)
        self._changed.set()

    async def run(self) -> None:
        """Do what is wanted, for as long as the process lives; what the layer fails at is tried again."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                for group in self._wanted ^ self._heard:
                    await self._settle(group)
            except Exception as error:  # noqa: BLE001
                log.warning("channel layer: %s: %s", type(error).__name__, error)
                self._changed.set()
                await asyncio.sleep(RETRY_S)

    async def _settle(self, group: str) -> None:
        wanted = group in self._wanted
        if not wanted and group in self._heard:
            self._heard.discard(group)  # first: whoever joins now has to wait for a new subscription
            try:
                await self._ask(group, False)
            except Exception:
                self._heard.add(group)
                self._changed.set()
                raise
        elif wanted and group not in self._heard:
            await self._ask(group, True)
            self._heard.add(group)
            waiting = self._waiting.pop(group, None)
            if waiting is not None:
                waiting.set()
            elif group in self._wanted:
                self._late(group)
