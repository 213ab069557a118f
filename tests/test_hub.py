"""The hub keeps the order and heals gaps, whatever the channel layer does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from foundation.errors import ChatError
from foundation.hub import Hub
from foundation.publishing import CONTROL
from tests.logs import GROUP, ListLog, Reader
from tests.wires import inside

pytestmark = pytest.mark.asyncio


@pytest.fixture
def log() -> ListLog:
    return ListLog()


@pytest_asyncio.fixture
async def hub(log: ListLog) -> AsyncIterator[Hub]:
    hub = Hub(log)
    hub.start()
    yield hub
    await hub.stop()


async def turn() -> None:
    """Let the hub write what it gathered in this turn of the loop."""
    await asyncio.sleep(0.005)


async def follow(hub: Hub, reader: Reader, after: int) -> None:
    hub.sockets.add(reader)
    reader.group = GROUP
    await hub.follow(await hub.enter(GROUP), reader, after)


def frames(first_seq: int, *texts: str) -> dict[str, Any]:
    return {"type": "frames", "group": GROUP, "seq": first_seq, "entries": [[text.encode(), None] for text in texts]}


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_entries_are_delivered_in_order_and_once(hub: Hub, log: ListLog) -> None:
    reader = Reader()
    await follow(hub, reader, 0)
    log.append("one", "two", "three")

    hub.announce(GROUP, frames(1, "one"))
    hub.announce(GROUP, frames(1, "one", "two"))
    hub.announce(GROUP, frames(3, "three"))
    hub.announce(GROUP, frames(2, "two"))
    await turn()

    assert reader.heard == ["one", "two", "three"]
    assert log.reads == 0


async def test_a_hint_that_overtakes_another_waits_for_the_log(hub: Hub, log: ListLog) -> None:
    reader = Reader()
    await follow(hub, reader, 0)
    log.append("one", "two", "three")

    hub.announce(GROUP, frames(3, "three"))
    hub.announce(GROUP, frames(3, "three"))
    assert reader.heard == []

    await eventually(lambda: reader.heard == ["one", "two", "three"])
    assert log.reads == 1, "one reading for both"


async def test_a_lost_hint_is_found_by_the_reconcile_loop(hub: Hub, log: ListLog) -> None:
    reader = Reader()
    await follow(hub, reader, 0)

    log.append("nobody said so")

    await eventually(lambda: reader.heard == ["nobody said so"])


async def test_a_hint_from_another_process_arrives_through_the_layer(hub: Hub, log: ListLog) -> None:
    reader = Reader()
    await follow(hub, reader, 0)
    log.append("from afar")

    await hub.layer.group_send(GROUP, {**frames(1, "from afar"), "origin": "another"})

    await eventually(lambda: reader.heard == ["from afar"])


async def test_its_own_hint_coming_back_is_not_taken_again(hub: Hub, log: ListLog) -> None:
    reader = Reader()
    await follow(hub, reader, 0)

    hub.announce(GROUP, {"type": "ephemeral", "group": GROUP, "frame": b"mine"})
    await asyncio.sleep(0)  # the hub's own sending goes first
    behind = {"type": "ephemeral", "group": GROUP, "frame": b"another's", "origin": "another"}
    await hub.layer.group_send(GROUP, behind)

    await eventually(lambda: "another's" in reader.heard)
    assert reader.heard == ["mine", "another's"]


async def test_a_reader_joins_between_history_and_live_without_a_gap(hub: Hub, log: ListLog) -> None:
    log.append(*[f"old {number}" for number in range(500)])
    reader = Reader()

    async def keep_writing() -> None:
        for number in range(200):
            first = log.append(f"new {number}")
            hub.announce(GROUP, frames(first, f"new {number}"))
            await asyncio.sleep(0)

    early = Reader()
    await follow(hub, early, 500)
    await asyncio.gather(keep_writing(), follow(hub, reader, 0))

    await turn()
    assert reader.heard == [entry.frame.decode() for entry in log.entries]


async def test_a_short_absence_is_answered_from_the_ring(hub: Hub, log: ListLog) -> None:
    await follow(hub, Reader(), 0)
    for number in range(300):
        hub.announce(GROUP, frames(log.append(str(number)), str(number)))
    back = Reader()

    await follow(hub, back, 44)

    assert back.heard == [str(number) for number in range(44, 300)]
    assert log.reads == 0


async def test_one_frame_beyond_the_ring_is_read_from_the_log(hub: Hub, log: ListLog) -> None:
    await follow(hub, Reader(), 0)
    for number in range(300):
        hub.announce(GROUP, frames(log.append(str(number)), str(number)))
    back = Reader()

    await follow(hub, back, 43)

    assert back.heard == [str(number) for number in range(43, 300)]
    assert log.reads > 0


async def test_a_storm_that_comes_back_to_an_empty_ring_reads_the_log_once(hub: Hub, log: ListLog) -> None:
    log.append(*[f"{number}" for number in range(300)])
    back = [Reader() for _ in range(50)]

    await asyncio.gather(*[follow(hub, reader, 100 + index) for index, reader in enumerate(back)])

    assert [reader.heard for reader in back] == [
        [str(number) for number in range(100 + index, 300)] for index in range(len(back))
    ]
    assert log.reads == 1


async def test_a_position_ahead_of_the_hub_is_healed_first(hub: Hub, log: ListLog) -> None:
    await follow(hub, Reader(), 0)
    log.append("one", "two")
    ahead = Reader()

    await follow(hub, ahead, 2)
    hub.announce(GROUP, frames(log.append("three"), "three"))
    await turn()

    assert ahead.heard == ["three"]


async def test_a_removed_person_hears_nothing_after_the_removal(hub: Hub, log: ListLog) -> None:
    grace, ada = Reader("user:2"), Reader("user:1")
    await follow(hub, grace, 0)
    await follow(hub, ada, 0)
    log.append("before")
    log.append("grace was removed", evicts="user:2")
    log.append("after")

    entries = [list(entry) for entry in log.entries]
    hub.announce(GROUP, {"type": "frames", "group": GROUP, "seq": 1, "entries": entries})
    await turn()

    assert grace.heard == ["before"]
    assert grace.closing is not None and grace.closing.code == "forbidden"
    assert ada.heard == ["before", "grace was removed", "after"]


async def test_somebody_who_came_back_is_not_thrown_out_by_the_old_removal(hub: Hub, log: ListLog) -> None:
    log.append("before")
    log.append("grace was removed", evicts="user:2")
    log.append("grace was added again")
    grace = Reader("user:2")
    grace.admitted = 3

    await follow(hub, grace, 0)

    assert grace.closing is None
    assert len(grace.heard) == 3


@pytest.mark.parametrize(
    ("message", "closed"),
    [
        ({"who": "user:1", "group": None}, {"ada", "ada's phone"}),
        ({"who": "session:a", "group": None}, {"ada"}),
        ({"who": None, "group": GROUP}, {"ada", "ada's phone", "grace"}),
        ({"who": "user:1", "group": "room.9"}, set()),
    ],
)
async def test_an_eviction_closes_whom_it_names(hub: Hub, message: dict[str, Any], closed: set[str]) -> None:
    readers = {
        "ada": Reader("user:1", "session:a"),
        "ada's phone": Reader("user:1", "token:b"),
        "grace": Reader("user:2", "session:c"),
    }
    for reader in readers.values():
        await follow(hub, reader, 0)

    hub.announce(CONTROL, {"type": "evict", "code": "unauthenticated", **message})

    assert {name for name, reader in readers.items() if reader.closing} == closed


async def test_a_room_that_vanished_closes_its_sockets_even_if_nobody_said_so(hub: Hub, log: ListLog) -> None:
    reader = Reader()
    await follow(hub, reader, 0)

    log.exists = False

    await eventually(lambda: reader.closing is not None)
    assert reader.closing is not None and reader.closing.code == "room_deleted"


async def test_a_room_that_does_not_exist_has_no_stream(hub: Hub, log: ListLog) -> None:
    log.exists = False

    with pytest.raises(ChatError, match="not_found"):
        async with inside(hub, GROUP):
            pass

    assert not hub.streams


async def test_the_group_is_left_after_the_last_socket(hub: Hub) -> None:
    async with inside(hub, GROUP):
        assert GROUP in hub.streams

    await eventually(lambda: GROUP not in hub.streams)
    await eventually(lambda: GROUP not in hub.layer.groups)


@pytest.mark.parametrize("message", [{}, {"type": "__init__"}, {"type": "frames"}, {"type": "evict", "who": 1}])
async def test_a_foreign_message_on_the_layer_is_counted_and_ignored(hub: Hub, log: ListLog, message: Any) -> None:
    reader = Reader()
    await follow(hub, reader, 0)

    await hub.layer.group_send(CONTROL, message) if "type" in message else hub.announce(CONTROL, message)

    await eventually(lambda: hub.counters["unknown"] == 1)
    hub.announce(GROUP, frames(log.append("still here"), "still here"))
    await turn()
    assert reader.heard == ["still here"]
