"""What is hidden does not exist: whoever may not read a room cannot tell it from one that is not there."""

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
from rooms.membership import add_member, remove_member
from rooms.models import Room
from rooms.policies import Person

pytestmark = pytest.mark.django_db

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
