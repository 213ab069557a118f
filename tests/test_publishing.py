"""The way out of a command: after the commit, never before, and never in the way of it."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.sync import sync_to_async as run
from channels.layers import channel_layers, get_channel_layer
from django.db import transaction

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation import outgoing, publishing
from foundation.hub import Hub
from foundation.publishing import Entry, publish, publish_ephemeral
from rooms.membership import remove_member
from rooms.models import Room
from tests.processes import NoLog

pytestmark = pytest.mark.django_db(transaction=True)
GROUP = "room.1"


class Elsewhere:
    """Another process that is in a group: what reached it through the layer."""

    def __init__(self, group: str) -> None:
        self.layer: Any = get_channel_layer()
        self.channel = async_to_sync(self.layer.new_channel)()
        async_to_sync(self.layer.group_add)(group, self.channel)

    @property
    def heard(self) -> list[dict[str, Any]]:
        queue = self.layer.channels.get(self.channel)
        return [queue.get_nowait()[1] for _ in range(queue.qsize())] if queue else []


class BrokenLayer:
    """A Redis that is away."""

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: Any) -> None:
            raise ConnectionError("no route to Redis")

        return fail


@pytest.fixture
def elsewhere() -> Elsewhere:
    assert not publishing.hubs or not any(hub.running for hub in publishing.hubs), "premise: no sockets in this process"
    return Elsewhere(GROUP)


# After the commit


def test_nothing_is_published_before_the_commit(elsewhere: Elsewhere) -> None:
    with transaction.atomic():
        publish(GROUP, 1, [Entry(b"hello")])
        with transaction.atomic():
            publish(GROUP, 2, [Entry(b"again")])
        assert elsewhere.heard == []

    assert [message["seq"] for message in elsewhere.heard] == [1, 2]


def test_nothing_is_published_after_a_rollback(elsewhere: Elsewhere) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish(GROUP, 1, [Entry(b"hello")])
        raise ZeroDivisionError

    assert elsewhere.heard == []


def test_what_was_rolled_back_to_a_savepoint_is_not_published(elsewhere: Elsewhere) -> None:
    with transaction.atomic():
        publish(GROUP, 1, [Entry(b"kept")])
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            publish(GROUP, 2, [Entry(b"dropped")])
            raise ZeroDivisionError

    assert [message["seq"] for message in elsewhere.heard] == [1]


def test_a_frame_without_a_number_waits_for_nothing(elsewhere: Elsewhere) -> None:
    with transaction.atomic():
        publish_ephemeral(GROUP, b"typing")

        assert [message["frame"] for message in elsewhere.heard] == [b"typing"]


def test_a_process_without_sockets_tells_the_others(elsewhere: Elsewhere) -> None:
    publish(
        GROUP,
        7,
        [Entry(b"hello"), Entry(b"bye", evicts="user:7"), Entry(b"closed", keeps=["user:1"], code="not_found")],
    )

    (message,) = elsewhere.heard
    assert (message["type"], message["group"], message["seq"]) == ("frames", GROUP, 7)
    assert [Entry(*entry) for entry in message["entries"]] == [
        Entry(b"hello"),
        Entry(b"bye", evicts="user:7"),
        Entry(b"closed", keeps=["user:1"], code="not_found"),
    ]


def test_a_command_publishes_its_log_in_order(ada: User, mallory: User, tea: Room) -> None:
    elsewhere = Elsewhere(tea.group)

    post_message(actor=mallory, slug="tea", text="hello")
    remove_member(actor=ada, slug="tea", username="mallory")

    heard = elsewhere.heard
    assert [message["seq"] for message in heard] == [tea.last_seq + 1, tea.last_seq + 2, tea.last_seq + 3]
    evicted = [Entry(*message["entries"][0]).evicts for message in heard]
    assert evicted == [None, None, f"user:{mallory.pk}"]


# Never in the way


def test_a_layer_that_fails_does_not_fail_the_command(ada: User, grace: User, tea: Room, caplog: Any) -> None:
    channel_layers.set("default", BrokenLayer())

    posted = post_message(actor=ada, slug="tea", text="hello")
    remove_member(actor=ada, slug="tea", username="grace")

    assert Message.objects.get(room=tea, seq=posted.message.seq).text == "hello"
    assert "the reconcile loop will repair it" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_no_layer_at_all_is_no_fault(ada: User, tea: Room) -> None:
    channel_layers.set("default", None)

    assert post_message(actor=ada, slug="tea", text="hello").message.seq == tea.last_seq + 1


# Hubs


async def hubs_running(count: int, work: Callable[[list[Hub], list[dict[str, Any]]], Any]) -> None:
    """Run `work` with this many hubs, and a list of the frames messages that each took from this process."""
    hubs = [Hub(NoLog()) for _ in range(count)]
    taken: list[dict[str, Any]] = []
    for hub in hubs:
        hub.on["frames"] = taken.append
        hub.start()
    try:
        await work(hubs, taken)
    finally:
        for hub in hubs:
            await hub.stop()


@pytest.mark.asyncio
async def test_a_hub_hears_at_once_and_sends_one_hint() -> None:
    elsewhere = await run(Elsewhere)(GROUP)

    async def work(hubs: list[Hub], taken: list[dict[str, Any]]) -> None:
        await run(publish)(GROUP, 1, [Entry(b"hello")])
        await asyncio.sleep(0)
        assert [message["seq"] for message in taken] == [1, 1], "each of the hubs of this process"
        await asyncio.wait_for(hubs[0].outgoing.sent(), 5)

    await hubs_running(2, work)

    assert len(elsewhere.heard) == 1


@pytest.mark.asyncio
async def test_publishing_from_many_threads_reaches_the_hub_and_loses_no_hub() -> None:
    async def work(hubs: list[Hub], taken: list[dict[str, Any]]) -> None:
        def shout() -> None:
            for number in range(50):
                publishing._announce(GROUP, {"type": "frames", "group": GROUP, "seq": number, "entries": []})

        threads = [threading.Thread(target=shout) for _ in range(4)]
        for thread in threads:
            thread.start()
        late = Hub(NoLog())
        late.start()
        await asyncio.gather(*[asyncio.to_thread(thread.join) for thread in threads])
        await asyncio.sleep(0)

        assert len(taken) == 200
        assert late in publishing.hubs
        await late.stop()

    await hubs_running(1, work)


@pytest.mark.asyncio
async def test_a_full_queue_drops_hints_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "HINTS_WAITING_MAX", 1)

    async def work(hubs: list[Hub], taken: list[dict[str, Any]]) -> None:
        (hub,) = hubs

        for number in (1, 3, 5):
            hub.announce(GROUP, {"type": "frames", "group": GROUP, "seq": number, "entries": []})

        assert len(taken) == 3, "delivery here does not depend on it"
        assert hub.outgoing.dropped == 2

    await hubs_running(1, work)


def test_a_hub_whose_loop_is_closed_is_passed_over(elsewhere: Elsewhere) -> None:
    async def start() -> Hub:
        hub = Hub(NoLog())
        hub.start()
        return hub

    with asyncio.Runner() as runner:
        gone = runner.run(start())
    assert gone in publishing.hubs, "premise: it never stopped"

    publish(GROUP, 1, [Entry(b"hello")])

    assert [message["seq"] for message in elsewhere.heard] == [1]
    publishing.hubs.remove(gone)
