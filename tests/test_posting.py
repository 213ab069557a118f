"""Posting: durable, in order, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation.errors import ChatError
from rooms.membership import remove_member
from rooms.models import Change, Guests, Membership, Room

pytestmark = pytest.mark.django_db


def test_messages_and_changes_share_one_sequence_without_holes(ada: User, mallory: User, tea: Room) -> None:
    start = tea.last_seq

    post_message(actor=ada, slug="tea", text="one")
    post_message(actor=mallory, slug="tea", text="two")  # mallory joins first: that is a change of its own

    messages = dict(Message.objects.filter(room=tea).values_list("seq", "text"))
    changes = dict(Change.objects.filter(room=tea, seq__gt=start).values_list("seq", "kind"))
    assert messages == {start + 1: "one", start + 3: "two"}
    assert changes == {start + 2: "member.joined"}
    tea.refresh_from_db()
    assert tea.last_seq == start + 3


def test_a_refused_message_uses_no_number(tea: Room) -> None:
    with pytest.raises(ChatError, match="unauthenticated"):
        post_message(actor=AnonymousUser(), slug="tea", text="hello")

    assert Room.objects.get(slug="tea").last_seq == tea.last_seq


def test_the_same_client_id_gives_the_same_message(ada: User, tea: Room) -> None:
    first = post_message(actor=ada, slug="tea", text="hello", client_id="c-1")

    again = post_message(actor=ada, slug="tea", text="hello", client_id="c-1")

    assert again.duplicate and not first.duplicate
    assert again.message.seq == first.message.seq
    assert Message.objects.filter(room=tea).count() == 1


def test_the_same_client_id_with_another_text_is_refused(ada: User, tea: Room) -> None:
    post_message(actor=ada, slug="tea", text="hello", client_id="c-1")

    with pytest.raises(ChatError, match="idempotency_conflict"):
        post_message(actor=ada, slug="tea", text="good bye", client_id="c-1")


def test_a_client_id_belongs_to_its_author(ada: User, grace: User, tea: Room) -> None:
    mine = post_message(actor=ada, slug="tea", text="hello", client_id="c-1")

    yours = post_message(actor=grace, slug="tea", text="hello", client_id="c-1")

    assert not yours.duplicate
    assert yours.message.seq != mine.message.seq


def test_a_guest_repeats_without_a_second_message(lobby: Room) -> None:
    guest = AnonymousUser()
    first = post_message(actor=guest, slug="lobby", text="hello", client_id="c-1")

    again = post_message(actor=guest, slug="lobby", text="hello", client_id="c-1")

    assert again.duplicate and again.message.seq == first.message.seq
    assert first.message.author is None


def test_a_removed_person_cannot_repeat_into_a_private_room(ada: User, grace: User, cellar: Room) -> None:
    Membership.objects.create(room=cellar, user=grace)
    post_message(actor=grace, slug="cellar", text="hello", client_id="c-1")
    remove_member(actor=ada, slug="cellar", username="grace")

    with pytest.raises(ChatError, match="not_found"):
        post_message(actor=grace, slug="cellar", text="hello", client_id="c-1")


def test_posting_in_a_public_room_joins_it(mallory: User, tea: Room) -> None:
    assert not Membership.objects.filter(room=tea, user=mallory).exists(), "premise: mallory starts outside"

    post_message(actor=mallory, slug="tea", text="hello")

    assert Membership.objects.get(room=tea, user=mallory).role == "member"


def test_a_reading_guest_cannot_write(tea: Room) -> None:
    Room.objects.filter(pk=tea.pk).update(guests=Guests.READ)

    with pytest.raises(ChatError, match="forbidden"):
        post_message(actor=AnonymousUser(), slug="tea", text="hello")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        " leading\tand trailing \r\n",
        "\u202eright to left",
        "e\u0301 " + "\u0301" * 1000,
        "👩‍👩‍👧",
        "<script>",
        "' OR 1=1 --",
    ],
)
def test_a_text_is_stored_as_it_is(ada: User, tea: Room, text: str) -> None:
    message = post_message(actor=ada, slug="tea", text=text).message

    assert Message.objects.get(room=message.room, seq=message.seq).text == text


@pytest.mark.parametrize(
    ("text", "code", "field_code"),
    [
        ("", "validation_error", "blank"),
        (" \n\t", "validation_error", "blank"),
        ("\u200b\u200d\ufeff", "validation_error", "blank"),
        ("\x07\x1b", "validation_error", "blank"),
        ("a\0b", "validation_error", "null_character"),
        ("half \ud800", "validation_error", "surrogate"),
        ("x" * 10_001, "message_too_long", None),
        ("茶" * 10_000 + "茶" * 3_654, "message_too_long", None),
        ("🫖" * 10_000, None, None),
        ("🫖" * 10_001, "message_too_long", None),
    ],
)
def test_what_cannot_be_a_message_is_refused(
    ada: User, tea: Room, text: str, code: str | None, field_code: str
) -> None:
    if code is None:
        assert post_message(actor=ada, slug="tea", text=text).message.text == text
        return
    with pytest.raises(ChatError) as refusal:
        post_message(actor=ada, slug="tea", text=text)

    assert refusal.value.code == code
    assert [error.code for error in refusal.value.errors] == ([field_code] if field_code else [])
    assert not Message.objects.filter(room=tea).exists()


@pytest.mark.parametrize("client_id", ["", "a b", "x" * 65, "é", "a\n"])
def test_a_client_id_has_a_form(ada: User, tea: Room, client_id: str) -> None:
    with pytest.raises(ChatError, match="validation_error"):
        post_message(actor=ada, slug="tea", text="hello", client_id=client_id)


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_dense_sequence(ada: User, grace: User, tea: Room) -> None:
    def write(number: int) -> tuple[int, int]:
        try:
            author = ada if number % 2 else grace
            posted = post_message(
                actor=author, slug="tea", text=f"message {number}", client_id=f"c-{number % 20}-{number // 40}"
            )
            return posted.message.seq, posted.duplicate
        except ChatError:
            return 0, False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(write, range(80)))

    seqs = list(Message.objects.filter(room=tea).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(tea.last_seq + 1, tea.last_seq + 1 + len(seqs)))
    assert {seq for seq, _ in results if seq} == set(seqs)
    assert Room.objects.get(pk=tea.pk).last_seq == seqs[-1]
