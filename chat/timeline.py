"""A room's timeline as the server draws it, so that it can be read before any script runs.

The frames are the socket's own; `static/chat/timeline.js` goes on where this ends, and its sentences are the twins of
these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from chat.frames import MessageFrame, message_frame
from chat.history import Page
from rooms.events import (
    ChangeFrame,
    MemberBanned,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    MessageDeleted,
    Person,
    RoomUpdated,
)
from rooms.log import changes_after

TOGETHER = timedelta(minutes=5)
CHANGES_MAX = 200
GUESTS = {
    "none": "closed the room to guests",
    "read": "let guests read the room",
    "write": "let guests read and write",
}
Part = dict[str, str] | str  # a name, or words


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the timeline. `day` is set where a new day begins, `continued` where the author goes on."""

    frame: MessageFrame | ChangeFrame
    day: date | None
    continued: bool

    @property
    def is_message(self) -> bool:
        return isinstance(self.frame, MessageFrame)

    @property
    def sentence(self) -> list[Part]:
        return [] if isinstance(self.frame, MessageFrame) else sentence(self.frame)


def lines_of(page: Page, *, before: int | None = None) -> list[Line]:
    """The page's messages with the changes that happened among them, in order."""
    after = page.messages[0].seq - 1 if page.has_older else 0
    upto = page.head if before is None else min(before - 1, page.head)
    slug = page.room.slug
    frames: dict[int, MessageFrame | ChangeFrame] = {}
    changes = changes_after(page.room.pk, slug, after=after, upto=upto)
    for seq in sorted(changes)[-CHANGES_MAX:]:
        change: ChangeFrame = msgspec.json.decode(changes[seq].frame, type=ChangeFrame)
        if not isinstance(change, MessageDeleted):  # said where the message was
            frames[seq] = change
    frames |= {message.seq: message_frame(message, slug) for message in page.messages}
    return list(_arranged([frames[seq] for seq in sorted(frames)]))


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
    assert isinstance(change, RoomUpdated), "what was deleted is said where it was"
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
        case "kind":
            return [f"made the room {value}"]
        case "posting":
            return ["let only moderators post" if value == "moderators" else "let all members post"]
        case "slow_mode_s":
            return [f"set slow mode to a message every {span(value)}"] if value else ["ended slow mode"]
        case "archived":
            return ["archived the room" if value else "opened the room again"]
        case _:
            return [GUESTS.get(value, "changed what guests may do")]


def span(seconds: int) -> str:
    """A time in the largest unit that holds it whole."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return "second" if seconds == 1 else f"{seconds} seconds"


def _name(person: Person | None) -> Part:
    return {"name": person.name} if person else "Somebody"


def _arranged(frames: list[MessageFrame | ChangeFrame]) -> Iterator[Line]:
    previous: MessageFrame | ChangeFrame | None = None
    for frame in frames:
        new_day = previous is None or _at(previous).date() != _at(frame).date()
        continued = not new_day and previous is not None and _goes_on(previous, frame)
        yield Line(frame, _at(frame).date() if new_day else None, continued)
        previous = frame


def _goes_on(previous: MessageFrame | ChangeFrame, frame: MessageFrame | ChangeFrame) -> bool:
    """Whether the same person goes on writing. Guests cannot be told apart, so each line of theirs stands alone."""
    if not isinstance(previous, MessageFrame) or not isinstance(frame, MessageFrame):
        return False
    same = previous.user is not None and frame.user is not None and previous.user.id == frame.user.id
    return same and frame.sent_at - previous.sent_at < TOGETHER


def _at(frame: MessageFrame | ChangeFrame) -> datetime:
    return frame.sent_at if isinstance(frame, MessageFrame) else frame.at
