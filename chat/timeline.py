"""A room's timeline as the server draws it, so that it can be read before any script runs.

The frames are the socket's own; `static/chat/timeline.js` goes on where this ends, and its sentences are the twins of
these.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import msgspec
from django.utils.html import strip_tags

from chat.frames import MessageFrame, message_frame
from chat.history import Page
from chat.models import Message
from rooms.events import (
    ChangeFrame,
    MemberBanned,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    Person,
    PinAdded,
    PinRemoved,
    RoomUpdated,
)
from rooms.log import changes_after
from rooms.models import ChangeKind

TOGETHER = timedelta(minutes=5)
CHANGES_MAX = 200
QUOTE_MAX_CHARS = 140
# What happens to a message is shown where it is.
TOLD = frozenset(
    {
        *(ChangeKind.MEMBER_JOINED, ChangeKind.MEMBER_LEFT, ChangeKind.MEMBER_UPDATED, ChangeKind.MEMBER_BANNED),
        *(ChangeKind.ROOM_UPDATED, ChangeKind.PIN_ADDED, ChangeKind.PIN_REMOVED),
    }
)
GUESTS = {
    "none": "closed the room to guests",
    "read": "let guests read the room",
    "write": "let guests read and write",
}
Part = dict[str, Any] | str  # a name or the number of a message, or words


@dataclass(frozen=True, slots=True)
class Quote:
    """What a message answers: by whom and in short, where that is on the page."""

    seq: int
    name: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the timeline. `day` is set where a new day begins, `continued` where the author goes on, `first_new` on
    the first message that the reader has not seen."""

    frame: MessageFrame | ChangeFrame
    day: date | None
    continued: bool
    quote: Quote | None = None
    first_new: bool = False

    @property
    def is_message(self) -> bool:
        return isinstance(self.frame, MessageFrame)

    @property
    def sentence(self) -> list[Part]:
        return [] if isinstance(self.frame, MessageFrame) else sentence(self.frame)


def lines_of(page: Page, *, before: int | None = None, after: int | None = None, read: int | None = None) -> list[Line]:
    """The page's messages with the changes that happened among them, in order; the first message after what is `read` is
    marked."""
    older = page.messages[0].seq - 1 if page.has_older and page.messages else 0
    upto = page.messages[-1].seq if page.has_newer and page.messages else page.head
    upto = min(before - 1, page.head) if before is not None else upto
    slug = page.room.slug
    frames: dict[int, MessageFrame | ChangeFrame] = {}
    lower = after if after is not None else older
    changes = changes_after(page.room.pk, slug, after=lower, upto=upto, kinds=TOLD)
    for seq in sorted(changes)[-CHANGES_MAX:]:
        change: ChangeFrame = msgspec.json.decode(changes[seq].frame, type=ChangeFrame)
        if not (isinstance(change, RoomUpdated) and "first_seq" in change.changes):  # nothing that people did
            frames[seq] = change
    frames |= {message.seq: message_frame(message, slug) for message in page.messages}
    return list(_arranged([frames[seq] for seq in sorted(frames)], read))


def thread_lines(root: Message, replies: Iterable[Message], slug: str) -> list[Line]:
    """A message and replies to it; that they answer it need not be said."""
    lines = _arranged([message_frame(message, slug) for message in (root, *replies)])
    return [replace(line, quote=None) if line.quote and line.quote.seq == root.seq else line for line in lines]


def lines_apart(messages: Iterable[Message], slug: str) -> list[Line]:
    """Messages that have nothing to do with each other."""
    return [line for message in messages for line in _arranged([message_frame(message, slug)])]


def sentence(change: ChangeFrame) -> list[Part]:
    """What happened, as words and names."""
    actor = _name(change.actor)
    if isinstance(change, MemberJoined):
        alone = change.actor is None or change.actor == change.user
        return [_name(change.user), " joined"] if alone else [actor, " added ", _name(change.user)]
    if isinstance(change, MemberLeft):
        return [actor, " removed ", _name(change.user)] if change.removed else [_name(change.user), " left"]
    if isinstance(change, MemberUpdated):
        return [actor, " made ", _name(change.user), " an owner" if change.role == "owner" else f" a {change.role}"]
    if isinstance(change, MemberBanned):
        return [actor, " banned ", _name(change.user)]
    if isinstance(change, PinAdded | PinRemoved):
        return [
            actor,
            " pinned " if isinstance(change, PinAdded) else " took the pin off ",
            {"message": change.message},
        ]
    assert isinstance(change, RoomUpdated), "what happens to a message is shown where it is"
    parts: list[Part] = [actor, " "]
    for field, value in change.changes.items():
        parts += [*_update(field, value), " and "]
    return parts[:-1]


def _update(field: str, value: Any) -> list[Part]:
    match field:
        case "name":
            return ["renamed the room to “", {"name": value}, "”"]
        case "topic":
            return ["set the topic to “", {"name": value}, "”"] if value else ["removed the topic"]
        case "description":
            return ["changed the description" if value else "removed the description"]
        case "kind":
            return [f"made the room {value}"]
        case "posting":
            return ["let only moderators post" if value == "moderators" else "let all members post"]
        case "slow_mode_s":
            return [f"set slow mode to a message every {span(value)}"] if value else ["ended slow mode"]
        case "retention_days":
            return [f"set messages to be deleted after {days(value)}" if value else "set messages to be kept for ever"]
        case "archived":
            return ["archived the room" if value else "opened the room again"]
        case _:
            return [GUESTS.get(value, "changed what guests may do")]


def days(number: int) -> str:
    return "a day" if number == 1 else f"{number} days"


def span(seconds: int) -> str:
    """A time in the largest unit that holds it whole."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return "second" if seconds == 1 else f"{seconds} seconds"


def _name(person: Person | None) -> Part:
    return {"name": person.name} if person else "Somebody"


def _arranged(frames: list[MessageFrame | ChangeFrame], read: int | None = None) -> Iterator[Line]:
    previous: MessageFrame | ChangeFrame | None = None
    here = {frame.seq: frame for frame in frames if isinstance(frame, MessageFrame)}
    first_new = next((seq for seq in here if read and seq > read), None)
    for frame in frames:
        new_day = previous is None or _at(previous).date() != _at(frame).date()
        starts = new_day or frame.seq == first_new
        continued = not starts and previous is not None and _goes_on(previous, frame)
        yield Line(
            frame=frame,
            day=_at(frame).date() if new_day else None,
            continued=continued,
            quote=_quote(frame, here),
            first_new=frame.seq == first_new,
        )
        previous = frame


def _goes_on(previous: MessageFrame | ChangeFrame, frame: MessageFrame | ChangeFrame) -> bool:
    """Whether the same person goes on writing. A reply begins anew, and so does each line of a guest: they cannot be told
    apart."""
    if not isinstance(previous, MessageFrame) or not isinstance(frame, MessageFrame) or frame.reply_to is not None:
        return False
    same = previous.user is not None and frame.user is not None and previous.user.id == frame.user.id
    return same and frame.sent_at - previous.sent_at < TOGETHER


def _quote(frame: MessageFrame | ChangeFrame, here: dict[int, MessageFrame]) -> Quote | None:
    if not isinstance(frame, MessageFrame) or frame.reply_to is None:
        return None
    target = here.get(frame.reply_to)
    if target is None:
        return Quote(frame.reply_to)
    return Quote(target.seq, target.user.name if target.user else "Guest", in_short(target))


def in_short(message: MessageFrame) -> str:
    """The beginning of what a message says, in one line and without its formatting; else the name of its first file."""
    if message.deleted:
        return "Message deleted"
    said = unescape(strip_tags(message.html.replace("<br>", " "))) if message.html else message.value
    words = " ".join(said.split()) or next((each.name for each in message.attachments), "")
    return f"{words[:QUOTE_MAX_CHARS]}…" if len(words) > QUOTE_MAX_CHARS else words


def _at(frame: MessageFrame | ChangeFrame) -> datetime:
    return frame.sent_at if isinstance(frame, MessageFrame) else frame.at
