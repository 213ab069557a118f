"""How an inbox learns what is new: looks at the database, few, cheap, and none too many."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import inbox_live
from chat.live import live
from chat.posting import post_message
from foundation.database import in_database
from rooms.invitations import invite_person
from rooms.lifecycle import archive_room, open_room, unarchive_room
from rooms.membership import add_member, remove_member
from rooms.models import Room
from rooms.preferences import set_preferences
from tests.sockets import inbox_of

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_live, "INBOX_DELAY_S", 0.02)
    monkeypatch.setattr(inbox_live, "INBOX_RECONCILE_S", 3600)


async def say(actor: User, text: str = "hello", slug: str = "tea") -> int:
    return (await run(post_message)(actor=actor, slug=slug, text=text)).message.seq


async def test_a_room_that_was_archived_and_opened_between_two_looks_is_told_anew(
    ada: User, grace: User, tea: Room
) -> None:
    @transaction.atomic
    def back_and_forth() -> None:
        archive_room(actor=ada, slug="tea")
        unarchive_room(actor=ada, slug="tea")

    async with inbox_of(grace) as socket:
        await run(back_and_forth)()  # who read the list in between has it as archived
        assert (await socket.next("inbox.room"))["entry"]["room"]["archived_at"] is None


async def test_a_lost_hint_is_made_good(
    ada: User, grace: User, tea: Room, cellar: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_live, "INBOX_RECONCILE_S", 0.1)
    async with inbox_of(grace) as socket:
        live().hub.published = lambda group: None
        live().hub.on["inbox"] = lambda message: None

        seq = await say(ada)
        assert (await socket.next("inbox.activity"))["seq"] == seq
        await run(invite_person)(actor=ada, slug="cellar", username="grace")
        assert (await socket.next("inbox.invitations"))["count"] == 1
        await run(add_member)(actor=ada, slug="cellar", username="grace")
        assert (await socket.next("inbox.room"))["entry"]["room"]["slug"] == "cellar"
        await run(set_preferences)(actor=grace, slug="tea", muted=True)
        assert (await socket.next("inbox.room"))["entry"]["muted"]
        await run(remove_member)(actor=ada, slug="cellar", username="grace")
        assert await socket.next("inbox.gone") == {"type": "inbox.gone", "room": "cellar"}


async def test_where_nothing_is_new_nothing_is_looked_at(
    ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(invite_person)(actor=ada, slug=(await run(open_room)(actor=ada, name="Den")).slug, username="grace")
    async with inbox_of(grace) as socket:
        await say(ada, "@grace")
        await socket.next("inbox.room")
        await run(set_preferences)(actor=grace, slug="tea", notify="mentions", position=3)
        await socket.next("inbox.room")

        assert await in_database(inbox_live._differing, live().inboxes._watchers) == (set(), set())


async def test_a_burst_is_looked_at_once(ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_live, "INBOX_DELAY_S", 0.2)
    async with inbox_of(grace) as socket:
        for _ in range(20):
            last = await say(ada)

        told: list[dict[str, Any]] = []
        while not told or told[-1]["seq"] < last:
            told.append(await socket.frame())

    assert len(told) <= 5


async def test_a_look_costs_as_many_queries_for_a_hundred_rooms_as_for_one(ada: User, grace: User) -> None:
    def queries(rooms: set[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            inbox_live._look_at(set(), rooms, [ada.pk, grace.pk])
        return len(captured)

    def fill() -> list[int]:
        pks = []
        for number in range(30):
            room = open_room(actor=ada, name=f"Room {number}", slug=f"room-{number}")
            add_member(actor=ada, slug=room.slug, username="grace")
            post_message(actor=ada, slug=room.slug, text="@grace")
            pks.append(room.pk)
        return pks

    pks = await in_database(fill)
    assert await in_database(queries, set(pks[:1])) == await in_database(queries, set(pks))


async def test_many_at_once_come_and_go(ada: User, grace: User, tea: Room) -> None:
    async def visit() -> int:
        async with inbox_of(grace) as socket:
            return int((await socket.next("inbox.activity"))["seq"])

    visits = [asyncio.create_task(visit()) for _ in range(10)]
    while not all(visit.done() for visit in visits):
        await say(ada)
        await asyncio.sleep(0.05)

    assert all(visit.result() for visit in visits)
    assert not live().inboxes._watchers
