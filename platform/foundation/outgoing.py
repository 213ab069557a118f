"""Hints on their way to the other processes: bounded, never waited for, and together what can go together."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from foundation.limits import HINTS_APART_MAX, HINTS_WAITING_MAX, RING_FRAMES
from foundation.publishing import CONTROL

Message = dict[str, Any]


class Outgoing:
    """Sends messages through the channel layer, those of one group in their order.

    A layer takes one message at a time. While it does, the next gather: entries that follow one another become one
    message, and more than a few groups share one that goes to every process, of type `together`. What does not fit is
    dropped and counted. `send` does not raise.
    """

    def __init__(self, send: Callable[[str, Message], Awaitable[None]]) -> None:
        self.dropped = 0
        self._send = send
        self._waiting: list[tuple[str, Message]] = []
        self._last: dict[str, Message] = {}  # of each group, among those that wait
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def put(self, group: str, message: Message) -> None:
        """Queue one message for a group."""
        if self._join(group, message):
            return
        # What may be lost is lost first: of what is durable the log tells.
        room = HINTS_WAITING_MAX // 10 if message.get("type") == "ephemeral" else HINTS_WAITING_MAX
        if len(self._waiting) >= room:
            self.dropped += 1
            return
        self._waiting.append((group, message))
        self._last[group] = message
        self._some.set()
        self._none.clear()

    async def sent(self) -> None:
        """Wait until nothing is on its way."""
        await self._none.wait()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await self._some.wait()
            self._some.clear()
            waiting, self._waiting, self._last = self._waiting, [], {}
            if len({group for group, _ in waiting}) > HINTS_APART_MAX:
                origin = waiting[0][1].get("origin")
                waiting = [(CONTROL, {"type": "together", "origin": origin, "messages": [each for _, each in waiting]})]
            for group, message in waiting:
                await self._send(group, message)
            if not self._waiting:
                self._none.set()

    def _join(self, group: str, message: Message) -> bool:
        """Append entries to those that wait and end right before them."""
        last = self._last.get(group)
        if last is None or last["type"] != "frames" or message["type"] != "frames":
            return False
        count = len(last["entries"])
        if last["seq"] + count != message["seq"] or count + len(message["entries"]) > RING_FRAMES:
            return False
        last["entries"] = [*last["entries"], *message["entries"]]
        return True
