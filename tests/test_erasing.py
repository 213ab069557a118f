"""Deleting messages: the text goes everywhere, the number stays, and every reader agrees."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from chat.erasing import ban_and_purge, delete_message
from chat.history import entries_between
from chat.live import live
from chat.models import Message
from chat.posting import post_message
from foundation.errors import ChatError
from foundation.limits import ERASED_PER_CHANGE, SEQ_MAX
from foundation.publishing import Entry
from foundation.stream import Stream
from rooms.lifecycle import archive_room
from rooms.models import AuditEntry, Change, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def say(actor: User, text: str = "hello", client_id: str | None = None) -> int:
    return post_message(actor=actor, slug="tea", text=text, client_id=client_id).message.seq


def test_the_text_goes_and_the_number_stays(ada: User, grace: User, tea: Room) -> None:
    seq = say(grace, "a secret")

    assert delete_message(actor=grace, slug="tea", seq=seq)

    message = Message.objects.get(room=tea, seq=seq)
    assert (message.text, message.author, message.deleted_at is not None) == ("", grace, True)
    change = Change.objects.get(room=tea, seq=seq + 1)
    assert (change.kind, change.data, change.subject) == ("message.deleted", {"messages": [seq]}, grace)
    assert b"a secret" not in b"".join(entry.frame for entry in entries_between(tea.pk, 0, seq + 1))


def test_deleting_again_changes_nothing(grace: User, tea: Room) -> None:
    seq = say(grace)

    assert [delete_message(actor=grace, slug="tea", seq=seq) for _ in range(3)] == [True, False, False]
    assert Room.objects.get(pk=tea.pk).last_seq == seq + 1


def test_what_one_deletes_oneself_is_not_audited_and_what_a_moderator_deletes_is(
    ada: User, grace: User, tea: Room
) -> None:
    mine, theirs = say(ada), say(grace)
    for seq in (mine, theirs):
        delete_message(actor=ada, slug="tea", seq=seq)

    assert [
        (entry.action, entry.subject, entry.data) for entry in AuditEntry.objects.filter(action="message.deleted")
    ] == [("message.deleted", grace, {"seq": theirs})]


@pytest.mark.parametrize("seq", [0, 1, 99, SEQ_MAX, SEQ_MAX + 1])
def test_what_is_no_message_is_not_found(ada: User, tea: Room, seq: int) -> None:
    with pytest.raises(ChatError, match="not_found"):
        delete_message(actor=ada, slug="tea", seq=seq)


def test_in_an_archived_room_nothing_is_deleted(ada: User, tea: Room) -> None:
    seq = say(ada)
    archive_room(actor=ada, slug="tea")

    with pytest.raises(ChatError, match="archived"):
        delete_message(actor=ada, slug="tea", seq=seq)


def test_a_repeated_send_of_a_deleted_message_is_no_new_one(grace: User, tea: Room) -> None:
    seq = say(grace, "hello", "c-1")
    delete_message(actor=grace, slug="tea", seq=seq)

    for text in ("hello", "another"):
        again = post_message(actor=grace, slug="tea", text=text, client_id="c-1")
        assert (again.message.seq, again.duplicate) == (seq, True)


def test_over_rest_it_is_gone_and_shown_as_such(api: Api, ada: User, grace: User, mallory: User, tea: Room) -> None:
    seq = say(grace)
    address = f"/api/rooms/tea/messages/{seq}/"

    assert [api(who).delete(address).status_code for who in (None, mallory, ada, grace)] == [401, 403, 204, 204]

    shown = api(grace).get(address).json()
    assert (shown["value"], shown["deleted"], shown["user"]["username"]) == ("", True, "grace")
    assert api(grace).get("/api/rooms/tea/messages/").json()["results"] == [shown]
    assert api(grace).delete("/api/rooms/tea/messages/1/").status_code == 404, "that is a change"


def test_a_purge_erases_ten_thousand_messages_in_one_statement(ada: User, grace: User, tea: Room) -> None:
    number, first = 10_000, tea.last_seq + 1
    Message.objects.bulk_create(Message(room=tea, author=grace, seq=first + n, text="spam") for n in range(number))
    Room.objects.filter(pk=tea.pk).update(last_seq=tea.last_seq + number, message_count=number)
    kept = say(ada, "keep me")

    with CaptureQueriesContext(connection) as queries:
        ban_and_purge(actor=ada, slug="tea", username="grace")

    updates = [query for query in queries if query["sql"].startswith('UPDATE "chat_message"')]
    assert len(updates) == 1
    assert list(Message.objects.exclude(text="").values_list("seq", flat=True)) == [kept]
    told = [
        change.data["messages"] for change in Change.objects.filter(room=tea, kind="message.deleted").order_by("seq")
    ]
    assert [len(seqs) for seqs in told] == [ERASED_PER_CHANGE] * (number // ERASED_PER_CHANGE)
    assert [seq for seqs in told for seq in seqs] == list(range(first, first + number))


# On sockets


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_socket_deletes_and_everybody_hears_it(ada: User, grace: User, tea: Room) -> None:
    seq = await run(say)(grace)
    async with joined("tea", grace) as hers, joined("tea", ada) as his:
        await hers.send(type="delete", seq=seq, client_id="c-9")

        assert await hers.next("ack") == {"type": "ack", "client_id": "c-9", "seq": seq, "duplicate": False}
        told = await his.next("message.deleted")
        assert (told["messages"], told["seq"], told["actor"]["username"]) == ([seq], seq + 1, "grace")
        await hers.send(type="delete", seq=seq)
        assert (await hers.next("ack"))["duplicate"]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_refused_deletion_leaves_the_socket_open(ada: User, grace: User, tea: Room) -> None:
    seq = await run(say)(ada)
    async with joined("tea", grace) as socket:
        for number, code in (
            (seq, "forbidden"),
            (9999, "not_found"),
            (0, "validation_error"),
            ("1", "validation_error"),
        ):
            await socket.send(type="delete", seq=number, client_id="c-1")
            error = await socket.next("error")
            assert error["code"] == code
        await socket.send(type="ping")
        assert await socket.next("pong")


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_whoever_resumes_hears_the_tombstone_from_memory_and_from_the_log(
    ada: User, grace: User, tea: Room
) -> None:
    async with joined("tea", ada) as keeps_the_ring_alive:
        seq = await run(say)(grace, "a secret")
        await keeps_the_ring_alive.next("message")
        await run(delete_message)(actor=grace, slug="tea", seq=seq)
        await keeps_the_ring_alive.next("message.deleted")

        for _ in range(2):  # from the log, which fills the ring, and from the ring
            async with joined("tea", grace, after=tea.last_seq) as socket:
                tombstone, deleted = await socket.frame(), await socket.frame()
            assert (tombstone["seq"], tombstone["value"], tombstone["deleted"]) == (seq, "", True)
            assert (deleted["type"], deleted["messages"]) == ("message.deleted", [seq])
        assert live().hub.streams[tea.group].remembered > 1, "premise: the ring was filled"


def test_what_was_read_before_a_rewrite_is_not_remembered_after_it() -> None:
    stream = Stream("room.1", 5, lambda stream: None)
    read_at = stream.rewrites

    stream.offer(6, [Entry(b"deleted", rewrites=True)])
    stream.remember(5, [Entry(b"a secret")] * 5, read_at)

    assert [entry.frame for entry in stream.recall(5) or []] == [b"deleted"]
    assert stream.recall(4) is None
