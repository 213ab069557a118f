"""Replies and threads: one level, counted at the root, and hidden from nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from chat.drafts import Draft, Posted
from chat.erasing import delete_message
from chat.models import Message
from chat.posting import post_message, post_messages
from foundation.errors import ChatError
from rooms.models import Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def say(actor: User, text: str = "hello", reply_to: int | None = None, slug: str = "tea") -> Message:
    return post_message(actor=actor, slug=slug, text=text, reply_to=reply_to).message


def fresh(message: Message) -> Message:
    return Message.objects.get(pk__isnull=False, room=message.room_id, seq=message.seq)


def test_a_reply_is_counted_at_the_root(ada: User, grace: User, tea: Room) -> None:
    root = say(ada)
    first, second = say(grace, reply_to=root.seq), say(ada, reply_to=root.seq)

    assert [(each.thread, each.nth) for each in (fresh(first), fresh(second))] == [(root.seq, 1), (root.seq, 2)]
    assert (fresh(root).reply_count, fresh(root).last_reply) == (2, second.seq)


def test_a_reply_to_a_reply_is_in_the_same_thread(ada: User, grace: User, tea: Room) -> None:
    root = say(ada)
    reply = say(grace, reply_to=root.seq)
    deeper = say(ada, reply_to=reply.seq)

    assert (deeper.reply_to, deeper.thread, deeper.nth) == (reply.seq, root.seq, 2)
    assert fresh(reply).reply_count is None


def test_many_replies_in_one_batch_are_numbered_in_their_order(ada: User, grace: User, tea: Room) -> None:
    one, two = say(ada), say(ada)

    posted = post_messages([Draft(grace, "tea", "x", None, root.seq) for root in (one, two, one, one)])

    assert [each.message.nth for each in posted if isinstance(each, Posted)] == [1, 1, 2, 3]
    assert (fresh(one).reply_count, fresh(two).reply_count) == (3, 1)


@pytest.mark.parametrize("which", ["missing", "a change", "of another room", "deleted", "the end of the world"])
def test_what_cannot_be_answered_is_refused_in_one_way(which: str, ada: User, tea: Room, cellar: Room) -> None:
    elsewhere = [say(ada, slug="cellar") for _ in range(5)][-1]
    gone = say(ada)
    delete_message(actor=ada, slug="tea", seq=gone.seq)
    seqs = {"missing": 999, "a change": 1, "deleted": gone.seq, "the end of the world": 2**53 - 1}
    before = Room.objects.get(pk=tea.pk).last_seq

    with pytest.raises(ChatError) as refusal:
        say(ada, reply_to=seqs.get(which, elsewhere.seq + 1))

    assert refusal.value.code == "validation_error"
    assert [(each.pointer, each.code) for each in refusal.value.errors] == [("/reply_to", "not_found")]
    assert Room.objects.get(pk=tea.pk).last_seq == before


def test_a_bad_reply_fails_alone_in_its_batch(ada: User, tea: Room) -> None:
    good, bad, after = post_messages([Draft(ada, "tea", "x", None, to) for to in (None, 999, None)])

    assert isinstance(good, Posted) and isinstance(after, Posted) and isinstance(bad, ChatError)
    assert after.message.seq == good.message.seq + 1


@pytest.mark.parametrize("value", [0, -1, 2**63, "1", 1.5, True, []])
def test_a_reply_to_no_number_is_refused_on_both_doors(value: Any, api: Api, ada: User, tea: Room) -> None:
    answer = api(ada).post("/api/rooms/tea/messages/", {"value": "x", "reply_to": value}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["errors"][0]["pointer"] == "/reply_to"


def test_a_thread_is_read_page_by_page_and_hides_nothing(api: Api, ada: User, grace: User, tea: Room) -> None:
    root = say(ada)
    replies = [say(grace, f"reply {n}", reply_to=root.seq) for n in range(5)]
    other = say(ada, "something else")
    client = api(grace)

    page = client.get(f"/api/rooms/tea/messages/{root.seq}/replies/?limit=2").json()
    older = client.get(page["previous"]).json()
    room = client.get("/api/rooms/tea/messages/").json()["results"]

    assert [each["seq"] for each in page["results"]] == [each.seq for each in replies[3:]]
    assert [each["seq"] for each in older["results"]] == [each.seq for each in replies[1:3]]
    assert [each["seq"] for each in client.get(older["next"]).json()["results"]] == [each.seq for each in replies[3:]]
    assert [each["seq"] for each in room] == [root.seq, *(each.seq for each in replies), other.seq]
    assert (room[0]["reply_count"], room[0]["last_reply"]) == (5, replies[-1].seq)
    assert client.get("/api/rooms/tea/messages/999/replies/").status_code == 404
    assert client.get(f"/api/rooms/tea/messages/{other.seq}/replies/").json()["results"] == []


def test_a_deleted_reply_still_counts_and_stays_in_its_thread(api: Api, ada: User, tea: Room) -> None:
    root = say(ada)
    reply = say(ada, reply_to=root.seq)
    delete_message(actor=ada, slug="tea", seq=reply.seq)

    assert fresh(root).reply_count == 1
    [shown] = api(ada).get(f"/api/rooms/tea/messages/{root.seq}/replies/").json()["results"]
    assert (shown["deleted"], shown["thread"]) == (True, root.seq)


def test_messages_that_answer_nothing_cost_no_query_more(ada: User, grace: User, tea: Room) -> None:
    say(grace), say(ada)  # both have posted before
    with CaptureQueriesContext(
        connection,
    ) as plain:
        post_messages([Draft(ada, "tea", "x"), Draft(grace, "tea", "y")])
    root = say(ada)
    with CaptureQueriesContext(connection) as replies:
        post_messages([Draft(ada, "tea", "x", None, root.seq), Draft(grace, "tea", "y", None, root.seq)])

    assert len(replies) == len(plain) + 2  # the messages that are answered, and their counts


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_socket_replies_and_the_frame_says_where(ada: User, grace: User, tea: Room) -> None:
    root = await run(say)(ada)
    async with joined("tea", ada) as listener, joined("tea", grace) as socket:
        await socket.send(type="message", value="yes", reply_to=root.seq)
        heard = await listener.next("message")
        await socket.send(type="message", value="yes", reply_to=root.seq + 99, client_id="c-1")
        error = await socket.next("error")

    assert (heard["reply_to"], heard["thread"], heard["nth"]) == (root.seq, root.seq, 1)
    assert (error["code"], error["errors"][0]["pointer"], error["client_id"]) == (
        "validation_error",
        "/reply_to",
        "c-1",
    )
