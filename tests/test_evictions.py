"""Evictions: carried out once, everywhere, whatever is lost on the way, and before the command that evicts returns."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import async_to_sync
from asgiref.sync import sync_to_async as run
from channels.layers import get_channel_layer
from django.db import transaction
from django.utils import timezone

from foundation import evictions as module
from foundation import hub as hub_module
from foundation import publishing
from foundation.evictions import evict
from foundation.hub import Hub
from foundation.models import Eviction
from foundation.publishing import CONTROL
from foundation.socket import Socket
from tests.processes import NoLog, eventually
from tests.wires import HeldWire

pytestmark = pytest.mark.django_db(transaction=True)


class Reader(Socket):
    def __init__(self, *who: str) -> None:
        super().__init__(HeldWire(), frozenset(who))


@pytest_asyncio.fixture
async def two(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Hub, Hub]]:
    """Two processes that have heard of each other; commands run in the first."""
    monkeypatch.setattr(hub_module, "RECONCILE_INTERVAL_S", 0.05)
    here, there = Hub(NoLog()), Hub(NoLog())
    for hub in (here, there):
        hub.start()
        await hub.evictions.ready()
    await eventually(lambda: len(get_channel_layer().groups.get(CONTROL, {})) == 2)
    for hub, other in ((here, there), (there, here)):
        hub.evictions.heard(other.id)
    publishing.hubs[:] = [here]
    yield here, there
    for hub in (here, there):
        await hub.stop()


def sit(hub: Hub, *who: str) -> Reader:
    reader = Reader(*who)
    hub.sockets.add(reader)
    return reader


def lose_hints(*hubs: Hub) -> None:
    """From here on nothing reaches these hubs but the database."""
    publishing.hubs[:] = [hub for hub in publishing.hubs if hub not in hubs]
    for hub in hubs:
        hub.on["evict"] = lambda message: None


async def sign_out(who: str) -> None:
    await run(evict)(code="unauthenticated", who=who)


def test_nothing_is_evicted_before_the_commit() -> None:
    layer: Any = get_channel_layer()
    channel = async_to_sync(layer.new_channel)()
    async_to_sync(layer.group_add)(CONTROL, channel)

    with transaction.atomic():
        evict(code="unauthenticated", who="user:7")
        assert not layer.channels.get(channel)

    _, message = layer.channels[channel].get_nowait()
    number = Eviction.objects.get().pk
    assert message == {"type": "evict", "who": "user:7", "group": None, "code": "unauthenticated", "id": number}


@pytest.mark.asyncio
async def test_everywhere_the_sockets_are_closed_when_the_command_returns(two: tuple[Hub, Hub]) -> None:
    leaving = [sit(hub, "user:7", "session:a") for hub in two]
    staying = [sit(hub, "user:8") for hub in two]

    await sign_out("user:7")

    assert [reader.closing.code if reader.closing else None for reader in leaving] == ["unauthenticated"] * 2
    assert [reader.closing for reader in staying] == [None, None]


@pytest.mark.asyncio
async def test_a_process_that_does_not_answer_holds_nobody_up_for_long(
    two: tuple[Hub, Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVICTION_WAIT_S", 0.2)
    here, _ = two
    here.evictions.heard("a process that was killed")
    reader = sit(here, "user:7")

    started = time.monotonic()
    await sign_out("user:7")

    assert reader.closing is not None
    assert 0.2 <= time.monotonic() - started < 5


@pytest.mark.asyncio
async def test_a_process_that_has_long_been_silent_is_not_waited_for(
    two: tuple[Hub, Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVICTION_WAIT_S", 60)
    here, _ = two
    here.evictions._peers["gone"] = time.monotonic() - 21

    async with asyncio.timeout(30):
        await sign_out("user:7")

    assert "gone" not in here.evictions._peers


@pytest.mark.asyncio
async def test_a_lost_hint_is_made_good_by_the_row(two: tuple[Hub, Hub]) -> None:
    _, there = two
    lose_hints(there)
    reader, count = sit(there, "user:7"), there.evictions.count

    await sign_out("user:7")

    await eventually(lambda: reader.closing is not None)
    assert there.evictions.count == count + 1


@pytest.mark.asyncio
async def test_whoever_comes_back_is_not_thrown_out_by_the_row(two: tuple[Hub, Hub]) -> None:
    _, there = two
    await sign_out("user:7")
    back = sit(there, "user:7")

    after = sit(there, "user:8")
    publishing.hubs.clear()
    there.on["evict"] = lambda message: None
    await sign_out("user:8")  # its row is read after the other

    await eventually(lambda: after.closing is not None)
    assert back.closing is None


@pytest.mark.asyncio
async def test_a_transaction_that_commits_late_is_still_seen(two: tuple[Hub, Hub]) -> None:
    here, _ = two
    lose_hints(*two)
    late, early = sit(here, "user:7"), sit(here, "user:8")
    number = (await run(Eviction.objects.create)(who="user:6", code="unauthenticated")).pk + 1

    await run(Eviction.objects.create)(pk=number + 1, who="user:8", code="unauthenticated")
    await eventually(lambda: early.closing is not None)
    await run(Eviction.objects.create)(pk=number, who="user:7", code="unauthenticated")

    await eventually(lambda: late.closing is not None)


@pytest.mark.asyncio
async def test_what_was_evicted_before_the_first_socket_is_over(two: tuple[Hub, Hub]) -> None:
    await run(Eviction.objects.create)(who="user:7", code="unauthenticated")
    new = Hub(NoLog())
    await new.evictions.ready()
    reader = sit(new, "user:7")

    await new.evictions.read()

    assert reader.closing is None


@pytest.mark.asyncio
async def test_what_is_done_with_is_forgotten(two: tuple[Hub, Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OVERLAP_S", 0.0)
    here, _ = two
    for number in range(5):
        await sign_out(f"user:{number}")

    await eventually(lambda: not here.evictions._done)


def test_old_rows_go_when_a_new_one_comes() -> None:
    old = Eviction.objects.create(who="user:1", code="unauthenticated")
    Eviction.objects.filter(pk=old.pk).update(at=timezone.now() - 2 * module.KEPT)

    evict(code="unauthenticated", who="user:2")

    assert list(Eviction.objects.values_list("who", flat=True)) == ["user:2"]
