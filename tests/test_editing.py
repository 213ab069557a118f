"""Editing: the number stays, the text changes, and what it was stays readable until the message is deleted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from chat.editing import edit_message, versions_of
from chat.erasing import delete_message
from chat.history import entries_between
from chat.models import Mention, Message, Revision
from chat.posting import post_message
from chat.search import search
from foundation.errors import ChatError
from foundation.limits import REVISIONS_MAX
from rooms.lifecycle import archive_room
from rooms.models import Change, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def say(actor: User, text: str = "hello", client_id: str | None = None) -> int:
    return post_message(actor=actor, slug="tea", text=text, client_id=client_id).message.seq


def edit(actor: User, seq: int, text: str) -> bool:
    return edit_message(actor=actor, slug="tea", seq=seq, text=text)[1]


def refusal(actor: User, seq: int, text: str = "new") -> str:
    with pytest.raises(ChatError) as refused:
        edit(actor, seq, text)
    return refused.value.code


def test_the_text_changes_and_the_number_stays(grace: User, tea: Room) -> None:
    seq = say(grace)

    assert edit(grace, seq, "**bye**")

    message = Message.objects.get(room=tea, seq=seq)
    change = Change.objects.get(room=tea, seq=seq + 1)
    assert (message.text, message.html) == ("**bye**", "<p><strong>bye</strong></p>")
    assert (change.kind, change.data["message"], message.edited_at) == ("message.edited", seq, change.created_at)


def test_what_it_said_before_stays_readable(ada: User, grace: User, tea: Room) -> None:
    seq = say(grace, "one")
    for text in ("two", "three"):
        edit(grace, seq, text)

    versions = list(versions_of(actor=ada, slug="tea", seq=seq))

    assert [version.text for version in versions] == ["one", "two", "three"]
    assert versions[0].written_at < versions[1].written_at < versions[2].written_at


def test_the_same_text_is_no_edit(grace: User, tea: Room) -> None:
    seq = say(grace)

    assert edit(grace, seq, "hello") is False

    assert (Room.objects.get(pk=tea.pk).last_seq, Revision.objects.count()) == (seq, 0)


def test_nobody_edits_what_another_said_not_even_the_owner(ada: User, grace: User, tea: Room) -> None:
    assert refusal(ada, say(grace)) == "forbidden"


def test_a_deleted_message_cannot_be_edited_and_forgets_what_it_said(ada: User, grace: User, tea: Room) -> None:
    seq = say(grace, "a secret")
    edit(grace, seq, "another secret")
    delete_message(actor=grace, slug="tea", seq=seq)

    assert refusal(grace, seq) == "not_found"
    with pytest.raises(ChatError, match="not_found"):
        list(versions_of(actor=ada, slug="tea", seq=seq))
    log = b"".join(entry.frame for entry in entries_between(tea.pk, 0, Room.objects.get(pk=tea.pk).last_seq))
    assert b"secret" not in log
    assert not Revision.objects.exists()


def test_the_time_to_edit_ends_where_the_operator_says_so(grace: User, tea: Room, settings: Any) -> None:
    settings.EDIT_WINDOW_S = 60
    seq = say(grace)
    assert edit(grace, seq, "in time")

    Message.objects.filter(seq=seq).update(sent_at=timezone.now() - timedelta(seconds=61))

    assert refusal(grace, seq) == "edit_window"
    settings.EDIT_WINDOW_S = 0
    assert edit(grace, seq, "for ever")


def test_a_message_is_edited_a_bounded_number_of_times(grace: User, tea: Room) -> None:
    seq = say(grace)
    Revision.objects.bulk_create(
        Revision(room=tea, seq=seq, replaced_by=1000 + n, text="x", written_at=timezone.now())
        for n in range(REVISIONS_MAX)
    )

    assert refusal(grace, seq) == "limit_reached"
    assert Message.objects.get(room=tea, seq=seq).text == "hello"


def test_it_is_found_by_what_it_says_now(ada: User, grace: User, tea: Room) -> None:
    seq = say(grace, "darjeeling")
    edit(grace, seq, "assam")

    found = {word: [hit.message.seq for hit in search(actor=ada, q=word).hits] for word in ("darjeeling", "assam")}
    assert found == {"darjeeling": [], "assam": [seq]}


def test_in_the_archive_nothing_is_edited(ada: User, grace: User, tea: Room) -> None:
    seq = say(grace)
    archive_room(actor=ada, slug="tea")

    assert refusal(grace, seq) == "archived"


def test_whoever_is_mentioned_anew_is_told_and_who_is_no_more_is_not(ada: User, grace: User, tea: Room) -> None:
    seq = say(ada, "@grace")
    assert Mention.objects.count() == 1

    edit(ada, seq, "nobody")
    assert not Mention.objects.exists()
    edit(ada, seq, "@grace again")

    assert [mention.user for mention in Mention.objects.all()] == [grace]
    assert Message.objects.get(room=tea, seq=seq).mentions == ["grace"]


def test_a_repeated_send_finds_the_message_that_was_edited_since(grace: User, tea: Room) -> None:
    seq = say(grace, "hello", client_id="c-1")
    edit(grace, seq, "bye")

    again = post_message(actor=grace, slug="tea", text="hello", client_id="c-1")

    assert (again.message.seq, again.duplicate, again.message.text) == (seq, True, "bye")


@pytest.mark.parametrize(
    ("value", "status", "code"),
    [
        (" ", 400, "validation_error"),
        ("a\0b", 400, "validation_error"),
        (1, 400, "validation_error"),
        (None, 400, "validation_error"),
        ("x" * 10_001, 413, "message_too_long"),
        (" ".join(f"@p{n}" for n in range(21)), 400, "validation_error"),
    ],
)
def test_a_bad_text_is_refused_and_the_old_one_stays(
    value: Any, status: int, code: str, api: Api, grace: User, tea: Room
) -> None:
    seq = say(grace)

    answer = api(grace).patch(f"/api/rooms/tea/messages/{seq}/", {"value": value}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Message.objects.get(room=tea, seq=seq).text == "hello"


def test_rest_answers_the_message_as_it_is_now(api: Api, grace: User, tea: Room) -> None:
    seq = say(grace)

    answer = api(grace).patch(f"/api/rooms/tea/messages/{seq}/", {"value": "bye"}, format="json")

    assert answer.json() == api(grace).get(f"/api/rooms/tea/messages/{seq}/").json()
    assert (answer.json()["value"], "html" in answer.json(), "edited_at" in answer.json()) == ("bye", False, True)
    revisions = api(grace).get(f"/api/rooms/tea/messages/{seq}/revisions/").json()["results"]
    assert [revision["value"] for revision in revisions] == ["hello", "bye"]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_socket_edits_and_everybody_hears_of_it(ada: User, grace: User, tea: Room) -> None:
    seq = await run(say)(grace)
    async with joined("tea", ada) as listener, joined("tea", grace) as socket:
        await socket.send(type="edit", seq=seq, value="_bye_", client_id="c-9")
        ack = await socket.next("ack")
        heard = await listener.next("message.edited")
        await socket.send(type="edit", seq=seq, value="_bye_", client_id="c-10")
        again = await socket.next("ack")
        await socket.send(type="edit", seq=seq + 50, value="x", client_id="c-11")
        error = await socket.next("error")

    assert (ack["seq"], ack["client_id"], ack["duplicate"]) == (seq, "c-9", False)
    assert (again["seq"], again["duplicate"]) == (seq, True)
    assert (heard["message"], heard["value"], heard["html"]) == (seq, "_bye_", "<p><em>bye</em></p>")
    assert heard["actor"]["username"] == "grace"
    assert (error["code"], error["client_id"]) == ("not_found", "c-11")
