"""Invitations: by name and by link, who may make them, how long they hold, and whom they let in to what."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from foundation.errors import ChatError
from rooms.invitations import (
    accept_invitation,
    accept_link,
    decline_invitation,
    invitations_of,
    invite_person,
    link_shown,
    make_link,
    revoke_invitation,
)
from rooms.membership import add_member, join_room, remove_member
from rooms.models import Ban, Change, Invitation, Role, Room
from tests.guestlist import NOT_VALID, invited, is_in, let_time_pass, link, refused

pytestmark = pytest.mark.django_db
BAD_TOKENS = [
    "",
    "short",
    "a" * 43,
    "a" * 42 + "\0",
    "a" * 42 + "\n",
    "\ud800" * 43,
    "ä" * 43,
    "x" * 10_000,
    "../" * 14,
]
BAD_IDS = ["", "1", "0" * 32, "\0", "\ud800", "00000000-0000-0000-0000-000000000000\n", "é" * 36, "x" * 10_000]


# By name


def test_who_is_invited_by_name_gets_in(ada: User, grace: User, cellar: Room) -> None:
    public_id = invited(ada, "grace")
    assert not is_in(grace, cellar), "premise: nobody is brought in unasked"

    membership, joined = accept_invitation(actor=grace, public_id=public_id)

    assert joined and (membership.user, membership.role) == (grace, Role.MEMBER)
    change = Change.objects.get(room=cellar)
    assert (change.kind, change.actor, change.subject) == ("member.joined", grace, grace)


def test_accepting_twice_is_accepting_once(ada: User, grace: User, cellar: Room) -> None:
    public_id = invited(ada, "grace")

    first, _ = accept_invitation(actor=grace, public_id=public_id)
    again, joined = accept_invitation(actor=grace, public_id=public_id)

    assert first == again and not joined
    assert Change.objects.filter(room=cellar).count() == 1


def test_inviting_again_gives_the_same_invitation(ada: User, grace: User, cellar: Room) -> None:
    first, made = invite_person(actor=ada, slug="cellar", username="grace")
    again, made_again = invite_person(actor=ada, slug="cellar", username="grace")

    assert first == again and (made, made_again) == (True, False)
    assert first.expires_at and timedelta(days=29) < first.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("username", ["nobody", "", "Grace", "gr\0ace", "\ud800", "x" * 10_000, "grace\n"])
def test_nobody_cannot_be_invited(ada: User, grace: User, cellar: Room, username: str) -> None:
    with pytest.raises(ChatError) as refusal:
        invite_person(actor=ada, slug="cellar", username=username)

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/username", "unknown")]


def test_a_disabled_account_cannot_be_invited(ada: User, grace: User, cellar: Room) -> None:
    User.objects.filter(pk=grace.pk).update(is_active=False)

    assert refused(invite_person, actor=ada, slug="cellar", username="grace").startswith("validation_error")


def test_a_member_cannot_be_invited(ada: User, tea: Room) -> None:
    with pytest.raises(ChatError) as refusal:
        invite_person(actor=ada, slug="tea", username="grace")

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/username", "member")]


def test_somebody_banned_can_neither_be_invited_nor_follow_an_invitation(ada: User, grace: User, cellar: Room) -> None:
    public_id, token = invited(ada, "grace"), link(ada)
    Ban.objects.create(room=cellar, user=grace)

    assert refused(invite_person, actor=ada, slug="cellar", username="grace").startswith("banned")
    assert refused(accept_invitation, actor=grace, public_id=public_id).startswith("forbidden: You are banned")
    assert refused(accept_link, actor=grace, token=token).startswith("forbidden: You are banned")
    assert refused(link_shown, actor=grace, token=token).startswith("forbidden: You are banned")

    Ban.objects.update(until=timezone.now())
    assert accept_link(actor=grace, token=token)[1]


def test_my_invitations_are_those_that_i_can_follow(ada: User, grace: User, mallory: User, cellar: Room) -> None:
    invited(ada, "grace")
    link(ada)

    [mine] = invitations_of(actor=grace)
    assert (mine.room, mine.created_by) == (cellar, ada)
    assert not invitations_of(actor=mallory) and not invitations_of(actor=ada)

    accept_invitation(actor=grace, public_id=str(mine.public_id))
    assert not invitations_of(actor=grace)


def test_a_declined_invitation_is_gone(ada: User, grace: User, cellar: Room) -> None:
    public_id = invited(ada, "grace")

    decline_invitation(actor=grace, public_id=public_id)

    assert not invitations_of(actor=grace)
    assert refused(accept_invitation, actor=grace, public_id=public_id) == NOT_VALID
    assert refused(decline_invitation, actor=grace, public_id=public_id) == NOT_VALID
    assert invited(ada, "grace") != public_id


def test_an_invitation_of_somebody_else_is_not_valid(ada: User, grace: User, mallory: User, cellar: Room) -> None:
    public_id = invited(ada, "grace")

    assert refused(accept_invitation, actor=mallory, public_id=public_id) == NOT_VALID
    assert refused(decline_invitation, actor=mallory, public_id=public_id) == NOT_VALID
    assert invitations_of(actor=grace).exists()


@pytest.mark.parametrize("come_in", ["invited", "joined", "added"])
def test_an_old_invitation_brings_nobody_back_who_was_removed(
    ada: User, grace: User, mallory: User, tea: Room, come_in: str
) -> None:
    public_id = invited(ada, "mallory", "tea")
    match come_in:
        case "invited":
            accept_invitation(actor=mallory, public_id=public_id)
        case "joined":
            join_room(actor=mallory, slug="tea")
        case "added":
            add_member(actor=ada, slug="tea", username="mallory")

    remove_member(actor=ada, slug="tea", username="mallory")

    assert not invitations_of(actor=mallory)
    assert refused(accept_invitation, actor=mallory, public_id=public_id) == NOT_VALID
    assert invited(ada, "mallory", "tea") != public_id


@pytest.mark.parametrize("public_id", BAD_IDS)
def test_e_what_is_no_id_is_not_valid(ada: User, cellar: Room, public_id: str) -> None:
    for command in (accept_invitation, decline_invitation):
        assert refused(command, actor=ada, public_id=public_id) == NOT_VALID
    assert refused(revoke_invitation, actor=ada, slug="cellar", public_id=public_id) == NOT_VALID


# By link


def test_a_link_lets_in_whoever_has_it_and_only_its_hash_is_kept(
    ada: User, grace: User, mallory: User, cellar: Room
) -> None:
    token = link(ada)

    assert [accept_link(actor=user, token=token)[1] for user in (grace, mallory)] == [True, True]

    kept = Invitation.objects.values().get()
    assert kept["link_hash"] == hashlib.sha256(token.encode()).hexdigest() and kept["uses"] == 2
    assert len(token) == 43 and token not in str(kept)
    assert list(Change.objects.values_list("kind", "actor__username")) == [
        ("member.joined", "grace"),
        ("member.joined", "mallory"),
    ]


def test_the_last_use_is_the_last(ada: User, grace: User, mallory: User, cellar: Room) -> None:
    token = link(ada, max_uses=1)

    accept_link(actor=grace, token=token)

    assert refused(accept_link, actor=mallory, token=token) == NOT_VALID
    assert refused(link_shown, actor=mallory, token=token) == NOT_VALID
    assert not accept_link(actor=grace, token=token)[1], "who got in by it may ask again"


def test_a_member_uses_nothing_up(ada: User, grace: User, tea: Room) -> None:
    token = link(ada, "tea", max_uses=1)

    membership, joined = accept_link(actor=grace, token=token)

    assert (membership.user, joined) == (grace, False)
    assert Invitation.objects.get().uses == 0


def test_a_link_ends_after_a_week_or_as_asked_or_never(ada: User, grace: User, cellar: Room) -> None:
    week, minute, ever = link(ada), link(ada, expires_in_s=60), link(ada, expires_in_s=None)

    let_time_pass(seconds=60)
    assert refused(accept_link, actor=grace, token=minute) == NOT_VALID
    assert link_shown(actor=grace, token=week)

    let_time_pass(days=7)
    assert refused(accept_link, actor=grace, token=week) == NOT_VALID
    assert accept_link(actor=grace, token=ever)[1]


@pytest.mark.parametrize(
    ("field", "value"),
    [("expires_in_s", 59), ("expires_in_s", 2_592_001), ("expires_in_s", -1), ("max_uses", 0), ("max_uses", 1001)],
)
def test_a_link_has_bounds(ada: User, cellar: Room, field: str, value: int) -> None:
    with pytest.raises(ChatError) as refusal:
        make_link(actor=ada, slug="cellar", **{field: value})

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [(f"/{field}", "out_of_range")]


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_e_what_is_no_token_is_not_valid(ada: User, cellar: Room, token: str) -> None:
    assert refused(accept_link, actor=ada, token=token) == NOT_VALID
    assert refused(link_shown, actor=ada, token=token) == NOT_VALID


def test_a_link_shows_the_room_before_it_is_followed(ada: User, grace: User, cellar: Room) -> None:
    token = link(ada)

    shown, member = link_shown(actor=grace, token=token)

    assert (shown.room, shown.created_by, member) == (cellar, ada, False)
    assert link_shown(actor=ada, token=token)[1]


def test_following_a_link_costs_the_same_in_a_room_with_many(
    ada: User, grace: User, mallory: User, cellar: Room, django_assert_num_queries: Any
) -> None:
    first, *_, last = [link(ada) for _ in range(20)]

    for user, token in ((grace, first), (mallory, last)):
        # Two for the transaction; a look, the lock, a look again, the membership, the ban; and five to write.
        with django_assert_num_queries(12):
            accept_link(actor=user, token=token)
