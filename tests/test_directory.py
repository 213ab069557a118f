"""Which rooms a person sees, and who is in them."""

from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from foundation.errors import ChatError
from rooms import policies
from rooms.directory import matching, members_of, room_as_listed, visible_rooms
from rooms.lifecycle import open_room, update_room
from rooms.membership import add_member, leave_room, remove_member
from rooms.models import Room
from rooms.policies import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def rooms(ada: User, grace: User, tea: Room, cellar: Room, lobby: Room) -> list[Room]:
    """One room of every sort, and a private one that ada and grace share."""
    open_room(actor=ada, name="Porch", slug="porch", guests="read")
    open_room(actor=ada, name="Study", slug="study", kind="private")
    add_member(actor=ada, slug="study", username="grace")
    return list(Room.objects.all())


def seen_by(user: Person) -> set[str]:
    return set(visible_rooms(user).values_list("slug", flat=True))


def test_everybody_sees_their_own_rooms(
    ada: User, grace: User, mallory: User, administrator: User, rooms: list[Room]
) -> None:
    assert seen_by(AnonymousUser()) == {"porch", "lobby"}
    assert seen_by(mallory) == {"tea", "porch", "lobby"}
    assert seen_by(grace) == {"tea", "porch", "lobby", "study"}
    assert seen_by(ada) == seen_by(administrator) == {"tea", "porch", "lobby", "study", "cellar"}


def test_what_is_listed_is_what_may_be_read(
    ada: User, grace: User, mallory: User, administrator: User, rooms: list[Room]
) -> None:
    for user in (AnonymousUser(), mallory, grace, ada, administrator):
        readable = set()
        for room in rooms:
            with suppress(ChatError):
                readable.add(policies.room_for(user, room.slug).room.slug)

        assert seen_by(user) == readable, user


def test_a_room_appears_and_vanishes_with_the_membership(ada: User, grace: User, cellar: Room) -> None:
    assert "cellar" not in seen_by(grace)

    add_member(actor=ada, slug="cellar", username="grace")
    assert "cellar" in seen_by(grace)

    remove_member(actor=ada, slug="cellar", username="grace")
    assert "cellar" not in seen_by(grace)


def test_a_room_made_private_vanishes_for_strangers_only(ada: User, grace: User, mallory: User, tea: Room) -> None:
    update_room(actor=ada, slug="tea", kind="private")

    assert "tea" in seen_by(grace)
    assert "tea" not in seen_by(mallory) | seen_by(AnonymousUser())


def test_a_room_is_listed_with_my_role_and_the_number_of_members(
    ada: User, grace: User, mallory: User, administrator: User, tea: Room
) -> None:
    for user, role in ((ada, "owner"), (grace, "member"), (mallory, None), (administrator, None)):
        listed = room_as_listed(actor=user, slug="tea")
        assert (listed.my_role, listed.member_count) == (role, 2)

    leave_room(actor=grace, slug="tea")
    assert room_as_listed(actor=ada, slug="tea").member_count == 1


def test_a_room_that_nobody_is_in_is_listed_too(lobby: Room) -> None:
    listed = room_as_listed(actor=AnonymousUser(), slug="lobby")

    assert (listed.my_role, listed.member_count) == (None, 0)


def test_a_list_of_rooms_costs_two_queries(ada: User, rooms: list[Room], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):  # the rooms, the people of direct ones
        assert [(room.my_role, room.member_count, str(room.created_by)) for room in visible_rooms(ada)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("tea", {"tea"}),
        ("TEA", {"tea"}),
        ("coffee", {"tea"}),
        ("no tea", {"tea"}),
        ("tea porch", set()),
        ("porc", {"porch"}),
        ("", {"tea", "porch", "lobby"}),
        ("%", set()),
        ("_", set()),
        ("\\", set()),
        ("'", set()),
        ('" OR 1=1 --', set()),
        ("cellar", set()),
        ("study", set()),
        ("茶", set()),
    ],
)
def test_t25_a_search_takes_every_word_as_it_is(mallory: User, rooms: list[Room], words: str, found: set[str]) -> None:
    assert set(matching(visible_rooms(mallory), words).values_list("slug", flat=True)) == found


def test_a_search_finds_capital_letters_of_any_alphabet(ada: User) -> None:
    open_room(actor=ada, name="Über", slug="uber")

    assert matching(visible_rooms(ada), "Über").exists()


def test_members_are_listed_oldest_first(ada: User, grace: User, mallory: User, tea: Room) -> None:
    for actor in (ada, grace, mallory):
        assert [(each.user.username, each.role) for each in members_of(actor=actor, slug="tea")] == [
            ("ada", "owner"),
            ("grace", "member"),
        ]
