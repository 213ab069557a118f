"""Reading messages back: pages by number, one message, and positions that are none."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from chat import history
from chat.history import Page, check_position, message_at, page
from chat.models import Message
from chat.posting import post_message
from foundation.deployment import change_epoch, epoch
from foundation.errors import ChatError
from foundation.limits import PAGE_DEFAULT, PAGE_MAX
from rooms.lifecycle import open_room, update_room
from rooms.models import Guests, Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(ada: User) -> Room:
    """Messages 1, 2, 3, a change 4, messages 5, 6, 7, a change 8."""
    open_room(actor=ada, name="Room", slug="room")
    for seq in range(1, 9):
        if seq in {4, 8}:
            update_room(actor=ada, slug="room", topic=f"at {seq}")
        else:
            post_message(actor=ada, slug="room", text=f"message {seq}")
    return Room.objects.get(slug="room")


def seqs(page: Page) -> list[int]:
    return [message.seq for message in page.messages]


@pytest.mark.parametrize(
    ("asked", "expected", "older", "newer"),
    [
        ({}, [1, 2, 3, 5, 6, 7], False, False),
        ({"limit": 2}, [6, 7], True, False),
        ({"limit": 6}, [1, 2, 3, 5, 6, 7], False, False),
        ({"before": 6}, [1, 2, 3, 5], False, True),
        ({"before": 6, "limit": 2}, [3, 5], True, True),
        ({"before": 4, "limit": 3}, [1, 2, 3], False, True),
        ({"before": 1}, [], False, True),
        ({"before": 0}, [], False, True),
        ({"before": 8}, [1, 2, 3, 5, 6, 7], False, False),
        ({"before": 999}, [1, 2, 3, 5, 6, 7], False, False),
        ({"after": 0}, [1, 2, 3, 5, 6, 7], False, False),
        ({"after": 3}, [5, 6, 7], True, False),
        ({"after": 3, "limit": 2}, [5, 6], True, True),
        ({"after": 7}, [], True, False),
        ({"after": 8}, [], True, False),
        ({"around": 5, "limit": 3}, [3, 5, 6], True, True),
        ({"around": 4, "limit": 4}, [2, 3, 5, 6], True, True),
        ({"around": 1, "limit": 4}, [1, 2, 3, 5], False, True),
        ({"around": 7, "limit": 4}, [6, 7], True, False),
        ({"around": 5, "limit": 1}, [5], True, True),
        ({"around": 0, "limit": 2}, [1, 2], False, True),
        ({"around": 999, "limit": 2}, [7], True, False),
    ],
)
def test_a_page_is_what_was_asked_for(
    ada: User, room: Room, asked: dict[str, int], expected: list[int], older: bool, newer: bool
) -> None:
    found = page(actor=ada, slug="room", **asked)

    assert seqs(found) == expected
    assert (found.has_older, found.has_newer) == (older, newer)
    assert (found.head, found.epoch) == (8, epoch())


def test_a_page_has_fifty_messages_unless_said_otherwise(ada: User, tea: Room) -> None:
    Message.objects.bulk_create(Message(room=tea, author=ada, text=str(seq), seq=seq) for seq in range(2, PAGE_MAX + 4))
    Room.objects.filter(pk=tea.pk).update(last_seq=PAGE_MAX + 3)

    assert len(page(actor=ada, slug="tea").messages) == PAGE_DEFAULT
    assert len(page(actor=ada, slug="tea", limit=PAGE_MAX).messages) == PAGE_MAX


@pytest.mark.parametrize("limit", [0, -1, PAGE_MAX + 1, 10**9])
def test_e11_a_limit_out_of_range_is_refused(ada: User, room: Room, limit: int) -> None:
    with pytest.raises(ChatError) as refusal:
        page(actor=ada, slug="room", limit=limit)

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/limit", "out_of_range")]


@pytest.mark.parametrize("asked", [{"before": 5, "after": 3}, {"after": 0, "around": 0}, {"before": 0, "around": 1}])
def test_e12_a_page_has_one_end(ada: User, room: Room, asked: dict[str, int]) -> None:
    with pytest.raises(ChatError, match="validation_error"):
        page(actor=ada, slug="room", **asked)


@pytest.mark.parametrize("number", [2**53, 2**63 - 1, 2**63, 10**30])
def test_no_number_is_too_large_for_the_database(ada: User, room: Room, number: int) -> None:
    assert seqs(page(actor=ada, slug="room", before=number)) == [1, 2, 3, 5, 6, 7]
    assert seqs(page(actor=ada, slug="room", around=number, limit=2)) == [7]
    for ask in (lambda: page(actor=ada, slug="room", after=number), lambda: _one(ada, number)):
        with pytest.raises(ChatError, match=r"position_invalid|not_found"):
            ask()


@pytest.mark.parametrize("number", [-1, -(2**63) - 1])
def test_no_number_is_too_small_for_the_database(ada: User, room: Room, number: int) -> None:
    assert seqs(page(actor=ada, slug="room", before=number)) == []
    assert seqs(page(actor=ada, slug="room", after=number)) == [1, 2, 3, 5, 6, 7]
    with pytest.raises(ChatError, match="not_found"):
        _one(ada, number)


def _one(actor: Any, seq: int, slug: str = "room") -> Message:
    return message_at(actor=actor, slug=slug, seq=seq)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_walking_the_pages_meets_every_message_once(ada: User, room: Room, limit: int) -> None:
    backwards: list[int] = []
    found = page(actor=ada, slug="room", limit=limit)
    backwards[:0] = seqs(found)
    while found.has_older:
        found = page(actor=ada, slug="room", before=backwards[0], limit=limit)
        backwards[:0] = seqs(found)

    forwards: list[int] = []
    found = page(actor=ada, slug="room", after=0, limit=limit)
    forwards += seqs(found)
    while found.has_newer:
        found = page(actor=ada, slug="room", after=forwards[-1], limit=limit)
        forwards += seqs(found)

    assert backwards == forwards == [1, 2, 3, 5, 6, 7]


def test_an_empty_room_has_an_empty_page(ada: User, cellar: Room) -> None:
    found = page(actor=ada, slug="cellar")

    assert (found.messages, found.head, found.has_older, found.has_newer) == ([], 0, False, False)
    assert seqs(page(actor=ada, slug="cellar", after=0)) == []


def test_a_page_costs_the_same_however_many_messages(ada: User, room: Room, django_assert_max_num_queries: Any) -> None:
    epoch()
    for asked in ({"limit": 1}, {}, {"before": 5}, {"after": 1}, {"around": 3}):
        with django_assert_max_num_queries(4):
            assert [str(message.author) for message in page(actor=ada, slug="room", **asked).messages]


def test_messages_of_other_rooms_are_never_in_a_page(ada: User, room: Room, tea: Room) -> None:
    post_message(actor=ada, slug="tea", text="elsewhere")

    assert "elsewhere" not in [message.text for message in page(actor=ada, slug="room").messages]


# One message


def test_a_message_has_an_address(ada: User, room: Room) -> None:
    assert _one(ada, 5).text == "message 5"


@pytest.mark.parametrize("seq", [4, 8, 9, 0])
def test_e4_what_is_no_message_is_not_found(ada: User, room: Room, seq: int) -> None:
    with pytest.raises(ChatError, match="not_found"):
        _one(ada, seq)


def test_t5_a_message_of_a_hidden_room_is_not_found(ada: User, mallory: User, cellar: Room) -> None:
    secret = post_message(actor=ada, slug="cellar", text="secret").message

    with pytest.raises(ChatError) as hidden:
        _one(mallory, secret.seq, "cellar")
    with pytest.raises(ChatError) as missing:
        _one(mallory, secret.seq + 1, "cellar")

    assert hidden.value.problem() == missing.value.problem()


def test_a_guest_reads_where_guests_may(room: Room) -> None:
    guest = AnonymousUser()
    with pytest.raises(ChatError, match="unauthenticated"):
        page(actor=guest, slug="room")

    Room.objects.filter(pk=room.pk).update(guests=Guests.READ)

    assert len(page(actor=guest, slug="room").messages) == 6
    assert _one(guest, 1).text == "message 1"


# Positions


def test_e13_a_position_beyond_the_end_says_where_the_end_is(ada: User, room: Room) -> None:
    with pytest.raises(ChatError) as refusal:
        page(actor=ada, slug="room", after=9)

    problem = refusal.value.problem()
    assert (problem["code"], problem["status"]) == ("position_invalid", 409)
    assert (problem["head"], problem["epoch"]) == (8, epoch())


def test_a_hidden_rooms_end_is_not_told(mallory: User, cellar: Room) -> None:
    with pytest.raises(ChatError) as refusal:
        page(actor=mallory, slug="cellar", after=999)

    assert refusal.value.code == "not_found"
    assert "head" not in refusal.value.problem()


def test_c28_a_position_is_good_in_its_epoch_only(room: Room) -> None:
    before = epoch()
    check_position(room, 8, before)

    after = change_epoch()

    assert after != before
    check_position(room, 8, after)
    check_position(room, 8)
    with pytest.raises(ChatError, match="position_invalid"):
        check_position(room, 0, before)


def test_heads_are_read_in_one_query(room: Room, tea: Room, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert history.heads([room.pk, tea.pk, 0]) == {room.pk: 8, tea.pk: tea.last_seq}
