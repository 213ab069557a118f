"""Two who do the same at the same moment: exactly one of them has it, whichever database there is."""

from collections.abc import Callable

import pytest

from accounts.models import User
from rooms.invitations import (
    accept_invitation,
    accept_link,
    decline_invitation,
    invite_person,
    make_link,
    revoke_invitation,
)
from rooms.lifecycle import update_room
from rooms.membership import add_member, change_role, join_room, leave_room, remove_member
from rooms.models import Change, ChangeKind, Invitation, Membership, Role, Room
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = range(5)


@pytest.fixture
def crowd(db: None) -> list[User]:
    return [User.objects.create_user(f"visitor-{number}") for number in range(6)]


def joiner(user: User, slug: str) -> Callable[[], object]:
    return lambda: join_room(actor=user, slug=slug)


def follower(user: User, token: str) -> Callable[[], object]:
    return lambda: accept_link(actor=user, token=token)


def joined(room: Room) -> int:
    """How many entries of the log say that somebody joined, after checking that the log has no hole."""
    seqs = list(Change.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    return Change.objects.filter(room=room, kind=ChangeKind.MEMBER_JOINED).count()


def test_one_person_who_joins_twice_joins_once(mallory: User, tea: Room) -> None:
    before = joined(tea)

    assert at_once(*[joiner(mallory, "tea")] * 6) == ["done"] * 6

    assert joined(tea) == before + 1
    assert Membership.objects.filter(room=tea, user=mallory).count() == 1


def test_many_who_join_at_once_are_all_in(crowd: list[User], tea: Room) -> None:
    before = joined(tea)

    assert at_once(*[joiner(user, "tea") for user in crowd]) == ["done"] * len(crowd)

    assert joined(tea) == before + len(crowd)
    assert Membership.objects.filter(room=tea, user__in=crowd).count() == len(crowd)


@pytest.mark.parametrize("_", ROUNDS)
def test_of_two_last_owners_who_leave_one_must_stay(ada: User, grace: User, tea: Room, _: int) -> None:
    change_role(actor=ada, slug="tea", username="grace", role=Role.OWNER)

    answers = at_once(lambda: leave_room(actor=ada, slug="tea"), lambda: leave_room(actor=grace, slug="tea"))

    assert sorted(answers) == ["done", "last_owner"]
    assert Membership.objects.filter(room=tea, role=Role.OWNER).count() == 1


@pytest.mark.parametrize("_", ROUNDS)
def test_two_owners_who_remove_each_other_are_not_both_removed(ada: User, grace: User, tea: Room, _: int) -> None:
    change_role(actor=ada, slug="tea", username="grace", role=Role.OWNER)

    answers = at_once(
        lambda: remove_member(actor=ada, slug="tea", username="grace"),
        lambda: remove_member(actor=grace, slug="tea", username="ada"),
    )

    assert sorted(answers) == ["done", "forbidden"], "who was removed first may remove nobody any more"
    assert Membership.objects.filter(room=tea, role=Role.OWNER).count() == 1


@pytest.mark.parametrize("uses", [1, 2])
@pytest.mark.parametrize("_", ROUNDS)
def test_the_last_use_of_a_link_lets_in_one(ada: User, crowd: list[User], cellar: Room, uses: int, _: int) -> None:
    token = make_link(actor=ada, slug="cellar", max_uses=uses)[1]

    answers = at_once(*[follower(user, token) for user in crowd])

    assert sorted(answers) == ["done"] * uses + ["not_found"] * (len(crowd) - uses)
    assert joined(cellar) == uses == Membership.objects.filter(room=cellar, user__in=crowd).count()
    assert Invitation.objects.get().uses == uses


def test_one_person_who_follows_a_link_twice_uses_it_once(ada: User, grace: User, cellar: Room) -> None:
    token = make_link(actor=ada, slug="cellar", max_uses=2)[1]

    assert at_once(*[follower(grace, token)] * 4) == ["done"] * 4

    assert joined(cellar) == 1 and Invitation.objects.get().uses == 1


def test_a_personal_invitation_accepted_twice_joins_once(ada: User, grace: User, cellar: Room) -> None:
    public_id = str(invite_person(actor=ada, slug="cellar", username="grace")[0].public_id)

    assert at_once(*[lambda: accept_invitation(actor=grace, public_id=public_id)] * 4) == ["done"] * 4

    assert joined(cellar) == 1


def test_two_who_invite_the_same_person_make_one_invitation(ada: User, grace: User, mallory: User, tea: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role=Role.MODERATOR)

    answers = at_once(
        *[lambda: invite_person(actor=ada, slug="tea", username="mallory")] * 3,
        *[lambda: invite_person(actor=grace, slug="tea", username="mallory")] * 3,
    )

    assert answers == ["done"] * 6 and Invitation.objects.count() == 1


@pytest.mark.parametrize("_", ROUNDS)
def test_an_invitation_is_accepted_or_declined_or_revoked(ada: User, grace: User, cellar: Room, _: int) -> None:
    public_id = str(invite_person(actor=ada, slug="cellar", username="grace")[0].public_id)

    accepted, declined, revoked = at_once(
        lambda: accept_invitation(actor=grace, public_id=public_id),
        lambda: decline_invitation(actor=grace, public_id=public_id),
        lambda: revoke_invitation(actor=ada, slug="cellar", public_id=public_id),
    )

    assert sorted((accepted, declined, revoked)) == ["done", "not_found", "not_found"]
    assert Membership.objects.filter(room=cellar, user=grace).exists() == (accepted == "done")


def test_an_invitation_and_an_owner_bring_somebody_in_once(ada: User, grace: User, cellar: Room) -> None:
    public_id = str(invite_person(actor=ada, slug="cellar", username="grace")[0].public_id)

    answers = at_once(
        lambda: accept_invitation(actor=grace, public_id=public_id),
        lambda: add_member(actor=ada, slug="cellar", username="grace"),
    )

    assert answers == ["done"] * 2 and joined(cellar) == 1


@pytest.mark.parametrize("_", ROUNDS)
def test_nobody_comes_in_after_a_room_was_archived(ada: User, crowd: list[User], tea: Room, _: int) -> None:
    token = make_link(actor=ada, slug="tea")[1]

    answers = at_once(
        lambda: update_room(actor=ada, slug="tea", archived=True),
        *[joiner(user, "tea") for user in crowd[:3]],
        *[follower(user, token) for user in crowd[3:]],
    )

    assert answers[0] == "done" and set(answers[1:]) <= {"done", "archived"}
    end = Change.objects.get(room=tea, kind=ChangeKind.ROOM_UPDATED).seq
    assert not Change.objects.filter(room=tea, kind=ChangeKind.MEMBER_JOINED, seq__gt=end).exists()
    assert Membership.objects.filter(room=tea, user__in=crowd).count() == answers[1:].count("done")
