"""Keeping people out of a room, and letting them in again."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.names import one_line
from foundation.errors import ChatError, invalid
from foundation.limits import REASON_MAX_CHARS
from rooms import audit, notices, policies
from rooms.log import record_change
from rooms.membership import dismiss, person_named
from rooms.models import Ban, ChangeKind, Invitation, Membership, Room


def ban_person(
    *, actor: User, slug: str, username: str, reason: str = "", until: datetime | None = None
) -> tuple[Ban, bool]:
    """Keep somebody out, until a time or for good, whether they are in the room, were, or never came.

    The second value says whether the ban is new; banning again gives it another reason and end. Publishes
    `member.left` for a member and `member.banned`, at which the person's sockets close. Raises `not_found` (also for
    nobody of this name), `forbidden` for who is out of reach, `last_owner`, `validation_error`.
    """
    reason = one_line(reason, field="reason", max_chars=REASON_MAX_CHARS)
    if until is not None and until.tzinfo is None:
        raise invalid("until", "no_zone", "A time with its zone.")
    if until is not None and until <= timezone.now():
        raise invalid("until", "past", "A time in the future.")
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "ban")
        user, room = _somebody(username), access.room
        if user == actor:
            raise invalid("username", "oneself", "Nobody bans themselves.")
        membership = Membership.objects.select_related("user").filter(room=room, user=user).first()
        within_reach = access.may_act_on(membership.role if membership else None)
        policies.require(within_reach and not user.is_superuser)
        held = bool(policies.bans_of(rooms=[room.pk], people=[user.pk]))
        ban, _ = Ban.objects.update_or_create(
            room=room, user=user, defaults={"by": actor, "reason": reason, "until": until}
        )
        if not held:
            _send_out(room, membership, user, actor, until)
        audit.record(room, actor, "person.banned", subject=user, reason=reason, until=_written(until))
    return ban, not held


def lift_ban(*, actor: User, slug: str, username: str) -> None:
    """Let somebody come back. Raises `not_found` where no ban holds, `forbidden`."""
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "ban")
        user = _somebody(username)
        held = policies.bans_of(rooms=[access.room.pk], people=[user.pk])
        Ban.objects.filter(room=access.room, user=user).delete()
        if not held:
            raise ChatError("not_found")
        audit.record(access.room, actor, "ban.lifted", subject=user)


def bans_in(*, actor: User, slug: str) -> QuerySet[Ban]:
    """The bans that hold in a room, newest first. Raises `not_found`, `forbidden`."""
    access = policies.room_for(actor, slug)
    policies.require_right(access, "ban")
    holds = Q(until=None) | Q(until__gt=timezone.now())
    return Ban.objects.filter(holds, room=access.room).select_related("user", "by").order_by("-created_at", "-pk")


def _send_out(room: Room, membership: Membership | None, user: User, actor: User, until: datetime | None) -> None:
    if membership is not None:
        dismiss(room, membership, actor=actor)
    if Invitation.objects.filter(room=room, invitee=user).delete()[0]:
        notices.invitations_changed([user.pk])
    record_change(room, ChangeKind.MEMBER_BANNED, actor=actor, subject=user, until=_written(until))


def _somebody(username: str) -> User:
    user = person_named(username)
    if user is None:
        raise ChatError("not_found")
    return user


def _written(until: datetime | None) -> str | None:
    return until.isoformat() if until else None
