"""Who may invite, and what becomes of invitations."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from rooms import invitations, lifecycle
from rooms.invitations import (
    accept_invitation,
    accept_link,
    decline_invitation,
    invitations_in,
    invitations_of,
    invite_person,
    link_shown,
    make_link,
    revoke_invitation,
)
from rooms.membership import change_role, leave_room, remove_member
from rooms.models import AuditEntry, Invitation, Membership, Role, Room
from tests.guestlist import NOT_VALID, invited, let_time_pass, link, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["grace", "mallory"])
def test_a_member_and_a_stranger_invite_nobody(
    ada: User, grace: User, mallory: User, tea: Room, who: str, request: Any
) -> None:
    actor: User = request.getfixturevalue(who)
    public_id = str(make_link(actor=ada, slug="tea")[0].public_id)

    assert refused(invite_person, actor=actor, slug="tea", username="mallory").startswith("forbidden")
    assert refused(make_link, actor=actor, slug="tea").startswith("forbidden")
    assert refused(invitations_in, actor=actor, slug="tea").startswith("forbidden")
    assert refused(revoke_invitation, actor=actor, slug="tea", public_id=public_id).startswith("forbidden")


def test_moderators_and_administrators_invite(
    ada: User, grace: User, mallory: User, administrator: User, tea: Room
) -> None:
    change_role(actor=ada, slug="tea", username="grace", role=Role.MODERATOR)

    for actor in (grace, administrator):
        assert link_shown(actor=mallory, token=link(actor, "tea"))


def test_nobody_is_invited_to_a_direct_room(ada: User, grace: User, mallory: User) -> None:
    room = Room.objects.create(slug="dm-1", kind="direct")
    Membership.objects.create(room=room, user=ada, role=Role.OWNER)

    assert refused(invite_person, actor=ada, slug="dm-1", username="grace").startswith("forbidden")
    assert refused(make_link, actor=ada, slug="dm-1").startswith("forbidden")


@pytest.mark.parametrize(
    "lose",
    [
        lambda ada, grace: change_role(actor=ada, slug="tea", username="grace", role=Role.MEMBER),
        lambda ada, grace: leave_room(actor=grace, slug="tea"),
        lambda ada, grace: remove_member(actor=ada, slug="tea", username="grace"),
        lambda ada, grace: User.objects.filter(pk=grace.pk).update(is_active=False),
    ],
)
def test_an_invitation_holds_only_while_its_maker_may_invite(
    ada: User, grace: User, mallory: User, tea: Room, lose: Callable[[User, User], object]
) -> None:
    change_role(actor=ada, slug="tea", username="grace", role=Role.MODERATOR)
    public_id, token = invited(grace, "mallory", "tea"), link(grace, "tea")
    assert link_shown(actor=mallory, token=token), "premise: it held"

    lose(ada, grace)

    assert refused(accept_link, actor=mallory, token=token) == NOT_VALID
    assert refused(link_shown, actor=mallory, token=token) == NOT_VALID
    assert refused(accept_invitation, actor=mallory, public_id=public_id) == NOT_VALID
    assert not invitations_of(actor=mallory) and not invitations_in(actor=ada, slug="tea")


def test_a_link_of_a_former_administrator_is_not_valid(administrator: User, grace: User, cellar: Room) -> None:
    token = link(administrator)
    User.objects.filter(pk=administrator.pk).update(is_superuser=False)

    assert refused(accept_link, actor=grace, token=token) == NOT_VALID


def test_a_revoked_invitation_is_not_valid(ada: User, grace: User, mallory: User, cellar: Room) -> None:
    token = link(ada)
    public_id = invited(ada, "mallory")
    assert invitations_in(actor=ada, slug="cellar").count() == 2

    for each in invitations_in(actor=ada, slug="cellar"):
        revoke_invitation(actor=ada, slug="cellar", public_id=str(each.public_id))

    assert refused(accept_link, actor=grace, token=token) == NOT_VALID
    assert refused(accept_invitation, actor=mallory, public_id=public_id) == NOT_VALID
    assert refused(revoke_invitation, actor=ada, slug="cellar", public_id=public_id) == NOT_VALID


def test_an_invitation_to_another_room_is_not_revoked_here(ada: User, grace: User, tea: Room, cellar: Room) -> None:
    public_id = invited(ada, "grace")

    assert refused(revoke_invitation, actor=ada, slug="tea", public_id=public_id) == NOT_VALID
    assert invitations_of(actor=grace).exists()


def test_what_becomes_of_the_room_decides(ada: User, grace: User, mallory: User, tea: Room) -> None:
    token, public_id = link(ada, "tea"), invited(ada, "mallory", "tea")
    lifecycle.update_room(actor=ada, slug="tea", kind="private")
    assert link_shown(actor=mallory, token=token)

    Room.objects.filter(pk=tea.pk).update(archived_at=timezone.now())
    assert refused(accept_link, actor=mallory, token=token).startswith("archived")
    assert refused(accept_invitation, actor=mallory, public_id=public_id).startswith("archived")
    assert refused(make_link, actor=ada, slug="tea").startswith("archived")
    assert refused(invite_person, actor=ada, slug="tea", username="mallory").startswith("archived")
    assert not accept_link(actor=grace, token=token)[1], "a member is in, whatever became of the room"

    lifecycle.delete_room(actor=ada, slug="tea")
    assert refused(accept_link, actor=mallory, token=token) == NOT_VALID
    assert refused(accept_invitation, actor=mallory, public_id=public_id) == NOT_VALID


def test_a_room_has_so_many_invitations_and_no_more(
    ada: User, grace: User, mallory: User, cellar: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "INVITATION_LINKS_PER_ROOM", 2)
    monkeypatch.setattr(invitations, "INVITATIONS_PER_ROOM", 1)
    link(ada), link(ada), invited(ada, "grace")

    assert refused(make_link, actor=ada, slug="cellar").startswith("limit_reached")
    assert refused(invite_person, actor=ada, slug="cellar", username="mallory").startswith("limit_reached")

    assert not invite_person(actor=ada, slug="cellar", username="grace")[1], "who is invited already takes no place"


def test_what_holds_no_more_makes_place(ada: User, grace: User, mallory: User, cellar: Room) -> None:
    expired, used, revived = link(ada, expires_in_s=60), link(ada, max_uses=1), invited(ada, "mallory")
    accept_link(actor=grace, token=used)
    let_time_pass(days=31)
    assert Invitation.objects.count() == 3, "premise: nothing is swept before it is in the way"

    link(ada)

    assert Invitation.objects.count() == 1
    assert refused(accept_link, actor=mallory, token=expired) == NOT_VALID
    assert invited(ada, "mallory") != revived


def test_the_audit_knows_who_invited_and_who_took_it_back(ada: User, grace: User, cellar: Room) -> None:
    public_id, token = invited(ada, "grace"), link(ada, max_uses=3)
    invite_person(actor=ada, slug="cellar", username="grace")

    revoke_invitation(actor=ada, slug="cellar", public_id=public_id)

    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor__username", "subject__username")
    assert list(entries) == [
        ("invitation.made", "ada", "grace"),
        ("invitation.made", "ada", None),
        ("invitation.revoked", "ada", "grace"),
    ]
    assert token not in str(AuditEntry.objects.values())


def test_the_invited_are_told_of_every_change(
    ada: User, grace: User, mallory: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[int]] = []
    monkeypatch.setattr("rooms.notices.invitations_changed", told.append)

    public_id = invited(ada, "mallory", "tea")
    decline_invitation(actor=mallory, public_id=public_id)
    revoke_invitation(actor=ada, slug="tea", public_id=invited(ada, "mallory", "tea"))
    accept_invitation(actor=mallory, public_id=invited(ada, "mallory", "tea"))
    link(ada, "tea")

    assert told == [[mallory.pk]] * 6
