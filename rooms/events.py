"""The frames of the room's own changes."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from accounts.models import public_user

if TYPE_CHECKING:
    from rooms.models import Change


class Person(msgspec.Struct, frozen=True):
    """A person as everybody sees them. `avatar` is an address or null."""

    id: int
    username: str
    name: str
    avatar: str | None


class _Change(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    room: str
    seq: int
    at: datetime
    actor: Person | None


class MemberJoined(_Change, tag="member.joined", frozen=True, kw_only=True):
    """Somebody became a member, by themselves or added by `actor`."""

    user: Person | None
    role: str


class MemberLeft(_Change, tag="member.left", frozen=True, kw_only=True):
    """Somebody is a member no more; `removed` when `actor` removed them."""

    user: Person | None
    removed: bool


class MemberUpdated(_Change, tag="member.updated", frozen=True, kw_only=True):
    """Somebody has another role."""

    user: Person | None
    role: str


class MemberBanned(_Change, tag="member.banned", frozen=True, kw_only=True):
    """Somebody may not come back, until a time or for good."""

    user: Person | None
    until: datetime | None


class MessageEdited(_Change, tag="message.edited", frozen=True, kw_only=True):
    """The message `message` says something else now; `html` is null where the text has no formatting."""

    message: int
    value: str
    html: str | None
    mentions: list[str]


class MessageDeleted(_Change, tag="message.deleted", frozen=True, kw_only=True):
    """The texts of these messages are gone; `user` had written them (null: a guest)."""

    user: Person | None
    messages: list[int]


class ReactionAdded(_Change, tag="reaction.added", frozen=True, kw_only=True):
    """`actor` put an emoji on a message; `count` people have now."""

    message: int
    emoji: str
    count: int


class ReactionRemoved(_Change, tag="reaction.removed", frozen=True, kw_only=True):
    """`actor` took their emoji off a message; `count` people are left."""

    message: int
    emoji: str
    count: int


class PinAdded(_Change, tag="pin.added", frozen=True, kw_only=True):
    """`actor` pinned a message."""

    message: int


class PinRemoved(_Change, tag="pin.removed", frozen=True, kw_only=True):
    """`actor` took the pin off a message."""

    message: int


class RoomUpdated(_Change, tag="room.updated", frozen=True, kw_only=True):
    """The room's name, topic, kind, rules or rest in the archive changed; `changes` holds the new values."""

    changes: dict[str, str | int | bool]


ChangeFrame = (
    MemberJoined
    | MemberLeft
    | MemberUpdated
    | MemberBanned
    | RoomUpdated
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | PinAdded
    | PinRemoved
)
_FRAMES: dict[str, type[Any]] = {frame.__struct_config__.tag: frame for frame in get_args(ChangeFrame)}
encode = msgspec.json.Encoder(decimal_format="string").encode


def person(user: Any) -> Person | None:
    """The person for a frame, or None for a guest or a deleted account."""
    public = public_user(user)
    return Person(**public) if public else None


def change_frame(change: "Change", slug: str) -> ChangeFrame:
    """The frame of one change, with `actor` and `subject` already loaded."""
    fields: dict[str, Any] = dict(change.data)
    type_ = _FRAMES[change.kind]
    if "user" in type_.__struct_fields__:
        fields["user"] = person(change.subject)
    if fields.get("until"):
        fields["until"] = datetime.fromisoformat(fields["until"])
    frame: ChangeFrame = type_(room=slug, seq=change.seq, at=change.created_at, actor=person(change.actor), **fields)
    return frame


def render_change(change: "Change", slug: str) -> bytes:
    return encode(change_frame(change, slug))
