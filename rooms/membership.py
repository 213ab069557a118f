"""Joining, leaving, adding and removing people, and their roles."""

from django.db import transaction

from accounts.models import User
from accounts.names import USERNAME_PATTERN, one_line
from foundation import rates
from foundation.errors import ChatError, invalid
from foundation.limits import REASON_MAX_CHARS
from rooms import audit, notices, policies
from rooms.log import record_change
from rooms.models import ChangeKind, Invitation, Membership, Role, Room
from rooms.policies import Access


def join_room(*, actor: User, slug: str) -> Membership:
    """Become a member of a public room; joining twice changes nothing.

    Publishes `member.joined`. Raises `not_found` for missing and hidden rooms, `forbidden` for who is banned, `archived`.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        if access.membership is not None:
            return access.membership
        policies.require_right(access, "join")
        rates.take("joins", actor.pk)
        return enter(access)


def enter(access: Access) -> Membership:
    """Make the person of `access` a member, under the room's lock, and publish `member.joined`."""
    return admit(access.room, actor=access.user, user=access.user, role=Role.MEMBER)  # type: ignore[arg-type]


def add_member(*, actor: User, slug: str, username: str, role: str = Role.MEMBER) -> Membership:
    """Bring a person into the room; someone who is in already is left as they are.

    Publishes `member.joined`. Raises `not_found`, `forbidden` (also for a role above one's own), `banned`, `archived`,
    `validation_error` for an unknown username or role.
    """
    _check_role(role)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "invite")
        policies.require(access.may_give(role) and (role == Role.MEMBER or access.may("change_role")))
        user = person_to_add(username)
        present = Membership.objects.filter(room=access.room, user=user).first()
        if present is not None:
            return present
        if policies.bans_of(rooms=[access.room.pk], people=[user.pk]):
            raise ChatError("banned")
        audit.record(access.room, actor, "member.added", subject=user, role=role)
        return admit(access.room, actor=actor, user=user, role=role)


def leave_room(*, actor: User, slug: str) -> None:
    """Stop being a member; in a private room the person's open sockets close after this change.

    Publishes `member.left`. Raises `not_found` (also for somebody who is no member) and `last_owner`.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        if access.membership is None:
            raise ChatError("not_found")
        policies.require_right(access, "leave")
        dismiss(access.room, access.membership, actor=actor)


def remove_member(*, actor: User, slug: str, username: str, reason: str = "") -> None:
    """Take a person out of the room; their sockets close after this change, on every worker. `reason` is for the audit.

    Publishes `member.left` with `removed`. Raises `not_found`, `forbidden`, `last_owner`, `validation_error`.
    """
    reason = one_line(reason, field="reason", max_chars=REASON_MAX_CHARS)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "remove")
        membership = _membership(access.room, username)
        policies.require(access.may_act_on(membership.role))
        if membership.user != actor:
            audit.record(access.room, actor, "member.removed", subject=membership.user, reason=reason)
        dismiss(access.room, membership, actor=actor)


def change_role(*, actor: User, slug: str, username: str, role: str) -> Membership:
    """Give a member another role.

    Publishes `member.updated`. Raises `not_found`, `forbidden`, `validation_error`, and `last_owner` where the room
    would be left without one.
    """
    _check_role(role)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "change_role")
        membership = _membership(access.room, username)
        policies.require(access.may_act_on(membership.role) and access.may_give(role))
        if membership.role != role:
            _keep_an_owner(access.room, membership)
            before = membership.role
            membership.role = role
            membership.save(update_fields=["role"])
            record_change(access.room, ChangeKind.MEMBER_UPDATED, actor=actor, subject=membership.user, role=role)
            if membership.user != actor:
                audit.record(access.room, actor, "role.changed", subject=membership.user, before=before, after=role)
        return membership


def hand_over(*, actor: User, slug: str, username: str) -> Membership:
    """Make another member an owner and the actor a member, in one step.

    Publishes `member.updated` for each. Raises `not_found`, `forbidden`, and `validation_error` for the actor's own name.
    """
    if username == actor.username:
        raise invalid("username", "self", "The room is yours already. Name somebody else.")
    with transaction.atomic():
        made = change_role(actor=actor, slug=slug, username=username, role=Role.OWNER)
        change_role(actor=actor, slug=slug, username=actor.username, role=Role.MEMBER)
    return made


def admit(room: Room, *, actor: User, user: User, role: str) -> Membership:
    """Make a person a member under the room's lock, for whom what was said before is not unread.

    However they came in, an invitation by name is used up: it will not bring them back when they are removed."""
    membership = Membership.objects.create(
        room=room, user=user, role=role, read_seq=room.last_seq, messages_read=room.message_count
    )
    if Invitation.objects.filter(room=room, invitee=user, uses=0).update(uses=1):
        notices.invitations_changed([user.pk])
    record_change(room, ChangeKind.MEMBER_JOINED, actor=actor, subject=user, role=role)
    return membership


def dismiss(room: Room, membership: Membership, *, actor: User) -> None:
    """End a membership under the room's lock. Raises `last_owner`."""
    _keep_an_owner(room, membership)
    user = membership.user
    membership.delete()
    record_change(room, ChangeKind.MEMBER_LEFT, actor=actor, subject=user, removed=user.pk != actor.pk)


def _membership(room: Room, username: str) -> Membership:
    user = person_named(username)
    membership = Membership.objects.select_related("user").filter(room=room, user=user).first() if user else None
    if membership is None:
        raise ChatError("not_found")
    return membership


def person_to_add(username: str) -> User:
    """Whoever has this username. Raises `validation_error` for nobody and for a disabled account."""
    user = person_named(username)
    if user is None or not user.is_active:
        raise invalid("username", "unknown", "There is nobody with this username.")
    return user


def person_named(username: str) -> User | None:
    """Whoever has this username, also with a disabled account, or nobody."""
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
