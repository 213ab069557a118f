"""Hints on their way to other processes: in order, together where that is cheaper, and never without bound."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from foundation.limits import HINTS_APART_MAX, HINTS_WAITING_MAX
from foundation.outgoing import Outgoing
from foundation.publishing import CONTROL
from foundation.socket import Socket
from tests.processes import CELLAR, Process, eventually
from tests.wires import HeldWire

pytestmark = pytest.mark.asyncio
TEA = "room.1"


class SlowLayer:
    """A layer that takes a message each time the door is opened."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.door = asyncio.Event()
        self.door.set()

    async def send(self, group: str, message: dict[str, Any]) -> None:
        await self.door.wait()
        self.sent.append((group, message))


@pytest_asyncio.fixture
async def layer() -> SlowLayer:
    return SlowLayer()


@pytest_asyncio.fixture
async def outgoing(layer: SlowLayer) -> AsyncIterator[Outgoing]:
    outgoing = Outgoing(layer.send)
    running = asyncio.create_task(outgoing.run())
    yield outgoing
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def frames(seq: int, *texts: bytes) -> dict[str, Any]:
    return {"type": "frames", "seq": seq, "entries": list(texts), "origin": "me"}


async def test_messages_are_sent_in_their_order(layer: SlowLayer, outgoing: Outgoing) -> None:
    for number in range(5):
        outgoing.put(TEA, {"type": "ephemeral", "frame": number})

    await asyncio.wait_for(outgoing.sent(), 5)

    assert [(group, message["frame"]) for group, message in layer.sent] == [(TEA, number) for number in range(5)]


async def test_entries_that_follow_one_another_become_one_message(layer: SlowLayer, outgoing: Outgoing) -> None:
    outgoing.put(TEA, frames(1, b"one", b"two"))
    outgoing.put(TEA, frames(3, b"three"))
    outgoing.put(TEA, frames(5, b"five"))
    outgoing.put(TEA, frames(6, b"six"))

    await asyncio.wait_for(outgoing.sent(), 5)

    assert [(message["seq"], message["entries"]) for _, message in layer.sent] == [
        (1, [b"one", b"two", b"three"]),
        (5, [b"five", b"six"]),
    ]


async def test_what_is_between_entries_keeps_its_place(layer: SlowLayer, outgoing: Outgoing) -> None:
    outgoing.put(TEA, frames(1, b"one"))
    outgoing.put(TEA, {"type": "ephemeral", "frame": b"typing"})
    outgoing.put(TEA, frames(2, b"two"))

    await asyncio.wait_for(outgoing.sent(), 5)

    assert [message["type"] for _, message in layer.sent] == ["frames", "ephemeral", "frames"]


async def test_many_groups_share_one_message_to_everybody(layer: SlowLayer, outgoing: Outgoing) -> None:
    for number in range(HINTS_APART_MAX + 1):
        outgoing.put(f"room.{number}", frames(1, b"hello"))

    await asyncio.wait_for(outgoing.sent(), 5)

    ((group, message),) = layer.sent
    assert (group, message["type"], message["origin"]) == (CONTROL, "together", "me")
    assert message["messages"] == [frames(1, b"hello")] * (HINTS_APART_MAX + 1)


async def test_a_layer_that_hangs_fills_the_queue_and_no_more(layer: SlowLayer, outgoing: Outgoing) -> None:
    layer.door.clear()
    outgoing.put(TEA, frames(1, b"under way"))
    await asyncio.sleep(0)
    for number in range(HINTS_WAITING_MAX + 7):
        outgoing.put(TEA, {"type": "evict", "who": number})
    assert outgoing.dropped == 7

    layer.door.set()
    await asyncio.wait_for(outgoing.sent(), 5)

    assert len(layer.sent) == 1 + HINTS_WAITING_MAX


async def test_of_a_full_queue_what_is_ephemeral_is_lost_first(layer: SlowLayer, outgoing: Outgoing) -> None:
    layer.door.clear()
    outgoing.put(TEA, frames(1, b"under way"))
    await asyncio.sleep(0)
    for number in range(HINTS_WAITING_MAX):
        outgoing.put(TEA, {"type": "ephemeral", "frame": number})
    assert outgoing.dropped == HINTS_WAITING_MAX - HINTS_WAITING_MAX // 10

    dropped = outgoing.dropped
    outgoing.put(TEA, frames(2, b"durable"))

    assert outgoing.dropped == dropped
    layer.door.set()


async def test_what_other_processes_say_together_is_taken_one_by_one() -> None:
    process = await Process().start()
    hub, wire = process.hub, HeldWire()
    (await hub.enter(CELLAR)).join(Socket(wire, frozenset()))
    messages = [
        {"type": "frames", "group": "room.9", "seq": 1, "entries": [[b"elsewhere"]]},
        {"type": "frames", "group": CELLAR, "seq": 1, "entries": [[b"one"]]},
        {"type": "ephemeral", "group": CELLAR, "frame": b"typing"},
    ]

    await hub.layer.group_send(CONTROL, {"type": "together", "origin": "another", "messages": messages})

    await eventually(lambda: wire.heard == ["one", "typing"])
    await process.stop()
