"""Who may do what: every cell of the table in `rooms/policies.py`, proven through the commands themselves."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat import history
from chat.posting import post_message
from foundation.errors import ChatError
from rooms import directory, lifecycle, membership, policies
from rooms.lifecycle import open_room
from rooms.membership import add_member, remove_member
from rooms.models import Membership, Role, Room
from rooms.policies import Person

pytestmark = pytest.mark.django_db

ROOMS = {
    "closed to guests": {"kind": "public", "guests": "none"},
    "open for reading": {"kind": "public", "guests": "read"},
    "open for writing": {"kind": "public", "guests": "write"},
    "private": {"kind": "private", "guests": "none"},
}
COMMANDS: dict[str, Callable[[Any], object]] = {
    "read": lambda actor: history.page(actor=actor, slug="room"),
    "post": lambda actor: post_message(actor=actor, slug="room", text="hello"),
    "join": lambda actor: membership.join_room(actor=actor, slug="room"),
    "update": lambda actor: lifecycle.update_room(actor=actor, slug="room", topic="new"),
    "manage_members": lambda actor: membership.add_member(actor=actor, slug="room", username="newcomer"),
    "delete": lambda actor: lifecycle.delete_room(actor=actor, slug="room"),
}
GUEST, SIGNED_IN = "guest", "signed in, public room"


def table() -> dict[tuple[str, str], str]:
    """The cells of the docstring's table by right and kind of person."""
    rows = re.findall(r"^\| (.+) \|$", policies.__doc__ or "", re.MULTILINE)
    (_, *people), *rights = [[cell.strip() for cell in row.split("|")] for row in rows]
    return {(right, person): cell for right, *cells in rights for person, cell in zip(people, cells, strict=True)}


def granted(cell: str, room: str) -> bool:
    """What a cell promises in this room."""
    words = {
        "no": False,
        "": True,  # a member joins again: nothing happens, and nobody is refused
        "guests ≠ none": room in {"open for reading", "open for writing"},
        "guests = write": room == "open for writing",
    }
    return words[cell] if cell in words else bool(re.fullmatch(r"yes( \((and )?joins\))?", cell))


@pytest.fixture
def room(request: pytest.FixtureRequest, ada: User) -> Room:
    User.objects.create_user("newcomer")
    return open_room(actor=ada, name="Room", slug="room", **ROOMS[request.getfixturevalue("which")])


def person(kind: str, room: Room) -> Person:
    """Somebody of this kind in front of the room."""
    if kind == GUEST:
        return AnonymousUser()
    if kind == "owner":
        return User.objects.get(username="ada")
    user = User.objects.create_user("somebody", is_superuser=kind == "administrator")
    if kind == "member":
        Membership.objects.create(room=room, user=user, role=Role.MEMBER)
    return user


def test_the_table_has_a_row_for_every_right_and_the_rooms_capabilities(ada: User, tea: Room) -> None:
    rights = {right for right, _ in table()}

    assert rights == set(COMMANDS)
    assert set(policies.room_for(ada, "tea").capabilities) < rights


@pytest.mark.parametrize("which", ROOMS)
@pytest.mark.parametrize(("right", "kind"), table())
def test_the_table_of_rights_is_what_the_commands_do(right: str, kind: str, which: str, room: Room) -> None:
    actor = person(kind, room)
    cell = table()[right, kind]
    hidden = which == "private" and kind in {GUEST, SIGNED_IN}

    if not hidden and granted(cell, which):
        COMMANDS[right](actor)
        if "joins" in cell:
            assert Membership.objects.get(room=room, user__username=actor.username).role == Role.MEMBER
        return
    with pytest.raises(ChatError) as refusal:
        COMMANDS[right](actor)

    may_read = not hidden and granted(table()["read", kind], which)
    expected = "forbidden" if may_read else "unauthenticated" if kind == GUEST else "not_found"
    assert refusal.value.code == expected


@pytest.mark.parametrize("which", ROOMS)
@pytest.mark.parametrize("kind", dict.fromkeys(kind for _, kind in table()))
def test_capabilities_are_the_words_of_the_table(kind: str, which: str, room: Room) -> None:
    actor = person(kind, room)
    if (which == "private" and kind in {GUEST, SIGNED_IN}) or not granted(table()["read", kind], which):
        with pytest.raises(ChatError):
            policies.room_for(actor, "room")
        return

    access = policies.room_for(actor, "room")

    cells = {right: cell for (right, who), cell in table().items() if who == kind and right != "read"}
    assert access.capabilities == [right for right, cell in cells.items() if cell and granted(cell, which)]


# What is hidden does not exist


EVERY_DOOR: dict[str, Callable[[Any, str], object]] = {
    "read": lambda actor, slug: history.page(actor=actor, slug=slug),
    "read one": lambda actor, slug: history.message_at(actor=actor, slug=slug, seq=1),
    "read from beyond": lambda actor, slug: history.page(actor=actor, slug=slug, after=10**6),
    "post": lambda actor, slug: post_message(actor=actor, slug=slug, text="hello", client_id="c-1"),
    "join": lambda actor, slug: membership.join_room(actor=actor, slug=slug),
    "leave": lambda actor, slug: membership.leave_room(actor=actor, slug=slug),
    "add": lambda actor, slug: membership.add_member(actor=actor, slug=slug, username="ada"),
    "add nobody": lambda actor, slug: membership.add_member(actor=actor, slug=slug, username="nobody"),
    "remove": lambda actor, slug: membership.remove_member(actor=actor, slug=slug, username="ada"),
    "change a role": lambda actor, slug: membership.change_role(actor=actor, slug=slug, username="ada", role="member"),
    "update": lambda actor, slug: lifecycle.update_room(actor=actor, slug=slug, name="Mine"),
    "update badly": lambda actor, slug: lifecycle.update_room(actor=actor, slug=slug, kind="secret"),
    "delete": lambda actor, slug: lifecycle.delete_room(actor=actor, slug=slug),
    "list one": lambda actor, slug: directory.room_as_listed(actor=actor, slug=slug),
    "members": lambda actor, slug: list(directory.members_of(actor=actor, slug=slug)),
}


def answer(door: str, actor: Person, slug: str) -> tuple[dict[str, Any], list[str]]:
    """The refusal as REST words it, and the tables that were asked before it was given."""
    with pytest.raises(ChatError) as refusal, CaptureQueriesContext(connection) as queries:
        EVERY_DOOR[door](actor, slug)
    return refusal.value.problem(), re.findall(r'SELECT .* FROM "(\w+)"', "\n".join(query["sql"] for query in queries))


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_hidden_room_is_refused_like_one_that_is_not_there(door: str, mallory: User, cellar: Room) -> None:
    hidden, missing = answer(door, mallory, "cellar"), answer(door, mallory, "nowhere")

    assert hidden == missing, "the same words after the same work"
    assert hidden[0]["code"] == "not_found"


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_former_member_is_a_stranger(door: str, ada: User, grace: User, cellar: Room) -> None:
    add_member(actor=ada, slug="cellar", username="grace")
    post_message(actor=grace, slug="cellar", text="hello", client_id="c-1")
    remove_member(actor=ada, slug="cellar", username="grace")

    assert answer(door, grace, "cellar") == answer(door, grace, "nowhere")


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_guest_cannot_tell_closed_hidden_and_missing_rooms_apart(door: str, tea: Room, cellar: Room) -> None:
    answers = [answer(door, AnonymousUser(), slug) for slug in ("tea", "cellar", "nowhere")]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0]["code"] == "unauthenticated"


@pytest.mark.parametrize("slug", ["", "Tea", "../tea", "te\0a", "tea\n", "tea ", "t\ud800a", "茶", "x" * 65, "%00"])
def test_what_cannot_be_a_slug_is_not_found_on_any_database(ada: User, tea: Room, slug: str) -> None:
    with pytest.raises(ChatError, match="not_found"):
        policies.room_for(ada, slug)
