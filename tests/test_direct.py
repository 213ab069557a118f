"""Direct rooms: one for each set of people, which nobody joins, leaves or rules."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat.posting import post_message
from foundation.errors import ChatError
from rooms import policies
from rooms.direct import open_direct
from rooms.directory import room_as_listed, title_of, visible_rooms
from rooms.lifecycle import archive_room, delete_room, open_room, update_room
from rooms.membership import add_member, change_role, join_room, leave_room, remove_member
from rooms.models import Membership, Role, Room
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(ada: User, grace: User) -> Room:
    return open_direct(actor=ada, usernames=["grace"])[0]


def complaints(actor: User, *usernames: str) -> list[tuple[str, str]]:
    with pytest.raises(ChatError, match="validation_error") as refusal:
        open_direct(actor=actor, usernames=usernames)
    return [(error.pointer, error.code) for error in refusal.value.errors]


def test_everybody_in_a_direct_room_is_a_member(ada: User, grace: User, pair: Room) -> None:
    assert (pair.kind, pair.name, pair.last_seq) == ("direct", "", 0)
    assert pair.slug.startswith("dm-") and len(pair.slug) == 19
    members = Membership.objects.filter(room=pair).order_by("pk").values_list("user__username", "role")
    assert list(members) == [("ada", Role.MEMBER), ("grace", Role.MEMBER)]


def test_for_each_set_of_people_there_is_one(ada: User, grace: User, mallory: User, pair: Room) -> None:
    assert open_direct(actor=grace, usernames=["ada"]) == (pair, False)
    three, is_new = open_direct(actor=ada, usernames=["mallory", "grace"])
    assert is_new and three != pair
    assert open_direct(actor=mallory, usernames=["grace", "ada"]) == (three, False)


def test_nine_people_fit_and_ten_do_not(ada: User) -> None:
    others = [User.objects.create_user(username=f"p{number}").username for number in range(9)]

    assert open_direct(actor=ada, usernames=others[:8])[1]
    assert complaints(ada, *others) == [("/people", "out_of_range")]


def test_wrong_people_are_pointed_at(ada: User, grace: User, mallory: User) -> None:
    mallory.is_active = False
    mallory.save()

    assert complaints(ada) == [("/people", "out_of_range")]
    assert complaints(ada, "ada") == [("/people/0", "repeated")]
    assert complaints(ada, "grace", "grace") == [("/people/1", "repeated")]
    assert complaints(ada, "grace", "nobody", "mallory") == [("/people/1", "unknown"), ("/people/2", "unknown")]
    assert complaints(ada, "Grace", "gr\0ace", "\ud800", "") == [(f"/people/{place}", "unknown") for place in range(4)]
    assert not Room.objects.filter(kind="direct").exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_open_it_at_the_same_moment_are_in_one_room(ada: User, grace: User) -> None:
    answers = at_once(
        *(
            lambda actor=actor, other=other: open_direct(actor=actor, usernames=[other.username])
            for actor, other in [(ada, grace), (grace, ada)] * 3
        )
    )

    assert answers == ["done"] * 6
    assert Room.objects.filter(kind="direct").count() == 1
    assert Membership.objects.filter(room__kind="direct").count() == 2


def test_its_people_read_and_post_and_nothing_else(ada: User, grace: User, mallory: User, pair: Room) -> None:
    slug = pair.slug
    assert policies.room_for(grace, slug).capabilities == ["post", "edit_own", "delete_own", "react", "pin"]
    post_message(actor=grace, slug=slug, text="hello")

    refused: list[Callable[[], Any]] = [
        lambda: add_member(actor=ada, slug=slug, username="mallory"),
        lambda: remove_member(actor=ada, slug=slug, username="grace"),
        lambda: change_role(actor=ada, slug=slug, username="ada", role="owner"),
        lambda: leave_room(actor=ada, slug=slug),
        lambda: update_room(actor=ada, slug=slug, name="Ours"),
        lambda: update_room(actor=ada, slug=slug, kind="public"),
        lambda: archive_room(actor=ada, slug=slug),
        lambda: delete_room(actor=ada, slug=slug),
    ]
    for command in refused:
        with pytest.raises(ChatError, match="forbidden"):
            command()

    assert Membership.objects.filter(room=pair).count() == 2


def test_nobody_else_knows_of_it(mallory: User, administrator: User, pair: Room) -> None:
    for user in (mallory, administrator):
        assert pair not in visible_rooms(user)
        for command in (join_room, leave_room, delete_room, room_as_listed):
            with pytest.raises(ChatError, match="not_found"):
                command(actor=user, slug=pair.slug)


def test_a_direct_room_with_the_administrator_gives_them_no_more(administrator: User, ada: User) -> None:
    room, _ = open_direct(actor=ada, usernames=[administrator.username])

    assert policies.room_for(administrator, room.slug).capabilities == [
        "post",
        "edit_own",
        "delete_own",
        "react",
        "pin",
    ]


def test_it_is_called_by_the_names_of_the_others(ada: User, grace: User, mallory: User, pair: Room) -> None:
    three, _ = open_direct(actor=ada, usernames=["mallory", "grace"])

    assert title_of(room_as_listed(actor=ada, slug=pair.slug), ada) == "Grace Hopper"
    assert title_of(room_as_listed(actor=grace, slug=pair.slug), grace) == "Ada Lovelace"
    assert title_of(room_as_listed(actor=grace, slug=three.slug), grace) == "Ada Lovelace, mallory"


def test_a_room_whose_others_have_gone_is_called_by_its_address(ada: User, grace: User, pair: Room) -> None:
    grace.delete()

    assert title_of(room_as_listed(actor=ada, slug=pair.slug), ada) == pair.slug


def test_no_room_chosen_by_hand_passes_for_a_direct_one(ada: User) -> None:
    with pytest.raises(ChatError, match="validation_error"):
        open_room(actor=ada, name="Fake", slug="dm-0123456789abcdef")
    assert open_room(actor=ada, name="DM us").slug != "dm-us"
