"""The hub while things fail around it: the log, the layer, a slow peer, and people who come as others go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import get_channel_layer

from foundation import hub as hub_module
from foundation.errors import ChatError
from foundation.hub import Hub
from foundation.limits import OUTBOX_MAX_BYTES, RING_FRAMES
from foundation.publishing import Entry
from foundation.socket import Socket
from foundation.wire import AsgiWire
from tests.wires import inside

pytestmark = pytest.mark.asyncio
TEA, CELLAR = "room.1", "room.2"


class Rooms:
    """The log of some rooms; `fault` is what reading a room raises, `readings` what was asked."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {TEA: [], CELLAR: []}
        self.fault: dict[str, Exception] = {}
        self.readings = 0

    async def heads(self, groups: list[str]) -> dict[str, int]:
        self.readings += 1
        await asyncio.sleep(0)
        if "heads" in self.fault:
            raise self.fault["heads"]
        return {group: len(self.entries[group]) for group in groups if group in self.entries}

    async def read(self, group: str, after: int, upto: int) -> list[Entry]:
        await asyncio.sleep(0)
        if group in self.fault:
            raise self.fault[group]
        return self.entries[group][after:upto]


class Gate:
    """The channel layer, with a door before it that can be shut, and broken."""

    def __init__(self) -> None:
        self.layer: Any = get_channel_layer()
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        async def passing(*arguments: Any) -> Any:
            await self.open.wait()
            if self.broken:
                raise ConnectionError("no layer")
            return await getattr(self.layer, name)(*arguments)

        return passing


class Listener(Socket):
    """A socket of a peer that reads one frame for each turn of the loop."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        super().__init__(AsgiWire(asyncio.Event().wait, self._hear), frozenset({"user:1"}))  # type: ignore[arg-type]

    async def _hear(self, message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if message["type"] == "websocket.send":
            self.heard.append(message["text"])


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest_asyncio.fixture
async def hub(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setattr(hub_module, "RECONCILE_INTERVAL_S", 0.01)
    hub = Hub(rooms)
    hub.layer = Gate()
    hub.start()
    yield hub
    await hub.stop()


@pytest_asyncio.fixture
async def come(hub: Hub) -> AsyncIterator[Callable[..., Any]]:
    """`await come(TEA)` is a listener who stays until the test ends."""
    tasks: list[asyncio.Task[None]] = []

    async def stay(group: str, listener: Listener, after: int, arrived: asyncio.Event) -> None:
        hub.sockets.add(listener)
        listener.group = group
        async with inside(hub, group) as stream:
            await hub.follow(stream, listener, after)
            arrived.set()
            await asyncio.Event().wait()

    async def come(group: str, after: int = 0) -> Listener:
        listener, arrived = Listener(), asyncio.Event()
        tasks.append(asyncio.create_task(stay(group, listener, after, arrived)))
        tasks.append(listener.wire._writing)  # type: ignore[attr-defined]
        await asyncio.wait_for(arrived.wait(), 10)
        return listener

    yield come
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def told(hub: Hub, rooms: Rooms, text: str, group: str = TEA) -> None:
    """Commit an entry and announce it in this process."""
    rooms.entries[group].append(Entry(text.encode()))
    entries = [[text.encode()]]
    hub.announce(group, {"type": "frames", "group": group, "seq": len(rooms.entries[group]), "entries": entries})


# The log


@pytest.mark.parametrize("fault", [ChatError("unavailable"), RuntimeError("a bug"), OSError("no disk")])
async def test_a_log_that_fails_for_a_while_is_read_again(hub: Hub, rooms: Rooms, come: Any, fault: Exception) -> None:
    listener = await come(TEA)
    rooms.fault["heads"] = fault
    rooms.entries[TEA].append(Entry(b"nobody said so"))
    readings = rooms.readings
    await eventually(lambda: rooms.readings > readings + 2)
    assert listener.heard == []

    del rooms.fault["heads"]

    await eventually(lambda: listener.heard == ["nobody said so"])


async def test_one_room_that_cannot_be_read_does_not_hold_up_the_others(hub: Hub, rooms: Rooms, come: Any) -> None:
    in_tea, in_cellar = await come(TEA), await come(CELLAR)
    rooms.fault[TEA] = ChatError("unavailable", "The room's log has a hole.")

    rooms.entries[TEA].append(Entry(b"lost"))
    rooms.entries[CELLAR].append(Entry(b"found"))

    await eventually(lambda: in_cellar.heard == ["found"])
    assert in_tea.heard == [], "nothing is passed over either"


async def test_a_failed_healing_leaves_no_unheard_exception(hub: Hub, rooms: Rooms, come: Any, caplog: Any) -> None:
    listener = await come(TEA)
    rooms.fault[TEA] = ChatError("unavailable")
    rooms.entries[TEA].append(Entry(b"overtaken"))
    told(hub, rooms, "first heard")
    await eventually(lambda: "the log cannot be read" in caplog.text)

    rooms.fault.clear()

    await eventually(lambda: listener.heard == ["overtaken", "first heard"])
    assert "Traceback" not in caplog.text


async def test_many_hints_that_overtake_are_healed_by_few_readings(hub: Hub, rooms: Rooms, come: Any) -> None:
    listener = await come(TEA)
    rooms.entries[TEA].append(Entry(b"overtaken"))
    before = rooms.readings

    for number in range(200):
        told(hub, rooms, f"{number}")

    assert len(hub._ailing) == 1
    await eventually(lambda: len(listener.heard) == 201)
    assert rooms.readings - before < 20


# The layer


async def test_two_who_come_while_the_last_one_goes_hear_the_same(hub: Hub, rooms: Rooms, come: Any) -> None:
    """The group is being left when the first comes back, and the second comes while the first is still opening it."""
    async with inside(hub, TEA):
        pass
    hub.layer.open.clear()
    for _ in range(10):
        await asyncio.sleep(0)
    assert TEA not in hub.streams, "premise: the last one has gone, the layer has not answered yet"
    first = asyncio.create_task(come(TEA))
    for _ in range(10):
        await asyncio.sleep(0)
    hub.layer.open.set()
    second = asyncio.create_task(come(TEA))

    listeners = [await first, await second]
    told(hub, rooms, "hello")

    await eventually(lambda: all(listener.heard == ["hello"] for listener in listeners))


async def test_a_layer_that_fails_keeps_nobody_out_and_is_tried_again(hub: Hub, rooms: Rooms, come: Any) -> None:
    hub.layer.broken = True
    listener = await come(TEA)
    told(hub, rooms, "here")
    rooms.entries[TEA].append(Entry(b"from afar"))
    await eventually(lambda: listener.heard == ["here", "from afar"])
    assert hub.counters["hints_dropped"] > 0

    hub.layer.broken = False

    await eventually(lambda: TEA in hub.layer.layer.groups)


async def test_a_group_that_does_not_exist_is_not_kept(hub: Hub) -> None:
    with pytest.raises(ChatError, match="not_found"):
        async with inside(hub, "room.9"):
            pass

    await eventually(lambda: "room.9" not in hub.layer.layer.groups)
    assert not hub._locks


async def test_what_was_announced_last_is_sent_before_the_end(rooms: Rooms) -> None:
    layer: Any = get_channel_layer()
    elsewhere = await layer.new_channel()
    await layer.group_add(TEA, elsewhere)
    hub = Hub(rooms)
    hub.start()
    told(hub, rooms, "good bye")

    await hub.stop()

    assert (await asyncio.wait_for(layer.receive(elsewhere), 1))["entries"] == [[b"good bye"]]


async def test_a_layer_that_hangs_does_not_hold_up_the_end(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "FLUSH_TIMEOUT_S", 0.01)
    hub = Hub(rooms)
    hub.layer = Gate()
    hub.layer.open.clear()
    hub.start()
    told(hub, rooms, "good bye")

    await asyncio.wait_for(hub.stop(), 2)


# Peers


@pytest.mark.parametrize("number", [RING_FRAMES, 4 * RING_FRAMES])
async def test_a_long_absence_full_of_long_texts_is_caught_up_with(
    hub: Hub, rooms: Rooms, come: Any, number: int
) -> None:
    """More than an outbox holds, from the ring and from the log: catching up goes at the pace of the peer."""
    await come(TEA)
    texts = [f"{each} ".ljust(20_000, "x") for each in range(number)]
    for text in texts:
        rooms.entries[TEA].append(Entry(text.encode()))
    await eventually(lambda: hub.streams[TEA].position == number)
    assert sum(map(len, texts)) > 4 * OUTBOX_MAX_BYTES, "premise: it does not fit"

    back = await come(TEA)

    await eventually(lambda: len(back.heard) == number)
    assert back.heard == texts
    assert back.closing is None


async def test_somebody_who_catches_up_misses_nothing_that_is_said_meanwhile(hub: Hub, rooms: Rooms, come: Any) -> None:
    await come(TEA)
    for each in range(RING_FRAMES):
        told(hub, rooms, f"old {each} ".ljust(10_000, "x"))
    back = asyncio.create_task(come(TEA))
    for each in range(300):
        told(hub, rooms, f"new {each}")
        await asyncio.sleep(0)

    listener = await back

    await eventually(lambda: len(listener.heard) == RING_FRAMES + 300)
    assert listener.heard == [entry.frame.decode() for entry in rooms.entries[TEA]]
