"""The audit: what moderators and administrators did, to whom, when and why. It outlives the room.

What people do to themselves (join, leave, delete what they said) is in the room's log and not here.
"""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from rooms import policies
from rooms.models import AuditEntry, Room


def record(
    room: Room, actor: User | None, action: str, *, subject: User | None = None, reason: str = "", **data: Any
) -> AuditEntry:
    """Write down one action, in the transaction of the action itself."""
    return AuditEntry.objects.create(
        room=room, slug=room.slug, actor=actor, action=action, subject=subject, reason=reason, data=data
    )


def entries_of(*, actor: User, slug: str) -> QuerySet[AuditEntry]:
    """What was done in a room, newest first. Raises `not_found`, and `forbidden` without the right `audit`."""
    access = policies.room_for(actor, slug)
    policies.require_right(access, "audit")
    found = AuditEntry.objects.filter(room=access.room).select_related("actor", "subject")
    return found.order_by("-at", "-pk")
