"""How a member wants to have a room: told of what, muted, among the favourites, in which place."""

from typing import Any

from django.db import transaction

from accounts.models import User
from foundation.errors import invalid
from foundation.limits import POSITION_MAX
from rooms import notices, policies
from rooms.models import Membership, Notify

FIELDS = ("notify", "muted", "favourite", "position")


def set_preferences(*, actor: User, slug: str, **values: Any) -> Membership:
    """Change some of `notify`, `muted`, `favourite`, `position` (null: no place of its own).

    Tells the actor's open inboxes. Raises `not_found`, `forbidden` for who is no member, `validation_error`.
    """
    _check(values)
    with transaction.atomic():
        access = policies.room_for(actor, slug)
        membership = access.membership
        policies.require(membership is not None)
        assert membership is not None
        for field, value in values.items():
            setattr(membership, field, value)
        if values:
            membership.save(update_fields=list(values))
            notices.inbox_changed([actor.pk], room=access.room.pk)
    return membership


def _check(values: dict[str, Any]) -> None:
    if unknown := values.keys() - set(FIELDS):
        raise TypeError(f"no preferences: {unknown}")
    if values.get("notify", Notify.EVERYTHING) not in Notify.values:
        raise invalid("notify", "invalid_choice", f"One of: {', '.join(Notify.values)}.")
    position = values.get("position")
    if position is not None and not 0 <= position <= POSITION_MAX:
        raise invalid("position", "out_of_range", f"From 0 to {POSITION_MAX:,}, or null.")
