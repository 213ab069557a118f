"""What the channel layer is asked to bring: soon right whatever happens, and nobody waits long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from foundation import hub as hub_module
from foundation import subscriptions as subscriptions_module
from foundation.hub import Hub
from foundation.subscriptions import Subscriptions
from tests.processes import TEA, NoLog, Onlooker, eventually

pytestmark = pytest.mark.asyncio


class Layer:
    """Notes what it is asked for; while `open` is clear it does not answer, and it fails `faults` times."""

    def __init__(self) -> None:
        self.brings: set[str] = set()
        self.asked: list[str] = []
        self.late: list[str] = []
        self.faults = 0
        self.open = asyncio.Event()
        self.open.set()

    async def ask(self, group: str, wanted: bool) -> None:
        self.asked.append(f"{'+' if wanted else '-'}{group}")
        await self.open.wait()
        if self.faults:
            self.faults -= 1
            raise ConnectionError("no layer")
        (self.brings.add if wanted else self.brings.discard)(group)


@pytest.fixture
def layer() -> Layer:
    return Layer()


@pytest_asyncio.fixture
async def wishes(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Subscriptions]:
    monkeypatch.setattr(subscriptions_module, "RETRY_S", 0.01)
    subscriptions = Subscriptions(layer.ask, layer.late.append)
    running = asyncio.create_task(subscriptions.run())
    yield subscriptions
    running.cancel()


async def test_a_group_is_heard_when_the_joining_is_over(layer: Layer, wishes: Subscriptions) -> None:
    await asyncio.gather(*(wishes.join(f"room.{each}") for each in range(100)))

    assert len(layer.brings) == 100
    assert layer.late == []


async def test_a_group_that_is_wanted_no_more_is_left(layer: Layer, wishes: Subscriptions) -> None:
    await wishes.join("tea")

    wishes.leave("tea")

    await eventually(lambda: not layer.brings)
    assert layer.asked == ["+tea", "-tea"]


async def test_a_layer_that_hangs_is_waited_for_but_a_moment(layer: Layer, wishes: Subscriptions) -> None:
    layer.open.clear()

    async with asyncio.timeout(1):
        await asyncio.gather(wishes.join("tea"), wishes.join("cellar"))
    layer.open.set()

    await eventually(lambda: layer.brings == {"tea", "cellar"})
    assert sorted(layer.late) == ["cellar", "tea"]


async def test_what_fails_is_tried_again(layer: Layer, wishes: Subscriptions) -> None:
    layer.faults = 2
    await wishes.join("tea")
    await eventually(lambda: layer.brings == {"tea"})

    layer.faults = 2
    wishes.leave("tea")

    await eventually(lambda: not layer.brings)


async def test_whoever_comes_back_while_the_group_is_left_hears_it(layer: Layer, wishes: Subscriptions) -> None:
    await wishes.join("tea")
    layer.open.clear()
    wishes.leave("tea")
    await eventually(lambda: layer.asked[-1] == "-tea")

    back = asyncio.create_task(wishes.join("tea"))
    await asyncio.sleep(0)
    layer.open.set()
    await back

    assert layer.asked == ["+tea", "-tea", "+tea"]
    assert layer.brings == {"tea"}


async def test_who_came_and_went_while_the_layer_hung_is_forgotten(layer: Layer, wishes: Subscriptions) -> None:
    layer.open.clear()
    await wishes.join("tea")
    wishes.leave("tea")
    layer.open.set()

    await eventually(lambda: layer.asked == ["+tea", "-tea"] and not layer.brings)
    assert layer.late == []


# The hub of a layer that hangs


class HangingLayer:
    """Answers nothing until it is `open`."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def new_channel(self, prefix: str) -> str:
        return prefix

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def hang(*arguments: Any) -> None:
            await self.open.wait()

        return hang


class CountedLog(NoLog):
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def heads(self, groups: list[str]) -> dict[str, int]:
        self.asked += groups
        return await super().heads(groups)


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub(CountedLog())
    hub.layer = HangingLayer()
    hub.start()
    yield hub
    hub.layer.open.set()
    await hub.stop()


async def test_a_room_is_entered_left_and_entered_again_while_the_layer_hangs(hub: Hub) -> None:
    async with asyncio.timeout(1):
        for _ in range(3):
            stream = await hub.enter(TEA)
            hub.leave(stream, Onlooker())
            await eventually(lambda: TEA not in hub.streams)


async def test_a_room_that_is_heard_late_is_compared_with_the_log_at_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RECONCILE_INTERVAL_S", 60)
    await hub.enter(TEA)
    asked = len(hub.log.asked)  # type: ignore[attr-defined]

    hub.layer.open.set()

    await eventually(lambda: len(hub.log.asked) > asked)  # type: ignore[attr-defined]
