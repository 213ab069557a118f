"""The inbox's socket: what is new in all my rooms, on every process, and nothing of what is not mine."""

import asyncio
import json
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run

from accounts.models import User
from accounts.revocation import close_sockets_of
from chat import inbox_live
from chat.inbox import Totals
from chat.inbox_consumer import InboxConsumer
from chat.inbox_live import Inboxes
from chat.live import RoomLog, live
from chat.posting import post_message
from chat.reading import mark_read
from foundation.hub import Hub
from foundation.publishing import CONTROL, hubs
from foundation.socket import Socket
from rooms.direct import open_direct
from rooms.invitations import invite_person
from rooms.lifecycle import delete_room, open_room, update_room
from rooms.membership import add_member, remove_member
from rooms.models import Room
from rooms.preferences import set_preferences
from tests.processes import eventually
from tests.sockets import inbox_of, opened
from tests.wires import HeldWire

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_live, "INBOX_DELAY_S", 0.02)
    monkeypatch.setattr(inbox_live, "INBOX_RECONCILE_S", 3600)


async def say(actor: User, text: str = "hello", slug: str = "tea") -> int:
    return (await run(post_message)(actor=actor, slug=slug, text=text)).message.seq


async def test_the_greeting_says_whose_it_is_and_what_waits(ada: User, grace: User, tea: Room) -> None:
    await say(ada, "@grace")
    async with opened("/ws/inbox", grace) as socket:
        await socket.frame()
        greeting = await socket.frame()

    assert greeting["me"]["username"] == "grace"
    assert greeting["totals"] == {"rooms": 1, "unread": 1, "mentions": 1, "invitations": 0}


async def test_what_is_said_is_told_to_all_members_in_the_same_words(ada: User, grace: User, tea: Room) -> None:
    async with inbox_of(grace) as hers, inbox_of(grace) as her_phone:
        seq = await say(ada)
        told = [await socket.frame() for socket in (hers, her_phone)]

    assert told[0] == told[1]
    assert (told[0]["type"], told[0]["room"], told[0]["seq"]) == ("inbox.activity", "tea", seq)
    assert (told[0]["message_count"], told[0]["last_message"]["value"]) == (1, "hello")


async def test_a_mention_and_ones_own_marker_are_told_to_oneself(ada: User, grace: User, tea: Room) -> None:
    async with inbox_of(grace) as socket:
        seq = await say(ada, "@grace hello")
        entry = (await socket.next("inbox.room"))["entry"]
        assert (entry["unread"], entry["mentions"]) == (1, 1)

        await run(mark_read)(actor=grace, slug="tea", upto=seq)
        entry = (await socket.next("inbox.room"))["entry"]
        assert (entry["read_seq"], entry["unread"], entry["mentions"]) == (seq, 0, 0)

        await run(set_preferences)(actor=grace, slug="tea", muted=True)
        assert (await socket.next("inbox.room"))["entry"]["muted"]


async def test_a_room_that_is_renamed_is_told_anew(ada: User, grace: User, tea: Room) -> None:
    async with inbox_of(grace) as socket:
        await run(update_room)(actor=ada, slug="tea", name="Green tea")

        assert (await socket.next("inbox.room"))["entry"]["room"]["name"] == "Green tea"


async def test_rooms_appear_and_vanish(ada: User, grace: User, cellar: Room) -> None:
    async with inbox_of(grace) as socket:
        await run(add_member)(actor=ada, slug="cellar", username="grace")
        assert (await socket.frame())["entry"]["room"]["slug"] == "cellar"

        await run(remove_member)(actor=ada, slug="cellar", username="grace")
        assert await socket.frame() == {"type": "inbox.gone", "room": "cellar"}

        await say(ada, "now we can talk", "cellar")
        direct, _ = await run(open_direct)(actor=ada, usernames=["grace"])
        assert (await socket.frame())["entry"]["room"]["slug"] == direct.slug, "nothing more of the cellar"

        await run(open_room)(actor=ada, name="Mine", slug="mine")
        await run(add_member)(actor=ada, slug="mine", username="grace")
        assert (await socket.frame())["entry"]["room"]["slug"] == "mine"
        await run(delete_room)(actor=ada, slug="mine")
        assert await socket.frame() == {"type": "inbox.gone", "room": "mine"}


async def test_an_invitation_is_told(ada: User, grace: User, cellar: Room) -> None:
    async with inbox_of(grace) as socket:
        await run(invite_person)(actor=ada, slug="cellar", username="grace")

        assert await socket.frame() == {"type": "inbox.invitations", "count": 1}


async def test_a_stranger_hears_nothing(ada: User, mallory: User, tea: Room, cellar: Room) -> None:
    async with inbox_of(mallory) as socket:
        await say(ada)
        await say(ada, slug="cellar")
        await run(open_room)(actor=mallory, name="Mine", slug="mine")
        await say(mallory, slug="mine")

        assert (await socket.frame())["entry"]["room"]["slug"] == "mine"


async def test_a_guest_has_no_inbox() -> None:
    async with opened("/ws/inbox/") as socket:
        assert (await socket.frame())["code"] == "unauthenticated"
        assert await socket.closed() == 4401


async def test_losing_the_credential_closes_it(grace: User, tea: Room) -> None:
    async with inbox_of(grace) as socket:
        await run(close_sockets_of)(grace)

        assert await socket.closed(timeout=2) == 4401
    assert not live().inboxes._watchers


@pytest.mark.parametrize("query", ["?after=1", "?room=tea", "?ticket=a&after=1"])
async def test_the_address_takes_a_ticket_and_nothing_else(grace: User, query: str) -> None:
    async with opened(f"/ws/inbox/{query}", grace) as socket:
        error = await socket.frame()

        assert error["code"] in {"unknown_parameter", "unauthenticated"}
        assert await socket.closed() in {4400, 4401}


async def test_bad_frames_are_answered(grace: User) -> None:
    async with inbox_of(grace) as socket:
        for frame in ({"type": "message", "value": "hello"}, {"type": "read", "seq": 1}, {"type": "nothing"}):
            await socket.send(**frame)
            assert (await socket.frame())["code"] == "unknown_command"
        await socket.send(type="ping")
        assert await socket.frame() == {"type": "pong", "seq": 0}


async def test_nothing_is_told_before_the_greeting(
    ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, go = threading.Event(), threading.Event()
    totals = InboxConsumer._totals

    def slowly(consumer: InboxConsumer) -> Totals:
        held.set()
        go.wait(5)
        return totals(consumer)

    async with inbox_of(grace) as first:
        monkeypatch.setattr(InboxConsumer, "_totals", slowly)
        async with opened("/ws/inbox/", grace) as second:
            await asyncio.to_thread(held.wait, 5)
            await say(ada)
            assert (await first.frame())["type"] == "inbox.activity"
            go.set()

            assert [(await second.frame())["type"] for _ in range(2)] == ["system", "inbox"]
            seq = await say(ada)
            assert (await second.next("inbox.activity"))["seq"] == seq


async def test_another_process_hears_of_it(ada: User, grace: User, tea: Room, cellar: Room) -> None:
    async with inbox_of(grace):
        other = Hub(RoomLog())
        inboxes, onlooker = Inboxes(other), Socket(wire := HeldWire(), frozenset())
        other.start()
        inboxes.start()
        hubs.remove(other)  # what this process publishes reaches the other by the channel layer alone
        await eventually(lambda: CONTROL in other.layer.groups and len(other.layer.groups[CONTROL]) == 2)
        await inboxes.expect(grace.pk, onlooker)
        inboxes.watch(grace.pk, onlooker)

        await say(ada)
        await eventually(lambda: [heard(frame)["type"] for frame in wire.heard] == ["inbox.activity"])
        await run(invite_person)(actor=ada, slug="cellar", username="grace")
        await eventually(lambda: heard(wire.heard[-1])["type"] == "inbox.invitations")
        await other.stop()


def heard(frame: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(frame)
    return told
