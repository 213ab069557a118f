"""Bugs that a chat server may have, each planted into a server process by PLANTED_BUG, and what the checker calls it.

Each of them takes away one thing that the promise rests on. They are here so that the checker is known to see it.
"""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, connections, transaction
from django.db.models.signals import post_migrate

from chat import group_commit, history, posting
from chat.drafts import Draft, Outcome
from chat.models import Message
from foundation import publishing
from foundation.errors import ChatError
from foundation.hub import Hub
from foundation.publishing import Entry
from foundation.socket import Socket
from foundation.stream import Stream
from rooms import log
from rooms.models import Room


class Bug(NamedTuple):
    """How it is planted, and an anomaly that it must give."""

    plant: Callable[[], None]
    anomaly: str


BUGS: dict[str, Bug] = {}


def caught_as(anomaly: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(plant: Callable[[], None]) -> Callable[[], None]:
        BUGS[plant.__name__] = Bug(plant, anomaly)
        return plant

    return register


def plant(name: str) -> None:
    """Plant the bug of this name; none where it is empty."""
    if name:
        BUGS[name].plant()


# Committing


@caught_as("divergence")
def publish_before_commit() -> None:
    def at_once(group: str, message: dict[str, Any]) -> None:
        publishing._announce(group, message)

    publishing._after_commit = at_once


@caught_as("lost-acked")
def ack_before_commit() -> None:
    commit = posting._commit

    def hopeful(drafts: list[Draft]) -> tuple[list[Outcome], bool]:
        outcomes: list[Outcome] = []
        try:
            with transaction.atomic():
                outcomes = posting._append(drafts)
        except Exception:  # noqa: BLE001
            return (outcomes, True) if outcomes else commit(drafts)
        return outcomes, True

    posting._commit = hopeful


@caught_as("lost-acked")
def synchronous_off() -> None:
    options = connections.settings["default"]["OPTIONS"]
    sound = options["init_command"]
    options["init_command"] = sound.replace("synchronous=FULL", "synchronous=OFF")
    assert options["init_command"] != sound, "premise: it was FULL"


@caught_as("dup-cid")
def dedupe_off() -> None:
    def without_constraint(**_: Any) -> None:
        for constraint in Message._meta.constraints:
            if constraint.name == "one_message_per_client_id":
                with connection.schema_editor() as editor:
                    editor.remove_constraint(Message, constraint)

    post_migrate.connect(without_constraint, sender=apps.get_app_config("chat"), weak=False)
    posting.sent_before = lambda drafts, accesses: {}  # type: ignore[attr-defined]


@caught_as("failed-but-present")
def refused_after_the_commit() -> None:
    commit, turns = posting._commit, itertools.cycle([False] * 9 + [True])

    def moody(drafts: list[Draft]) -> tuple[list[Outcome], bool]:
        outcomes, reached = commit(drafts)
        return [ChatError("forbidden") if next(turns) else outcome for outcome in outcomes], reached

    posting._commit = moody


@caught_as("sender-order")
def a_batch_in_any_order() -> None:
    take = group_commit.GroupCommit._take
    group_commit.GroupCommit._take = lambda self: take(self)[::-1]  # type: ignore[method-assign]


# Numbers


@caught_as("gap")
def numbers_outside_of_the_transaction() -> None:
    """As from a sequence of PostgreSQL: what is rolled back leaves a hole."""
    next_seqs, drawn = log.next_seqs, dict[int, int]()

    def drawing(counts: Mapping[Room, int]) -> dict[Room, int]:
        for room, count in counts.items():
            room.last_seq = max(room.last_seq, drawn.get(room.pk, 0))
            drawn[room.pk] = room.last_seq + count
        return next_seqs(counts)

    posting.next_seqs = drawing  # type: ignore[attr-defined]


# Delivering


@caught_as("skipped")
def no_reorder() -> None:
    def whatever_comes(self: Stream, first_seq: int, entries: Sequence[Entry]) -> bool:
        self.position = first_seq - 1
        for entry in entries:
            self._deliver(entry)
        return True

    Stream.offer = whatever_comes  # type: ignore[method-assign]


@caught_as("skipped")
def subscribed_after_the_history() -> None:
    async def follow(self: Hub, stream: Stream, socket: Socket, after: int) -> None:
        upto = stream.position
        socket.deliver(after + 1, await self.log.read(stream.group, after, upto) if after < upto else [])
        await asyncio.sleep(0.2)
        stream.join(socket)

    Hub.follow = follow  # type: ignore[method-assign]


@caught_as("redelivered")
def after_is_ignored() -> None:
    follow = Hub.follow

    async def from_the_beginning(self: Hub, stream: Stream, socket: Socket, after: int) -> None:
        await follow(self, stream, socket, max(0, after - 5))

    Hub.follow = from_the_beginning  # type: ignore[method-assign]


@caught_as("redelivered")
def ring_off_by_one() -> None:
    recall = Stream.recall

    def shifted(self: Stream, after: int) -> list[Entry] | None:
        entries = recall(self, after - 1)
        return entries[:-1] if entries else recall(self, after)

    Stream.recall = shifted  # type: ignore[method-assign]


@caught_as("undelivered")
def neither_published_nor_reconciled() -> None:
    publishing._after_commit = lambda group, message: None
    reconcile_off()


@caught_as("late")
def reconcile_off() -> None:
    async def never(self: Hub) -> None:
        await asyncio.Event().wait()

    Hub._reconcile = never  # type: ignore[method-assign]


# Rights, and reading


@caught_as("unauthorised")
def revocation_ignored() -> None:
    Entry.ends_rights = False  # type: ignore[method-assign,assignment]
    Entry.ends_right_of = lambda self, who: False  # type: ignore[method-assign]


@caught_as("stale-read")
def pages_without_the_newest() -> None:
    page = history.page
    history.page = lambda **asked: dataclasses.replace(whole := page(**asked), messages=whole.messages[:-1])
