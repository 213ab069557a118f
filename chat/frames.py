"""Every frame of the chat socket, both ways, as types: what a client sends is checked against them, what it gets is
made from them, and `asyncapi.yaml` is generated from them. The frames of room changes are in `rooms/events.py`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

from chat.models import Message
from foundation.errors import ChatError, FieldError, invalid
from foundation.limits import CLIENT_ID_PATTERN, SEQ_MAX
from foundation.strictjson import loads
from rooms.events import Person, encode, person
from rooms.models import Room

# Client → server


class Post(msgspec.Struct, tag_field="type", tag="message", forbid_unknown_fields=True, frozen=True):
    """Post a message. Repeating it with the same `client_id` gives the same message."""

    value: str
    client_id: str | None = None


class Typing(msgspec.Struct, tag_field="type", tag="typing", forbid_unknown_fields=True, frozen=True):
    """Say that you are typing; others show it for six seconds."""


class Delete(msgspec.Struct, tag_field="type", tag="delete", forbid_unknown_fields=True, frozen=True):
    """Delete a message: its text goes, its number stays. The `ack` has the number of the message."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=SEQ_MAX)]
    client_id: str | None = None


class Read(msgspec.Struct, tag_field="type", tag="read", forbid_unknown_fields=True, frozen=True):
    """Move my read marker to this number: everything up to it is read, and nothing after it."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]


class Ping(msgspec.Struct, tag_field="type", tag="ping", forbid_unknown_fields=True, frozen=True):
    """Ask for a `pong` with the end of the room's log."""


Command = Post | Delete | Read | Typing | Ping
COMMANDS: dict[str, type[Command]] = {"message": Post, "delete": Delete, "read": Read, "typing": Typing, "ping": Ping}

# Server → client


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


class MessageFrame(_Frame, tag="message", frozen=True, kw_only=True, omit_defaults=True):
    """One message. `user` is null for a guest. Of a `deleted` one only the number is left, and whose it was."""

    room: str
    seq: int
    value: str
    user: Person | None
    sent_at: datetime
    client_id: str | None
    deleted: bool = False


class TypingFrame(_Frame, tag="typing", frozen=True, kw_only=True):
    """Somebody is typing."""

    room: str
    user: Person | None


class PresenceFrame(_Frame, tag="presence", frozen=True, kw_only=True, omit_defaults=True):
    """Somebody came or went (`joined`, `left`; for a guest `user` is null); a crowd's `count`; `here`: the list anew."""

    room: str
    event: str
    user: Person | None
    here: list[Person] | None = None
    here_count: int
    guests_here: int


class Ack(_Frame, tag="ack", frozen=True, kw_only=True):
    """The message `seq` is on disk, or deleted; `duplicate` when it was so before."""

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


def parse(text: str, commands: Mapping[str, type[Any]] = COMMANDS) -> Any:
    """Read one frame of a client, which may be one of these commands.

    Raises `invalid_json`, `unknown_command`, `unknown_field`, `validation_error`; never anything else.
    """
    body = loads(text)
    kind = body.get("type")
    command_type = commands.get(kind) if isinstance(kind, str) else None
    if command_type is None:
        raise ChatError("unknown_command")
    unknown = sorted(set(body) - set(command_type.__struct_fields__) - {"type"})
    if unknown:
        errors = [FieldError(f"/{field[:64]}", "unknown_field", "There is no such field.") for field in unknown]
        raise ChatError("unknown_field", errors=errors)
    try:
        command = msgspec.convert(body, command_type)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    if isinstance(command, (Post, Delete)):
        check_client_id(command.client_id)
    return command


def check_client_id(client_id: str | None) -> None:
    """Raise `validation_error` unless it is 1 to 64 of A-Z a-z 0-9 _ -."""
    if client_id is not None and not CLIENT_ID_PATTERN.match(client_id):
        raise invalid("client_id", "invalid", "Use 1 to 64 letters, digits, hyphens and underscores.")


def message_frame(message: Message, slug: str) -> MessageFrame:
    """The frame of a message whose author is loaded; REST answers the very same object."""
    return MessageFrame(
        room=slug,
        seq=message.seq,
        value=message.text,
        user=person(message.author),
        sent_at=message.sent_at,
        client_id=message.client_id,
        deleted=message.deleted_at is not None,
    )


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


def _invalid(error: msgspec.ValidationError) -> ChatError:
    text = str(error)
    if "missing required field" in text:
        return invalid("value", "required", "This field is required.")
    field = "client_id" if "client_id" in text else "value"
    return invalid(field, "invalid", "This value has the wrong type.")
