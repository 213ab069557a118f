"""Opening, changing and deleting rooms."""

import secrets
import unicodedata
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from accounts.names import check_line
from foundation.errors import ChatError, invalid
from foundation.limits import ROOM_NAME_MAX_CHARS, ROOM_TOPIC_MAX_CHARS, SLUG_MAX_CHARS, SLUG_PATTERN
from foundation.publishing import evict
from rooms import policies
from rooms.log import record_change
from rooms.models import ChangeKind, Guests, Kind, Membership, Role, Room

LOBBY = "lobby"
RESERVED_SLUGS = frozenset({"admin", "api", "here", "me", "new", "null", "undefined", "ws"})
CHANGEABLE = ("name", "topic", "kind", "guests")


def open_room(
    *,
    actor: User,
    name: str,
    slug: str | None = None,
    topic: str = "",
    kind: str = Kind.PUBLIC,
    guests: str = Guests.NONE,
) -> Room:
    """Open a room that `actor` owns.

    Without `slug` one is made of the name; a private room's then ends in random letters, so that nobody can guess it.
    Raises `validation_error`, and `name_taken` where the slug is in use.
    """
    values = _checked({"name": name, "topic": topic, "kind": kind, "guests": guests})
    chosen = _checked_slug(slug) if slug is not None else _slug_for(values["name"], kind)
    try:
        with transaction.atomic():
            room = Room.objects.create(slug=chosen, created_by=actor, **values)
            Membership.objects.create(room=room, user=actor, role=Role.OWNER)
    except IntegrityError:
        raise ChatError("name_taken", errors=invalid("slug", "taken", "This address is taken.").errors) from None
    return room


def update_room(
    *,
    actor: User,
    slug: str,
    name: str | None = None,
    topic: str | None = None,
    kind: str | None = None,
    guests: str | None = None,
) -> Room:
    """Change name, topic, kind or the rule for guests; what is the same already is no change.

    Publishes `room.updated`, at which people who may no longer read lose their sockets.
    Raises `not_found`, `forbidden`, `validation_error`.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require(access.may_update)
        room = access.room
        given = dict(zip(CHANGEABLE, (name, topic, kind, guests), strict=True))
        values = _checked({field: getattr(room, field) if new is None else new for field, new in given.items()})
        changed = {field: value for field, value in values.items() if getattr(room, field) != value}
        if changed:
            for field, value in changed.items():
                setattr(room, field, value)
            room.save(update_fields=list(changed))
            record_change(room, ChangeKind.ROOM_UPDATED, actor=actor, changes=changed)
    return room


def delete_room(*, actor: User, slug: str) -> None:
    """Delete a room with its messages for good; open sockets hear `room_deleted`.

    Raises `not_found`, and `forbidden` for everyone but an owner or the administrator; the lobby stays.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require(access.may_delete)
        if slug == LOBBY:
            raise ChatError("forbidden", "The lobby cannot be deleted: old clients connect to it.")
        evict(group=access.room.group, code="room_deleted")
        access.room.delete()


def ensure_lobby() -> None:
    """Make the room `lobby` where the founding tutorial's page connects, unless it is there."""
    guests = Guests.WRITE if settings.EMBEDDED else Guests.NONE
    Room.objects.get_or_create(
        slug=LOBBY, defaults={"name": "Lobby", "topic": "Say hello: everyone comes through here.", "guests": guests}
    )


def _checked(values: dict[str, Any]) -> dict[str, str]:
    name = unicodedata.normalize("NFC", values["name"]).strip()
    if not any(char.isprintable() and not char.isspace() and char != "." for char in name):
        raise invalid("name", "blank", "A room needs a name.")
    check_line(name, field="name", max_chars=ROOM_NAME_MAX_CHARS)
    check_line(values["topic"], field="topic", max_chars=ROOM_TOPIC_MAX_CHARS)
    for field, choices in (("kind", Kind), ("guests", Guests)):
        if values[field] not in choices.values:
            raise invalid(field, "invalid_choice", f"One of: {', '.join(choices.values)}.")
    if values["kind"] == Kind.PRIVATE and values["guests"] != Guests.NONE:
        raise invalid("guests", "private_room", "A private room is closed to guests.")
    return {**values, "name": name}


def _checked_slug(slug: str) -> str:
    if not SLUG_PATTERN.match(slug):
        raise invalid("slug", "invalid", "Use lower-case letters, digits, hyphens and underscores.")
    if slug in RESERVED_SLUGS:
        raise invalid("slug", "reserved", "This address is reserved.")
    return slug


def _slug_for(name: str, kind: str) -> str:
    slug = slugify(name).strip("-_")[: SLUG_MAX_CHARS - 8].strip("-_")
    if not slug or kind == Kind.PRIVATE:
        return "-".join(filter(None, [slug or "room", secrets.token_hex(3)]))
    if slug in RESERVED_SLUGS:
        raise invalid("name", "reserved", "This name is reserved.")
    if Room.objects.filter(slug=slug, kind=Kind.PRIVATE).exists():
        return f"{slug}-{secrets.token_hex(3)}"
    return slug
