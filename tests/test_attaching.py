"""Attachments: an upload is claimed once, by a message of its uploader, and read by whoever may read the room."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat.attaching import readable
from chat.drafts import Draft, Posted
from chat.models import Attachment, Message
from chat.posting import post_message, post_messages
from foundation.errors import ChatError
from foundation.limits import ATTACHMENTS_PER_MESSAGE
from rooms.membership import add_member, remove_member
from rooms.models import Room
from tests.uploads import code_of, id_of, post, uploaded, uploaded_photo

pytestmark = pytest.mark.django_db


def refusal(actor: User, *ids: str, slug: str = "tea", text: str = "") -> ChatError:
    with pytest.raises(ChatError) as refused:
        post_message(actor=actor, slug=slug, text=text, attachments=ids)
    return refused.value


# Posting


def test_a_message_claims_its_uploads(ada: User, tea: Room) -> None:
    notes, pot = uploaded(ada), uploaded_photo(ada)

    message = post(ada, pot, notes, text="look").message

    message = Message.objects.get(room=tea, seq=message.seq)
    shown, other = message.attachments or []
    assert (shown["name"], other["name"]) == ("pot.jpg", "notes.txt")
    assert shown == {
        "id": id_of(pot),
        "name": "pot.jpg",
        "size": pot.size,
        "type": "image/jpeg",
        "width": 64,
        "height": 32,
        "url": f"/files/{id_of(pot)}/pot.jpg",
        "thumbnail_url": f"/files/{id_of(pot)}/thumbnail",
    }
    assert {each.seq for each in Attachment.objects.all()} == {message.seq}


def test_a_message_with_a_file_needs_no_text_and_one_without_does(ada: User, tea: Room) -> None:
    assert post(ada, uploaded(ada)).message.text == ""
    assert refusal(ada).errors[0].code == "blank"


def test_d14_what_cannot_be_had_is_refused_in_the_same_words(ada: User, grace: User, tea: Room, cellar: Room) -> None:
    used, of_grace, elsewhere, mine = uploaded(ada), uploaded(grace), uploaded(ada, slug="cellar"), uploaded(ada)
    erased = uploaded(ada)
    post(ada, used)
    Attachment.objects.filter(pk=erased.pk).update(room=None)
    made_up = [str(uuid.uuid4()), "", "x", "1", id_of(mine).upper(), id_of(mine).replace("-", ""), "\0", "\ud800"]
    before = Message.objects.count()

    tried = [*map(id_of, (used, of_grace, elsewhere, erased)), *made_up]
    refusals = [refusal(ada, each, text="hello") for each in tried]
    refusals += [refusal(ada, id_of(mine), id_of(used)), refusal(ada, id_of(mine), id_of(mine))]

    assert {(error.code, error.detail, error.errors) for error in refusals} == {
        (refusals[0].code, refusals[0].detail, refusals[0].errors)
    }
    assert (refusals[0].code, refusals[0].errors[0].pointer) == ("validation_error", "/attachments")
    assert Message.objects.count() == before
    assert post(ada, mine), "and it is still to be had"


def test_the_first_attachment_too_many_is_refused(ada: User, tea: Room) -> None:
    many = [uploaded(ada) for _ in range(ATTACHMENTS_PER_MESSAGE + 1)]

    assert refusal(ada, *map(id_of, many)).errors[0].code == "too_many"
    assert len(post(ada, *many[:-1]).message.attachments or ()) == ATTACHMENTS_PER_MESSAGE


def test_a_guest_has_no_uploads(ada: User, lobby: Room) -> None:
    from django.contrib.auth.models import AnonymousUser

    of_ada = uploaded(ada, slug="lobby")

    with pytest.raises(ChatError, match="validation_error"):
        post_message(actor=AnonymousUser(), slug="lobby", text="hello", attachments=[id_of(of_ada)])


def test_a_repeated_send_is_the_same_message_and_with_other_files_a_conflict(ada: User, tea: Room) -> None:
    one, other = uploaded(ada), uploaded(ada)
    first = post(ada, one, text="look", client_id="c-1")

    again = post(ada, one, text="look", client_id="c-1")

    assert (again.duplicate, again.message.seq) == (True, first.message.seq)
    for files in ((), (other,), (one, other)):
        with pytest.raises(ChatError, match="idempotency_conflict"):
            post(ada, *files, text="look", client_id="c-1")
    assert Attachment.objects.get(pk=other.pk).seq is None


def test_in_a_batch_an_upload_is_claimed_once(ada: User, grace: User, tea: Room) -> None:
    one, two = uploaded(ada), uploaded(grace)

    outcomes = post_messages(
        [
            Draft(ada, "tea", "mine", None, attachments=(id_of(one),)),
            Draft(ada, "tea", "mine again", None, attachments=(id_of(one),)),
            Draft(grace, "tea", "of ada", None, attachments=(id_of(one),)),
            Draft(grace, "tea", "", "c-1", attachments=(id_of(two),)),
            Draft(grace, "tea", "", "c-1", attachments=(id_of(two),)),
            Draft(ada, "tea", "plain"),
        ]
    )

    first, again, foreign, second, repeated, plain = outcomes
    assert code_of(again) == code_of(foreign) == "validation_error"
    assert isinstance(first, Posted) and isinstance(second, Posted) and isinstance(plain, Posted)
    assert isinstance(repeated, Posted) and (repeated.duplicate, repeated.message.seq) == (True, second.message.seq)
    assert [Attachment.objects.get(pk=each.pk).seq for each in (one, two)] == [first.message.seq, second.message.seq]
    assert plain.message.attachments is None


def test_a_message_without_files_asks_for_none(
    ada: User, tea: Room, django_assert_num_queries: Callable[[int], Any]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        post(ada, text="hello")

    assert not [
        query
        for query in asked.captured_queries
        if "attachment" in query["sql"].lower().split("values")[0] and not query["sql"].startswith("INSERT")
    ]


# Reading


def test_who_may_read_the_room_reads_the_file(ada: User, grace: User, mallory: User, tea: Room, cellar: Room) -> None:
    mine, secret = uploaded(ada), uploaded(ada, slug="cellar")
    assert readable(actor=ada, public_id=mine.public_id) == mine
    for reader, each in ((grace, mine), (grace, secret), (mallory, secret)):
        with pytest.raises(ChatError, match="not_found"):
            readable(actor=reader, public_id=each.public_id)

    post(ada, mine)
    post(ada, secret, slug="cellar")

    assert readable(actor=grace, public_id=mine.public_id) == mine
    assert readable(actor=mallory, public_id=mine.public_id) == mine, "the room is public"
    with pytest.raises(ChatError, match="not_found"):
        readable(actor=grace, public_id=secret.public_id)


def test_t5_who_was_removed_reads_no_more_not_even_their_own(ada: User, grace: User, cellar: Room) -> None:
    add_member(actor=ada, slug="cellar", username="grace")
    posted, waiting = uploaded(grace, slug="cellar"), uploaded(grace, slug="cellar")
    post(grace, posted, slug="cellar")
    remove_member(actor=ada, slug="cellar", username="grace")

    for each in (posted, waiting):
        with pytest.raises(ChatError, match="not_found"):
            readable(actor=grace, public_id=each.public_id)
    assert readable(actor=ada, public_id=posted.public_id)
