"""Invitations: to one person by name, or by a link to whoever has it, of which only the hash is kept.

An invitation holds until it is used up or expires, and only while whoever made it may still invite. What does not hold
is deleted when the next one is made in its room. Uses are counted under the room's lock.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.db import transaction
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from foundation import rates
from foundation.errors import ChatError, invalid
from foundation.limits import (
    INVITATION_LIFE_MAX_S,
    INVITATION_LIFE_MIN_S,
    INVITATION_LIFE_S,
    INVITATION_LINKS_PER_ROOM,
    INVITATION_USES_MAX,
    INVITATIONS_PER_ROOM,
)
from foundation.statements import select_in
from rooms import audit, notices, policies
from rooms.membership import admit, person_to_add
from rooms.models import Invitation, Membership, Role, Room

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_PUBLIC_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
INVITING_ROLES = [role for role, rank in policies.STANDING_OF.items() if policies.TABLE["invite"][rank](Room())]


class Held(TypedDict):
    """What a look-up adds to an invitation."""

    holds: bool


def invite_person(*, actor: User, slug: str, username: str) -> tuple[Invitation, bool]:
    """Invite one person; the second value says whether they were not invited before.

    Raises `not_found`, `forbidden`, `archived`, `banned`, `limit_reached`, and `validation_error` for an unknown
    username and, with the code `member`, for who is in already.
    """
    with transaction.atomic():
        room = _room_to_invite_to(actor, slug)
        user = person_to_add(username)
        if Membership.objects.filter(room=room, user=user).exists():
            raise invalid("username", "member", "This person is a member already.")
        if policies.bans_of(rooms=[room.pk], people=[user.pk]):
            raise ChatError("banned")
        present = invitations_to(room).filter(invitee=user).first()
        if present is not None:
            return present, False
        _make_place(room, link=False, most=INVITATIONS_PER_ROOM)
        rates.take("invitations", actor.pk)
        expires_at = timezone.now() + timedelta(seconds=INVITATION_LIFE_MAX_S)
        made = Invitation.objects.create(room=room, created_by=actor, invitee=user, max_uses=1, expires_at=expires_at)
        audit.record(room, actor, "invitation.made", subject=user, id=str(made.public_id))
        notices.invitations_changed([user.pk])
    return made, True


def make_link(
    *, actor: User, slug: str, expires_in_s: int | None = INVITATION_LIFE_S, max_uses: int | None = None
) -> tuple[Invitation, str]:
    """Make a link that lets in whoever has it; the token beside it cannot be had again.

    None is without end, and without number. Raises `not_found`, `forbidden`, `archived`, `limit_reached`,
    `validation_error`.
    """
    _check_range("expires_in_s", expires_in_s, INVITATION_LIFE_MIN_S, INVITATION_LIFE_MAX_S)
    _check_range("max_uses", max_uses, 1, INVITATION_USES_MAX)
    with transaction.atomic():
        room = _room_to_invite_to(actor, slug)
        _make_place(room, link=True, most=INVITATION_LINKS_PER_ROOM)
        rates.take("invitations", actor.pk)
        expires_at = None if expires_in_s is None else timezone.now() + timedelta(seconds=expires_in_s)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        made = Invitation.objects.create(
            room=room, created_by=actor, link_hash=_hash(token), max_uses=max_uses, expires_at=expires_at
        )
        audit.record(room, actor, "invitation.made", id=str(made.public_id), max_uses=max_uses)
    return made, token


def revoke_invitation(*, actor: User, slug: str, public_id: str) -> None:
    """Take back an invitation of the room, whoever made it, also of an archived one. Raises `not_found`, `forbidden`."""
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "remove")
        room = access.room
        found = invitations_to(room).filter(**_by_id(public_id)).first()
        if found is None:
            raise not_valid()
        audit.record(room, actor, "invitation.revoked", subject=found.invitee, id=str(found.public_id))
        if found.invitee_id is not None:
            notices.invitations_changed([found.invitee_id])
        found.delete()


def accept_invitation(*, actor: User, public_id: str) -> tuple[Membership, bool]:
    """Follow a personal invitation of one's own; the second value says whether one was no member before.

    Publishes `member.joined`. Raises `not_found`, `forbidden` for who is banned, `archived`.
    """
    return _accept(actor, invitee=actor, **_by_id(public_id))


def accept_link(*, actor: User, token: str) -> tuple[Membership, bool]:
    """Follow a link, which takes one of its uses; who is a member already takes none.

    Publishes `member.joined`. Raises `not_found`, `forbidden` for who is banned, `archived`.
    """
    return _accept(actor, **_by_token(token))


def decline_invitation(*, actor: User, public_id: str) -> None:
    """Turn down a personal invitation of one's own. Raises `not_found`."""
    with transaction.atomic():
        found = _found_and_held(invitee=actor, **_by_id(public_id))
        if found.uses:
            raise not_valid()
        notices.invitations_changed([actor.pk])
        found.delete()


def link_announced(*, token: str) -> Invitation:
    """The invitation behind a link, for whoever has it and is not signed in yet. Raises `not_found`, `archived`."""
    found = _found(**_by_token(token))
    if not found.holds:
        raise not_valid()
    if found.room.archived:
        raise ChatError("archived")
    return found


def link_shown(*, actor: User, token: str) -> tuple[Invitation, bool]:
    """The invitation behind a link, before it is followed, and whether one is a member already.

    Raises `not_found`, `forbidden` for who is banned, `archived`.
    """
    found = _found(**_by_token(token))
    member = Membership.objects.filter(room=found.room, user=actor).exists()
    if not member:
        _check_holds(found, actor)
    return found, member


def invitations_of(*, actor: User) -> QuerySet[Invitation]:
    """The invitations that this person can follow."""
    return _holding().filter(invitee=actor).select_related("room", "created_by")


def open_invitations(user_ids: Collection[int]) -> dict[int, int]:
    """How many invitations each of these people can follow; who has none is not there."""
    counted = _holding().filter(invitee__in=user_ids).values_list("invitee").annotate(Count("pk"))
    return dict(counted)


def invitations_in(*, actor: User, slug: str) -> QuerySet[Invitation]:
    """The invitations to a room that hold, also to an archived one. Raises `not_found`, `forbidden`."""
    access = policies.room_for(actor, slug)
    policies.require_right(access, "remove")
    return invitations_to(access.room)


def invitations_to(room: Room) -> QuerySet[Invitation]:
    return _holding().filter(room=room).select_related("invitee", "created_by")


def not_valid() -> ChatError:
    """The one answer for what is used up, expired, revoked, somebody else's or no invitation at all."""
    return ChatError("not_found", "This invitation is not valid.")


def _accept(actor: User, **named: object) -> tuple[Membership, bool]:
    with transaction.atomic():
        found = _found_and_held(**named)
        present = Membership.objects.select_related("user").filter(room=found.room, user=actor).first()
        if present is not None:
            return present, False
        _check_holds(found, actor)
        rates.take("joins", actor.pk)
        if found.link_hash is not None:
            Invitation.objects.filter(pk=found.pk).update(uses=F("uses") + 1)
        return admit(found.room, actor=actor, user=actor, role=Role.MEMBER), True


def _found_and_held(**named: object) -> "WithAnnotations[Invitation, Held]":
    """The invitation with its room's lock held to the end of the transaction."""
    room = _found(**named).room
    if not select_in(Room, id=[room.pk], lock=True):
        raise not_valid()
    return _found(**named)  # again: only under the lock is it known how often it was used


def _found(**named: object) -> "WithAnnotations[Invitation, Held]":
    holds = ExpressionWrapper(_holds_at(timezone.now()), output_field=BooleanField())
    found = Invitation.objects.select_related("room", "created_by").annotate(holds=holds).filter(**named).first()
    if found is None:
        raise not_valid()
    return found


def _check_holds(found: "WithAnnotations[Invitation, Held]", actor: User) -> None:
    if not found.holds:
        raise not_valid()
    if not actor.is_superuser and policies.bans_of(rooms=[found.room_id], people=[actor.pk]):
        raise ChatError("forbidden", "You are banned from this room.")
    if found.room.archived:
        raise ChatError("archived")


def _holding() -> QuerySet[Invitation]:
    return Invitation.objects.filter(_holds_at(timezone.now()))


def _holds_at(now: datetime) -> Q:
    lasting = Q(expires_at=None) | Q(expires_at__gt=now)
    left = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    inviting = Membership.objects.filter(room=OuterRef("room"), user=OuterRef("created_by"), role__in=INVITING_ROLES)
    return lasting & left & Q(created_by__is_active=True) & (Q(created_by__is_superuser=True) | Q(Exists(inviting)))


def _room_to_invite_to(actor: User, slug: str) -> Room:
    access = policies.room_for(actor, slug, lock=True)
    policies.require_right(access, "invite")
    return access.room


def _make_place(room: Room, *, link: bool, most: int) -> None:
    """Delete what holds no more. Raises `limit_reached` where enough of this kind still does."""
    holding = list(_holding().filter(room=room).values_list("pk", "invitee"))
    Invitation.objects.filter(room=room).exclude(pk__in=[pk for pk, _ in holding]).delete()
    if sum((invitee is None) == link for _, invitee in holding) >= most:
        raise ChatError("limit_reached", f"This room has {most} of these invitations; revoke one first.")


def _check_range(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise invalid(field, "out_of_range", f"From {least} to {most}, or null.")


def _by_id(public_id: str) -> dict[str, str]:
    if not _PUBLIC_ID.match(public_id):
        raise not_valid()
    return {"public_id": public_id}


def _by_token(token: str) -> dict[str, str]:
    if not _TOKEN.match(token):
        raise not_valid()
    return {"link_hash": _hash(token)}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
