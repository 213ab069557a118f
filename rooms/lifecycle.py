"""Opening, changing, archiving and deleting rooms."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.names import check_line
from foundation import rates
from foundation.errors import ChatError, invalid
from foundation.limits import RETENTION_MAX_DAYS, ROOM_DESCRIPTION_MAX_CHARS, ROOM_TOPIC_MAX_CHARS, SLOW_MODE_MAX_S
from foundation.publishing import close_group
from rooms import audit, names, notices, policies
from rooms.log import record_change
from rooms.models import ChangeKind, FormerRoom, Guests, Kind, Membership, Posting, Role, Room

LOBBY = "lobby"
CHANGEABLE = ("name", "topic", "description", "kind", "guests", "posting", "slow_mode_s", "retention_days")
KINDS = (Kind.PUBLIC, Kind.PRIVATE)  # a direct room is opened with its people, see `rooms/direct.py`


def open_room(
    *,
    actor: User,
    name: str,
    slug: str | None = None,
    topic: str = "",
    description: str = "",
    kind: str = Kind.PUBLIC,
    guests: str = Guests.NONE,
    posting: str = Posting.MEMBERS,
    slow_mode_s: int = 0,
    retention_days: int = 0,
) -> Room:
    """Open a room that `actor` owns.

    Without `slug` one is made of the name; a private room's then ends in random letters, so that nobody can guess it.
    Raises `validation_error`, and `name_taken` where the slug is or was in use, or another public room's name is this
    one or looks like it; `rate_limited`.
    """
    given = (name, topic, description, kind, guests, posting, slow_mode_s, retention_days)
    values = checked_values(dict(zip(CHANGEABLE, given, strict=True)))
    chosen = names.checked_slug(slug) if slug is not None else names.slug_for(values["name"], kind)
    room = Room(slug=chosen, created_by=actor, name_key=names.name_key(values["name"]), **values)
    if kind == Kind.PUBLIC:
        names.check_unlike_others(room)
    rates.take("rooms", actor.pk)
    try:
        with transaction.atomic():
            room.save(force_insert=True)
            Membership.objects.create(room=room, user=actor, role=Role.OWNER)
    except IntegrityError:
        raise _what_was_taken(room) from None
    return room


def update_room(
    *,
    actor: User,
    slug: str,
    name: str | None = None,
    topic: str | None = None,
    description: str | None = None,
    kind: str | None = None,
    guests: str | None = None,
    posting: str | None = None,
    slow_mode_s: int | None = None,
    retention_days: int | None = None,
    archived: bool | None = None,
) -> Room:
    """Change a room, or archive it; what is the same already is no change.

    A room comes out of the archive before it is changed, and goes in after.
    Publishes `room.updated`, at which people who may no longer read lose their sockets.
    Raises `not_found`, `forbidden`, `archived`, `validation_error`, `name_taken`.
    """
    values = (name, topic, description, kind, guests, posting, slow_mode_s, retention_days)
    given = {field: value for field, value in zip(CHANGEABLE, values, strict=True) if value is not None}
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        room = access.room
        if archived is not None:
            policies.require_right(access, "archive")
        if archived is False:
            _set_archived(room, actor, archived=False)
        if given or archived is None:
            policies.require_right(access, "update")
            _change(room, actor, {field: getattr(room, field) for field in CHANGEABLE} | given)
        if archived:
            _set_archived(room, actor, archived=True)
    return room


def archive_room(*, actor: User, slug: str) -> Room:
    """Let the room rest: it can be read and found, and nobody posts, joins or changes it. See `update_room`."""
    return update_room(actor=actor, slug=slug, archived=True)


def unarchive_room(*, actor: User, slug: str) -> Room:
    """Take the room up again. See `update_room`."""
    return update_room(actor=actor, slug=slug, archived=False)


def delete_room(*, actor: User, slug: str) -> None:
    """Delete a room with its messages for good; open sockets hear `room_deleted`, and its address is never given again.

    Raises `not_found`, and `forbidden` for everyone but an owner or the administrator; the lobby stays.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "delete")
        _not_the_lobby(access.room, "deleted")
        room = access.room
        audit.record(room, actor, "room.deleted", name=room.name)
        close_group(room.group, code="room_deleted")
        members = list(room.memberships.values_list("user_id", flat=True))
        readers = None if room.kind == Kind.PUBLIC else members
        invited = room.invitations.exclude(invitee=None).values_list("invitee", flat=True)
        notices.inbox_changed([*members, *invited])
        FormerRoom.objects.create(slug=room.slug, readers=readers)
        room.delete()


def ensure_lobby() -> None:
    """Make the room `lobby` where the founding tutorial's page connects, unless it is there."""
    guests = Guests.WRITE if settings.EMBEDDED else Guests.NONE
    topic = "Say hello: everyone comes through here."
    values = {"name": "Lobby", "name_key": names.name_key("Lobby"), "topic": topic, "guests": guests}
    Room.objects.get_or_create(slug=LOBBY, defaults=values)


def _change(room: Room, actor: User, given: dict[str, Any]) -> None:
    values = checked_values(given)
    changed = {field: value for field, value in values.items() if getattr(room, field) != value}
    if not changed:
        return
    for field, value in changed.items():
        setattr(room, field, value)
    room.name_key = names.name_key(room.name)
    if room.kind == Kind.PUBLIC and changed.keys() & {"name", "kind"}:
        names.check_unlike_others(room)
    try:
        with transaction.atomic():
            room.save(update_fields=[*changed, "name_key"])
    except IntegrityError:
        raise names.name_taken(room.name) from None
    audit.record(room, actor, "room.updated", changes=changed)
    record_change(room, ChangeKind.ROOM_UPDATED, actor=actor, changes=changed)


def _set_archived(room: Room, actor: User, *, archived: bool) -> None:
    if archived == room.archived:
        return
    _not_the_lobby(room, "archived")
    room.archived_at = timezone.now() if archived else None
    room.save(update_fields=["archived_at"])
    audit.record(room, actor, "room.archived" if archived else "room.unarchived")
    record_change(room, ChangeKind.ROOM_UPDATED, actor=actor, changes={"archived": archived})


def _not_the_lobby(room: Room, fate: str) -> None:
    if room.slug == LOBBY:
        raise ChatError("forbidden", f"The lobby cannot be {fate}: old clients connect to it.")


def _what_was_taken(room: Room) -> ChatError:
    """The refusal for a room that lost a race: its address went, or its name."""
    taken = Room.objects.filter(slug=room.slug).exists()
    return names.slug_taken() if taken else names.name_taken(room.name)


def checked_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values of CHANGEABLE as they are kept. Raises `validation_error`."""
    name = names.checked_name(values["name"])
    check_line(values["topic"], field="topic", max_chars=ROOM_TOPIC_MAX_CHARS)
    lines = values["description"].replace("\n", " ")
    check_line(lines, field="description", max_chars=ROOM_DESCRIPTION_MAX_CHARS)
    for field, choices in (("kind", KINDS), ("guests", Guests.values), ("posting", Posting.values)):
        if values[field] not in choices:
            raise invalid(field, "invalid_choice", f"One of: {', '.join(choices)}.")
    if values["kind"] == Kind.PRIVATE and values["guests"] != Guests.NONE:
        raise invalid("guests", "private_room", "A private room is closed to guests.")
    if not 0 <= values["slow_mode_s"] <= SLOW_MODE_MAX_S:
        raise invalid("slow_mode_s", "out_of_range", f"0 to {SLOW_MODE_MAX_S:,} seconds.")
    if not 0 <= values["retention_days"] <= RETENTION_MAX_DAYS:
        raise invalid("retention_days", "out_of_range", f"0 to {RETENTION_MAX_DAYS:,} days; 0 keeps everything.")
    return {**values, "name": name}
