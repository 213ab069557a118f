"""Reading messages back: pages by sequence number, one message, the log after a position."""

from dataclasses import dataclass

from django.db.models import QuerySet

from chat.frames import Truncated, message_frame, render
from chat.models import Message
from foundation.deployment import epoch
from foundation.errors import ChatError, invalid
from foundation.limits import PAGE_DEFAULT, PAGE_MAX, SEQ_MAX
from foundation.publishing import Entry
from rooms import policies
from rooms.log import changes_after
from rooms.models import Room
from rooms.policies import Access, Person


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in ascending order; `head` and `epoch` are the position to connect from after reading it.

    `truncated` when what follows the number that was asked from has expired in part."""

    room: Room
    messages: list[Message]
    head: int
    epoch: str
    has_older: bool
    has_newer: bool
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """Entries in the order of their numbers, the last of them `upto`; `head` and `epoch` are the end of the log.

    `truncated` when those from the number asked for up to `first_seq` have expired."""

    entries: list[Entry]
    truncated: bool
    first_seq: int
    upto: int
    head: int
    epoch: str


def page(
    *,
    actor: Person,
    slug: str,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    thread: int | None = None,
    limit: int = PAGE_DEFAULT,
) -> Page:
    """One page of a room's messages, or of a thread's: the newest, or before, after or around a number.

    Raises `not_found`, `unauthenticated`, `validation_error`, and `position_invalid` for `after` beyond the end.
    """
    if sum(value is not None for value in (before, after, around)) > 1:
        raise invalid("before", "exclusive", "Use one of before, after and around.")
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", "out_of_range", f"From 1 to {PAGE_MAX}.")
    room = policies.room_for(actor, slug).room
    if after is not None:
        check_position(room, after)
    found = Message.objects.filter(room=room).select_related("author")
    if thread is not None:
        _message_in(room, thread)
        found = found.filter(thread=thread)
    messages, has_older, has_newer = _slice(found, room.last_seq, before, after, around, limit)
    truncated = after is not None and is_truncated(room, after)
    return Page(room, messages, room.last_seq, epoch(), has_older, has_newer, truncated)


def message_at(*, actor: Person, slug: str, seq: int) -> Message:
    """The message with this number. Raises `not_found` when there is none, `unauthenticated`."""
    return _message_in(policies.room_for(actor, slug).room, seq)


def locked_message(access: Access, seq: int) -> Message:
    """A message that is to be changed, under the caller's lock on the room. Raises `not_found` where there is none, or
    only what is left of a deleted one."""
    message = _message_in(access.room, seq)
    if message.deleted_at is not None:
        raise ChatError("not_found")
    return message


def _message_in(room: Room, seq: int) -> Message:
    message = Message.objects.select_related("author").filter(room=room, seq=seq).first() if seq <= SEQ_MAX else None
    if message is None:
        raise ChatError("not_found")
    return message


def log_after(*, actor: Person, slug: str, after: int, of_epoch: str | None = None, limit: int = PAGE_DEFAULT) -> Log:
    """Part of the room's log: everything that happened after a number.

    Raises `not_found`, `unauthenticated`, and `position_invalid` beyond the end or for another epoch."""
    room = policies.room_for(actor, slug).room
    check_position(room, after, of_epoch)
    truncated = is_truncated(room, after)
    after = max(after, room.first_seq - 1)
    upto = min(after + limit, room.last_seq)
    return Log(entries_between(room.pk, after, upto), truncated, room.first_seq, upto, room.last_seq, epoch())


def check_position(room: Room, seq: int, of_epoch: str | None = None) -> None:
    """Raise `position_invalid` when the number lies beyond the end of the log or comes from another epoch."""
    if seq > room.last_seq or (of_epoch is not None and of_epoch != epoch()):
        raise ChatError("position_invalid", extra={"head": room.last_seq, "epoch": epoch()})


def is_truncated(room: Room, after: int) -> bool:
    """Whether some of what follows this number has expired."""
    return after < room.first_seq - 1


def entries_between(room_id: int, after: int, upto: int) -> list[Entry]:
    """Everything in the room's log in (after, upto]: messages and changes, merged by number.

    Of what has expired nothing is in the entries; the last of those says `truncated`. Raises `unavailable` when another
    number is missing, which the lock on the room makes impossible while data is whole.
    """
    slug = Room.objects.values_list("slug", flat=True).filter(pk=room_id).first()
    if slug is None:
        raise ChatError("room_deleted")
    entries = changes_after(room_id, slug, after=after, upto=upto)
    for message in Message.objects.filter(room_id=room_id, seq__gt=after, seq__lte=upto).select_related("author"):
        entries[message.seq] = Entry(render(message_frame(message, slug)))
    if len(entries) != upto - after:
        _mark_expired(entries, room_id, slug, after, upto)
    return [entries[seq] for seq in range(after + 1, upto + 1)]


def _mark_expired(entries: dict[int, Entry], room_id: int, slug: str, after: int, upto: int) -> None:
    """Put entries without a frame in place of those that expired, lately or while they were read."""
    # Asked for after the rows were read: none of those after it was deleted by then.
    first_seq = Room.objects.values_list("first_seq", flat=True).filter(pk=room_id).first()
    if first_seq is None:
        raise ChatError("room_deleted")
    entries |= {seq: Entry(b"") for seq in range(after + 1, min(first_seq, upto + 1))}
    if after < first_seq - 1 <= upto:
        entries[first_seq - 1] = Entry(render(Truncated(room=slug, first_seq=first_seq)))
    if len(entries) != upto - after:
        raise ChatError("unavailable", "The room's log has a hole.")


def heads(room_ids: list[int]) -> dict[int, int]:
    """The last number of each room that exists, in one query."""
    return dict(Room.objects.filter(pk__in=room_ids).values_list("pk", "last_seq"))


def _slice(
    messages: QuerySet[Message], head: int, before: int | None, after: int | None, around: int | None, limit: int
) -> tuple[list[Message], bool, bool]:
    # Nothing above the head, so that the page and `head` are one moment. Each query has an order and one bound on
    # each side: of two upper bounds SQLite seeks to one and reads on to the other, through half of a large room.
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
