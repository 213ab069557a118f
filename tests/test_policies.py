"""Who may do what: every cell of the table in `rooms/policies.py`, proven through the commands and over REST."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.test import APIClient

from accounts.models import User
from chat import editing, erasing, history, pinning, reacting
from chat.exporting import export_room
from chat.posting import post_message
from foundation.errors import ChatError
from rooms import audit, bans, lifecycle, membership, policies
from rooms.lifecycle import open_room
from rooms.models import Membership, Role, Room
from rooms.policies import Person
from tests.servers import ROOT

pytestmark = pytest.mark.django_db

ROOMS: dict[str, dict[str, str]] = {
    "closed to guests": {},
    "open for reading": {"guests": "read"},
    "open for writing": {"guests": "write"},
    "private": {"kind": "private"},
    "announcements": {"guests": "write", "posting": "moderators"},
}
GUEST, SIGNED_IN = "guest", "signed in"
OF_PLAIN, OF_ACTOR = 2, 3  # the numbers of two messages; a guest and a stranger have said nothing
DOORS: dict[str, tuple[Callable[[Any], object], tuple[str, str, dict[str, Any] | None]]] = {
    "read": (lambda actor: history.page(actor=actor, slug="room"), ("get", "messages/", None)),
    "post": (
        lambda actor: post_message(actor=actor, slug="room", text="hello"),
        ("post", "messages/", {"value": "hello"}),
    ),
    "join": (lambda actor: membership.join_room(actor=actor, slug="room"), ("put", "members/me/", {})),
    "leave": (lambda actor: membership.leave_room(actor=actor, slug="room"), ("delete", "members/me/", None)),
    "edit_own": (
        lambda actor: editing.edit_message(actor=actor, slug="room", seq=OF_ACTOR, text="new"),
        ("patch", f"messages/{OF_ACTOR}/", {"value": "new"}),
    ),
    "delete_own": (
        lambda actor: erasing.delete_message(actor=actor, slug="room", seq=OF_ACTOR),
        ("delete", f"messages/{OF_ACTOR}/", None),
    ),
    "delete_any": (
        lambda actor: erasing.delete_message(actor=actor, slug="room", seq=OF_PLAIN),
        ("delete", f"messages/{OF_PLAIN}/", None),
    ),
    "react": (
        lambda actor: reacting.react(actor=actor, slug="room", seq=OF_PLAIN, emoji="👍"),
        ("put", f"messages/{OF_PLAIN}/reactions/👍/", None),
    ),
    "pin": (
        lambda actor: pinning.pin_message(actor=actor, slug="room", seq=OF_PLAIN),
        ("put", f"pins/{OF_PLAIN}/", None),
    ),
    "mention_room": (
        lambda actor: post_message(actor=actor, slug="room", text="@room"),
        ("post", "messages/", {"value": "@room"}),
    ),
    "invite": (
        lambda actor: membership.add_member(actor=actor, slug="room", username="newcomer"),
        ("put", "members/newcomer/", {}),
    ),
    "remove": (
        lambda actor: membership.remove_member(actor=actor, slug="room", username="plain"),
        ("delete", "members/plain/", None),
    ),
    "ban": (lambda actor: bans.ban_person(actor=actor, slug="room", username="plain"), ("put", "bans/plain/", {})),
    "change_role": (
        lambda actor: membership.change_role(actor=actor, slug="room", username="plain", role="moderator"),
        ("put", "members/plain/", {"role": "moderator"}),
    ),
    "update": (
        lambda actor: lifecycle.update_room(actor=actor, slug="room", topic="new"),
        ("patch", "", {"topic": "new"}),
    ),
    "archive": (lambda actor: lifecycle.archive_room(actor=actor, slug="room"), ("patch", "", {"archived": True})),
    "delete": (lambda actor: lifecycle.delete_room(actor=actor, slug="room"), ("delete", "", None)),
    "audit": (lambda actor: list(audit.entries_of(actor=actor, slug="room")), ("get", "audit/", None)),
    "export": (lambda actor: export_room(actor=actor, slug="room"), ("get", "export/", None)),
}


def table() -> dict[tuple[str, str], str]:
    """The cells of the docstring's table by right and kind of person."""
    rows = re.findall(r"^\| (.+) \|$", policies.__doc__ or "", re.MULTILINE)
    (_, *people), *rights = [[cell.strip() for cell in row.split("|")] for row in rows]
    return {(right, person): cell for right, *cells in rights for person, cell in zip(people, cells, strict=True)}


def granted(right: str, kind: str, which: str) -> bool:
    """What a cell promises in this room, to whom may read it."""
    room = ROOMS[which]
    is_open = room.get("posting") != "moderators"
    words = {
        "yes": True,
        "no": False,
        "": True,  # a member joins again: nothing happens, and nobody is refused
        "public": room.get("kind") != "private",
        "open": is_open,
        "members": True,
        "closed": room.get("kind") == "private",
        "guests ≠ none": "guests" in room,
        "guests = write": room.get("guests") == "write" and is_open,
    }
    return words[table()[right, kind]]


def refusal_of(right: str, kind: str, which: str) -> str | None:
    """The code that the cell means; None where it grants the right."""
    if granted("read", kind, which):
        if right == "leave" and kind in {GUEST, SIGNED_IN, "administrator"}:
            return "not_found"  # whoever is no member finds nothing to leave
        return None if granted(right, kind, which) else "forbidden"
    return "unauthenticated" if kind == GUEST else "not_found"


@pytest.fixture(autouse=True)
def every_room_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that `@room` needs its right."""
    monkeypatch.setattr("chat.mentions.MENTION_ROOM_MEMBERS_MAX", 0)


@pytest.fixture
def room(request: pytest.FixtureRequest, ada: User) -> Room:
    """Two owners, and a plain member who has said something."""
    rules: dict[str, Any] = {"posting": "members", **ROOMS[request.getfixturevalue("which")]}
    room = open_room(actor=ada, name="Room", slug="room", **{**rules, "posting": "members"})
    User.objects.create_user("newcomer")
    membership.add_member(actor=ada, slug="room", username=User.objects.create_user("plain").username)
    post_message(actor=User.objects.get(username="plain"), slug="room", text="hello")
    Membership.objects.create(room=room, user=User.objects.create_user("other"), role=Role.OWNER)
    Room.objects.filter(pk=room.pk).update(posting=rules["posting"])
    return room


def person(kind: str, room: Room) -> Person:
    """Somebody of this kind in front of the room; who may has said something there."""
    if kind == GUEST:
        return AnonymousUser()
    user = User.objects.create_user("somebody", is_superuser=kind == "administrator")
    if kind != SIGNED_IN:
        Membership.objects.create(room=room, user=user, role=kind if kind in Role.values else Role.MEMBER)
        rule = Room.objects.get(pk=room.pk).posting
        Room.objects.filter(pk=room.pk).update(posting="members")
        # As a member, who need not be one any more when the cell is tried.
        post_message(actor=user, slug="room", text="mine")
        Room.objects.filter(pk=room.pk).update(posting=rule)
        if kind not in Role.values:
            Membership.objects.filter(room=room, user=user).delete()
    return user


def test_the_table_in_the_protocol_is_the_one_on_the_page() -> None:
    protocol = (ROOT / "platform" / "docs" / "protocol.md").read_text()
    lines = [line for line in (policies.__doc__ or "").splitlines() if line.startswith("|")]

    assert "\n".join(lines) in protocol


def test_the_table_on_the_page_is_the_table_in_the_code() -> None:
    columns = [standing.name.lower().replace("_", " ") for standing in policies.Standing]

    assert list(table()) == [(right, column) for right in policies.TABLE for column in columns]
    assert set(policies.TABLE) == set(DOORS)


@pytest.mark.parametrize("which", ROOMS)
@pytest.mark.parametrize(("right", "kind"), table())
def test_every_cell_is_what_the_command_does(right: str, kind: str, which: str, room: Room) -> None:
    actor = person(kind, room)
    command, _ = DOORS[right]

    expected = "not_found" if _said_nothing(right, kind, which) else refusal_of(right, kind, which)
    if expected is None:
        command(actor)
        return
    with pytest.raises(ChatError) as refusal:
        command(actor)

    assert refusal.value.code == expected


@pytest.mark.parametrize("which", ROOMS)
@pytest.mark.parametrize(("right", "kind"), table())
def test_every_cell_is_what_rest_answers(
    right: str, kind: str, which: str, room: Room, api: Callable[..., APIClient]
) -> None:
    actor = person(kind, room)
    client = api(None if kind == GUEST else actor)
    _, (method, path, body) = DOORS[right]

    answer = getattr(client, method)(f"/api/rooms/room/{path}", body, format="json")

    expected = "not_found" if _said_nothing(right, kind, which) else refusal_of(right, kind, which)
    if expected is None:
        assert answer.status_code in {200, 201, 204}, answer.content
    elif kind == GUEST:  # most doors ask who it is before they look at the room
        assert answer.json()["code"] in {"unauthenticated", expected}
    else:
        assert answer.json()["code"] == expected


def _said_nothing(right: str, kind: str, which: str) -> bool:
    """Whether the message that would be one's own is not there."""
    return right in {"edit_own", "delete_own"} and kind in {GUEST, SIGNED_IN} and granted("read", kind, which)


@pytest.mark.parametrize("which", ROOMS)
@pytest.mark.parametrize("kind", dict.fromkeys(kind for _, kind in table()))
def test_capabilities_are_the_words_of_the_table(kind: str, which: str, room: Room) -> None:
    actor = person(kind, room)
    if not granted("read", kind, which) or (kind == SIGNED_IN and which == "private"):
        with pytest.raises(ChatError):
            policies.room_for(actor, "room")
        return

    access = policies.room_for(actor, "room")

    rights = [right for right in policies.TABLE if right != "read" and table()[right, kind]]
    assert access.capabilities == [right for right in rights if granted(right, kind, which)]
