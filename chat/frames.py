"""What the chat socket sends, as types: frames are made from them, REST answers the same objects, and `asyncapi.yaml` is
generated from them. The frames of changes are in `rooms/events.py`, what clients send in `chat/commands.py`."""

from datetime import datetime
from urllib.parse import quote

import msgspec

from chat.models import Attachment, Message
from foundation.limits import REACTORS_NAMED_MAX
from rooms.events import Person, encode, person
from rooms.models import Room


class _Frame(msgspec.Struct, tag_field="type", kw_only=True, frozen=True):
    """What all frames of the server share: `type`."""


class System(_Frame, tag="system", frozen=True, kw_only=True):
    """The first frame of every accepted socket."""

    value: str = "connected"


class RoomHead(msgspec.Struct, kw_only=True, frozen=True):
    """The room as the socket needs it."""

    slug: str
    name: str
    topic: str
    kind: str
    guests: str
    posting: str
    slow_mode_s: int
    archived_at: datetime | None


class SocketLimits(msgspec.Struct, kw_only=True, frozen=True):
    """Sizes that the server holds a client to."""

    message_chars: int
    message_bytes: int
    frame_bytes: int


class Hello(_Frame, tag="hello", frozen=True, kw_only=True):
    """The second frame: where you are, who you are, what you may do, and the end of the log (`seq`, `epoch`)."""

    room: RoomHead
    me: Person | None
    role: str | None
    capabilities: list[str]
    seq: int
    epoch: str
    first_seq: int
    limits: SocketLimits
    ping_interval_s: int
    here: list[Person]
    here_count: int
    guests_here: int


class Truncated(_Frame, tag="truncated", frozen=True, kw_only=True):
    """What is before `first_seq` was deleted, as its room keeps nothing for so long: the log goes on from there."""

    room: str
    first_seq: int


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """One emoji on a message: how many people put it there, and the ids of the first of them."""

    emoji: str
    count: int
    users: list[int]


class AttachmentShown(msgspec.Struct, kw_only=True, frozen=True):
    """A file of a message; whoever may read the room may read it. Only images have a size in pixels and a thumbnail."""

    id: str
    name: str
    size: int
    type: str
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None


class MessageFrame(_Frame, tag="message", frozen=True, kw_only=True, omit_defaults=True):
    """One message. `user` is null for a guest. Of a `deleted` one only the number is left, and whose it was.

    `html` is there where the text has formatting. A reply says what it answers, which message is at the root of its
    `thread` and the how many-th reply it is there (`nth`); the root knows how many there are, and the last."""

    room: str
    seq: int
    value: str
    user: Person | None
    sent_at: datetime
    client_id: str | None
    html: str | None = None
    mentions: list[str] = []
    attachments: list[AttachmentShown] = []
    reply_to: int | None = None
    thread: int | None = None
    nth: int | None = None
    reply_count: int = 0
    last_reply: int | None = None
    reactions: list[Reaction] = []
    edited_at: datetime | None = None
    pinned_at: datetime | None = None
    deleted: bool = False


class TypingFrame(_Frame, tag="typing", frozen=True, kw_only=True):
    """Somebody is typing."""

    room: str
    user: Person | None


class PresenceFrame(_Frame, tag="presence", frozen=True, kw_only=True, omit_defaults=True):
    """Somebody came or went (`joined`, `left`; for a guest `user` is null), or has another name or avatar (`changed`); a
    crowd's `count`; `here`: the list anew."""

    room: str
    event: str
    user: Person | None
    here: list[Person] | None = None
    here_count: int
    guests_here: int


class ReadFrame(_Frame, tag="read", frozen=True, kw_only=True):
    """Somebody who lets others know has read up to here."""

    room: str
    user: Person | None
    read_seq: int


class Ack(_Frame, tag="ack", frozen=True, kw_only=True):
    """What was asked for is on disk; `seq` is the message's number; `duplicate` when it was so before."""

    client_id: str | None
    seq: int
    duplicate: bool


class Pong(_Frame, tag="pong", frozen=True, kw_only=True):
    """The answer to `ping`: the last number that this socket's server has delivered."""

    seq: int


class ErrorField(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one value of the frame."""

    pointer: str
    code: str
    detail: str


class Error(_Frame, tag="error", frozen=True, kw_only=True, omit_defaults=True):
    """A refusal, in the words of the table of errors."""

    code: str
    detail: str
    client_id: str | None = None
    errors: list[ErrorField] = []
    retry_after_ms: int | None = None


def message_frame(message: Message, slug: str) -> MessageFrame:
    """The frame of a message whose author is loaded; REST answers the very same object."""
    return MessageFrame(
        room=slug,
        seq=message.seq,
        value=message.text,
        user=person(message.author),
        sent_at=message.sent_at,
        client_id=message.client_id,
        html=message.html,
        mentions=message.mentions or [],
        attachments=msgspec.convert(message.attachments, list[AttachmentShown]) if message.attachments else [],
        reply_to=message.reply_to,
        thread=message.thread,
        nth=message.nth,
        reply_count=message.reply_count or 0,
        last_reply=message.last_reply,
        reactions=reactions_shown(message),
        edited_at=message.edited_at,
        pinned_at=message.pinned_at,
        deleted=message.deleted_at is not None,
    )


def attachment_shown(attachment: Attachment) -> AttachmentShown:
    """A file as its message shows it, and as the answer to its upload."""
    address = f"/files/{attachment.public_id}"
    return AttachmentShown(
        id=str(attachment.public_id),
        name=attachment.name,
        size=attachment.size,
        type=attachment.content_type,
        width=attachment.width,
        height=attachment.height,
        url=f"{address}/{quote(attachment.name, safe='')}",
        thumbnail_url=f"{address}/thumbnail" if attachment.thumbnail else None,
    )


def reactions_shown(message: Message) -> list[Reaction]:
    """The reactions as the frame has them."""
    return [
        Reaction(emoji=emoji, count=len(users), users=users[:REACTORS_NAMED_MAX])
        for emoji, users in message.reactions or []
    ]


def room_head(room: Room) -> RoomHead:
    """The room for `hello`."""
    return RoomHead(
        slug=room.slug,
        name=room.name,
        topic=room.topic,
        kind=room.kind,
        guests=room.guests,
        posting=room.posting,
        slow_mode_s=room.slow_mode_s,
        archived_at=room.archived_at,
    )


def render(frame: msgspec.Struct) -> bytes:
    return encode(frame)
