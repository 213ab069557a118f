"""Pins: the messages of a room that are to be found at once."""

from django.db import transaction

from accounts.models import User
from chat import history
from chat.models import Message
from foundation.errors import ChatError
from foundation.limits import PINS_MAX
from rooms import policies
from rooms.log import record_change
from rooms.models import ChangeKind, Room
from rooms.policies import Person


def pin_message(*, actor: User, slug: str, seq: int) -> tuple[Message, bool]:
    """Pin a message; False beside it when it was pinned before.

    Publishes `pin.added`. Raises `not_found` (also for what was deleted), `forbidden`, `archived`, and `limit_reached`
    beyond PINS_MAX.
    """
    return _change(actor, slug, seq, ChangeKind.PIN_ADDED)


def unpin_message(*, actor: User, slug: str, seq: int) -> tuple[Message, bool]:
    """Take the pin off a message. Publishes `pin.removed`; raises what `pin_message` does."""
    return _change(actor, slug, seq, ChangeKind.PIN_REMOVED)


def pinned_in(*, actor: Person, slug: str) -> tuple[Room, list[Message]]:
    """The room and its pinned messages, the latest pin first. Raises `not_found`, `unauthenticated`."""
    room = policies.room_for(actor, slug).room
    pinned = Message.objects.filter(room=room, pinned_at__isnull=False).select_related("author")
    return room, list(pinned.order_by("-pinned_at", "-seq")[:PINS_MAX])


def _change(actor: User, slug: str, seq: int, kind: ChangeKind) -> tuple[Message, bool]:
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "pin")
        message = history.locked_message(access, seq)
        pins = kind == ChangeKind.PIN_ADDED
        if (message.pinned_at is not None) == pins:
            return message, False
        others = Message.objects.filter(room=access.room, pinned_at__isnull=False)
        if pins and others.count() >= PINS_MAX:
            raise ChatError("limit_reached", f"A room has at most {PINS_MAX} pinned messages.")
        change = record_change(access.room, kind, actor=actor, message=message.seq)
        message.pinned_at = change.created_at if pins else None
        message.save(update_fields=["pinned_at"])
    return message, True
