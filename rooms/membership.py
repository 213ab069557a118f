"""Joining, leaving, adding and removing people, and their roles."""

from django.db import transaction

from accounts.models import User
from accounts.names import USERNAME_PATTERN
from foundation.errors import ChatError, invalid
from rooms import policies
from rooms.log import record_change
from rooms.models import ChangeKind, Membership, Role, Room
from rooms.policies import Access


def join_room(*, actor: User, slug: str) -> Membership:
    """Become a member of a public room; joining twice changes nothing.

    Publishes `member.joined`. Raises `not_found` for missing and hidden rooms, `forbidden` for guests.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        if access.membership is not None:
            return access.membership
        policies.require(access.may_join)
        return enter(access)


def enter(access: Access) -> Membership:
    """Make the person of `access` a member, under the room's lock, and publish `member.joined`."""
    return _admit(access.room, actor=access.user, user=access.user, role=Role.MEMBER)  # type: ignore[arg-type]


def add_member(*, actor: User, slug: str, username: str, role: str = Role.MEMBER) -> Membership:
    """Bring a person into the room; someone who is in already is left as they are.

    Publishes `member.joined`. Raises `not_found`, `forbidden`, `validation_error` for an unknown username or role.
    """
    _check_role(role)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require(access.may_manage_members)
        user = _person_named(username)
        if user is None or not user.is_active:
            raise invalid("username", "unknown", "There is nobody with this username.")
        present = Membership.objects.filter(room=access.room, user=user).first()
        return present or _admit(access.room, actor=actor, user=user, role=role)


def leave_room(*, actor: User, slug: str) -> None:
    """Stop being a member; in a private room the person's open sockets close after this change.

    Publishes `member.left`. Raises `not_found` (also for somebody who is no member) and `last_owner`.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        if access.membership is None:
            raise ChatError("not_found")
        _dismiss(access.room, access.membership, actor=actor)


def remove_member(*, actor: User, slug: str, username: str) -> None:
    """Take a person out of the room; their sockets close after this change, on every worker.

    Publishes `member.left` with `removed`. Raises `not_found`, `forbidden`, `last_owner`.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require(access.may_manage_members)
        _dismiss(access.room, _membership(access.room, username), actor=actor)


def change_role(*, actor: User, slug: str, username: str, role: str) -> Membership:
    """Give a member another role.

    Publishes `member.updated`. Raises `not_found`, `forbidden`, `validation_error`, and `last_owner` where the room
    would be left without one.
    """
    _check_role(role)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require(access.may_manage_members)
        membership = _membership(access.room, username)
        if membership.role != role:
            _keep_an_owner(access.room, membership)
            membership.role = role
            membership.save(update_fields=["role"])
            record_change(access.room, ChangeKind.MEMBER_UPDATED, actor=actor, subject=membership.user, role=role)
        return membership


def _admit(room: Room, *, actor: User, user: User, role: str) -> Membership:
    membership = Membership.objects.create(room=room, user=user, role=role)
    record_change(room, ChangeKind.MEMBER_JOINED, actor=actor, subject=user, role=role)
    return membership


def _dismiss(room: Room, membership: Membership, *, actor: User) -> None:
    _keep_an_owner(room, membership)
    user = membership.user
    membership.delete()
    record_change(room, ChangeKind.MEMBER_LEFT, actor=actor, subject=user, removed=user.pk != actor.pk)


def _membership(room: Room, username: str) -> Membership:
    user = _person_named(username)
    membership = Membership.objects.select_related("user").filter(room=room, user=user).first() if user else None
    if membership is None:
        raise ChatError("not_found")
    return membership


def _person_named(username: str) -> User | None:
    # The pattern first: a database may choke on what it refuses (a NUL on PostgreSQL).
    return User.objects.filter(username=username).first() if USERNAME_PATTERN.match(username) else None


def _keep_an_owner(room: Room, membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    if not Membership.objects.filter(room=room, role=Role.OWNER).exclude(pk=membership.pk).exists():
        raise ChatError("last_owner")


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise invalid("role", "invalid_choice", f"One of: {', '.join(Role.values)}.")
