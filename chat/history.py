"""Reading messages back: pages by sequence number, one message, the log after a position."""

from dataclasses import dataclass

from django.db.models import QuerySet

from chat.frames import message_frame, render
from chat.models import Message
from foundation.deployment import epoch
from foundation.errors import ChatError, invalid
from foundation.limits import PAGE_DEFAULT, PAGE_MAX, SEQ_MAX
from foundation.publishing import Entry
from rooms import policies
from rooms.log import changes_after
from rooms.models import Room
from rooms.policies import Person


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in ascending order; `head` and `epoch` are the position to connect from after reading it."""

    room: Room
    messages: list[Message]
    head: int
    epoch: str
    has_older: bool
    has_newer: bool


def page(
    *,
    actor: Person,
    slug: str,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = PAGE_DEFAULT,
) -> Page:
    """One page of a room's messages: the newest, or before, after or around a number.

    Raises `not_found`, `unauthenticated`, `validation_error`, and `position_invalid` for `after` beyond the end.
    """
    if sum(value is not None for value in (before, after, around)) > 1:
        raise invalid("before", "exclusive", "Use one of before, after and around.")
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", "out_of_range", f"From 1 to {PAGE_MAX}.")
    room = policies.room_for(actor, slug).room
    if after is not None:
        check_position(room, after)
    messages, has_older, has_newer = _slice(room, before, after, around, limit)
    return Page(room, messages, room.last_seq, epoch(), has_older, has_newer)


def message_at(*, actor: Person, slug: str, seq: int) -> Message:
    """The message with this number. Raises `not_found` when there is none, `unauthenticated`."""
    room = policies.room_for(actor, slug).room
    message = Message.objects.select_related("author").filter(room=room, seq=seq).first() if seq <= SEQ_MAX else None
    if message is None:
        raise ChatError("not_found")
    return message


def check_position(room: Room, seq: int, of_epoch: str | None = None) -> None:
    """Raise `position_invalid` when the number lies beyond the end of the log or comes from another epoch."""
    if seq > room.last_seq or (of_epoch is not None and of_epoch != epoch()):
        raise ChatError("position_invalid", extra={"head": room.last_seq, "epoch": epoch()})


def entries_between(room_id: int, after: int, upto: int) -> list[Entry]:
    """Everything in the room's log in (after, upto]: messages and changes, merged by number.

    Raises `unavailable` when a number is missing, which the lock on the room makes impossible while data is whole.
    """
    slug = Room.objects.values_list("slug", flat=True).filter(pk=room_id).first()
    if slug is None:
        raise ChatError("room_deleted")
    entries = changes_after(room_id, slug, after=after, upto=upto)
    for message in Message.objects.filter(room_id=room_id, seq__gt=after, seq__lte=upto).select_related("author"):
        entries[message.seq] = Entry(render(message_frame(message, slug)))
    if len(entries) != upto - after:
        raise ChatError("unavailable", "The room's log has a hole.")
    return [entries[seq] for seq in range(after + 1, upto + 1)]


def heads(room_ids: list[int]) -> dict[int, int]:
    """The last number of each room that exists, in one query."""
    return dict(Room.objects.filter(pk__in=room_ids).values_list("pk", "last_seq"))


def _slice(
    room: Room, before: int | None, after: int | None, around: int | None, limit: int
) -> tuple[list[Message], bool, bool]:
    # Nothing above room.last_seq, so that the page and `head` are one moment. Each query has an order and one bound on
    # each side: of two upper bounds SQLite seeks to one and reads on to the other, through half of a large room.
    head = room.last_seq
    messages = Message.objects.filter(room=room).select_related("author")
    if after is not None:
        newer, more = _take(messages.filter(seq__gt=after, seq__lte=head).order_by("seq"), limit)
        return newer, _any(messages.filter(seq__lte=after).order_by("-seq")), more
    if around is not None:
        older, more_older = _take(messages.filter(seq__lte=min(around, head)).order_by("-seq"), limit - limit // 2)
        newer, more_newer = _take(messages.filter(seq__gt=around, seq__lte=head).order_by("seq"), limit - len(older))
        return older[::-1] + newer, more_older, more_newer
    if before is not None:
        older, more = _take(messages.filter(seq__lt=min(before, head + 1)).order_by("-seq"), limit)
        return older[::-1], more, _any(messages.filter(seq__gte=before, seq__lte=head).order_by("seq"))
    latest, more = _take(messages.filter(seq__lte=head).order_by("-seq"), limit)
    return latest[::-1], more, False


def _any(messages: QuerySet[Message]) -> bool:
    """Whether there is one. (`exists()` drops the order, and PostgreSQL then looks for it from the table's beginning.)"""
    return bool(messages.values_list("pk", flat=True)[:1])


def _take(messages: QuerySet[Message], count: int) -> tuple[list[Message], bool]:
    found = list(messages[: count + 1])
    return found[:count], len(found) > count
