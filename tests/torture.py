"""Faults inside a server process: a channel layer that loses, repeats, delays and overtakes, and commits that fail.

They hold while the file named by TORTURE exists, so that a rig can set its scene first and let everybody catch up at
the end. `tests/torture_settings.py` switches them on; nothing of the product knows of them.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from django.apps import AppConfig
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from foundation.hub import Hub
from foundation.layers import EmbeddedChannelLayer
from tests import powercut

DROPPED, REPEATED = float(os.environ.get("TORTURE_DROPPED", "0.10")), 0.05
DELAY_MAX_S = float(os.environ.get("TORTURE_DELAY_MAX_S", "0.3"))
FAILED_COMMITS = float(os.environ.get("TORTURE_FAILED_COMMITS", "0.04"))

_flag = Path(os.environ.get("TORTURE", "/nowhere"))
_dice = random.Random(os.environ.get("TORTURE_DICE"))
_late: set[asyncio.Task[None]] = set()


def fates() -> Iterator[float]:
    """For each time that a message arrives, after how long: never, once, or twice."""
    if not _flag.exists():
        yield 0.0
        return
    if _dice.random() < DROPPED:
        return
    yield _dice.uniform(0, DELAY_MAX_S)
    if _dice.random() < REPEATED:
        yield _dice.uniform(0, DELAY_MAX_S)


class Torture:
    """Mixed into a channel layer: `group_send` returns at once, and what becomes of the message is up to the dice."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        for delay_s in fates():
            task = asyncio.create_task(self._send_after(delay_s, group, message))
            _late.add(task)
            task.add_done_callback(_late.discard)

    async def _send_after(self, delay_s: float, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(delay_s)
        await self._really_send(group, message)

    async def _really_send(self, group: str, message: dict[str, Any]) -> None:
        raise NotImplementedError


class TorturedEmbeddedLayer(Torture, EmbeddedChannelLayer):
    async def _really_send(self, group: str, message: dict[str, Any]) -> None:
        await EmbeddedChannelLayer.group_send(self, group, message)


class TorturedRedisLayer(Torture, RedisPubSubChannelLayer):
    async def _really_send(self, group: str, message: dict[str, Any]) -> None:
        await self._get_layer().group_send(group, message)


def torment_hints() -> None:
    """What a process tells its own hub crosses no layer: it shall have the same fate."""
    take_frames = Hub._take_frames

    def perhaps(self: Hub, message: dict[str, Any]) -> None:
        for delay_s in fates():
            if delay_s:
                self.loop.call_later(delay_s, take_frames, self, message)
            else:
                take_frames(self, message)

    Hub._take_frames = perhaps  # type: ignore[method-assign]


def fail_commits() -> None:
    """Some commits are refused, and as many are done and nobody is told so."""
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def perhaps(self: BaseDatabaseWrapper) -> None:
        luck = _dice.random() if _flag.exists() else 1.0
        if luck < FAILED_COMMITS / 2:
            raise OperationalError("torture: this commit was refused")
        commit(self)
        if luck < FAILED_COMMITS:
            raise OperationalError("torture: the line broke in this commit")

    BaseDatabaseWrapper._commit = perhaps  # type: ignore[attr-defined]


class TortureConfig(AppConfig):
    """Brings the faults, and a planted bug where one is named, into a server before it serves."""

    name = "tests"
    label = "torture"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        torment_hints()
        fail_commits()
        if "POWER_CUT_IMAGE" in os.environ:
            powercut.watch(Path(os.environ["POWER_CUT_IMAGE"]))
        from tests import planted  # it loads models

        planted.plant(os.environ.get("PLANTED_BUG", ""))
