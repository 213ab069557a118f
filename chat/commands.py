"""What a client may send over the chat socket, as types: every frame is checked against them, and `asyncapi.yaml` is
generated from them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from foundation.errors import ChatError, FieldError, invalid
from foundation.limits import CLIENT_ID_PATTERN, SEQ_MAX
from foundation.strictjson import loads

Seq = Annotated[int, msgspec.Meta(ge=1, le=SEQ_MAX)]


class _Command(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What all frames of a client share: `type`."""


class _Acknowledged(_Command, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A frame that is answered with an `ack` or an `error`, with its `client_id`."""

    client_id: str | None = None


class Post(_Acknowledged, tag="message", frozen=True, kw_only=True):
    """Post a message. Repeating it with the same `client_id` gives the same message."""

    value: str
    reply_to: Seq | None = None
    attachments: list[str] = []


class Edit(_Acknowledged, tag="edit", frozen=True, kw_only=True):
    """Change the text of a message of mine; what it said before stays readable. The `ack` has the number of the
    message, and is a `duplicate` when it said so already."""

    seq: Seq
    value: str


class Delete(_Acknowledged, tag="delete", frozen=True, kw_only=True):
    """Delete a message: its text goes, its number stays. The `ack` has the number of the message."""

    seq: Seq


class React(_Acknowledged, tag="react", frozen=True, kw_only=True):
    """Put an emoji on a message. The `ack` has the number of the message, and is a `duplicate` when mine was there."""

    seq: Seq
    emoji: str


class Unreact(_Acknowledged, tag="unreact", frozen=True, kw_only=True):
    """Take my emoji off a message. The `ack` is a `duplicate` when it was not there."""

    seq: Seq
    emoji: str


class Pin(_Acknowledged, tag="pin", frozen=True, kw_only=True):
    """Pin a message. The `ack` is a `duplicate` when it was pinned before."""

    seq: Seq


class Unpin(_Acknowledged, tag="unpin", frozen=True, kw_only=True):
    """Take a pin off. The `ack` is a `duplicate` when there was none."""

    seq: Seq


class Typing(_Command, tag="typing", frozen=True, kw_only=True):
    """Say that you are typing; others show it for six seconds."""


class Read(_Command, tag="read", frozen=True, kw_only=True):
    """Move my read marker to this number: everything up to it is read, and nothing after it."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]


class Ping(_Command, tag="ping", frozen=True, kw_only=True):
    """Ask for a `pong` with the end of the room's log."""


OnMessage = Edit | Delete | React | Unreact | Pin | Unpin
Command = Post | OnMessage | Read | Typing | Ping
COMMANDS: dict[str, type[Command]] = {
    "message": Post,
    "edit": Edit,
    "delete": Delete,
    "react": React,
    "unreact": Unreact,
    "pin": Pin,
    "unpin": Unpin,
    "read": Read,
    "typing": Typing,
    "ping": Ping,
}


def parse(text: str, commands: Mapping[str, type[Any]] = COMMANDS) -> Any:
    """Read one frame of a client, which may be one of these commands.

    Raises `invalid_json`, `unknown_command`, `unknown_field`, `validation_error`; never anything else.
    """
    body = loads(text)
    kind = body.get("type")
    command_type = commands.get(kind) if isinstance(kind, str) else None
    if command_type is None:
        raise ChatError("unknown_command")
    known = command_type.__struct_fields__
    unknown = [field for field in body if field != "type" and field not in known]
    if unknown:
        errors = [FieldError(f"/{field[:64]}", "unknown_field", "There is no such field.") for field in sorted(unknown)]
        raise ChatError("unknown_field", errors=errors)
    try:
        command = msgspec.convert(body, command_type)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    if isinstance(command, _Acknowledged):
        check_client_id(command.client_id)
    return command


def check_client_id(client_id: str | None) -> None:
    """Raise `validation_error` unless it is 1 to 64 of A-Z a-z 0-9 _ -."""
    if client_id is not None and not CLIENT_ID_PATTERN.match(client_id):
        raise invalid("client_id", "invalid", "Use 1 to 64 letters, digits, hyphens and underscores.")


def _invalid(error: msgspec.ValidationError) -> ChatError:
    text = str(error)
    if missing := re.search("missing required field `(.+)`", text):
        return invalid(missing[1], "required", "This field is required.")
    found = re.search(r"`\$\.(\w+)", text)
    name = found[1] if found else "value"
    if "Expected `int` <=" in text or "Expected `int` >=" in text:
        return invalid(name, "out_of_range", f"A number from 0 or 1 to {SEQ_MAX}.")
    return invalid(name, "invalid", "This value has the wrong type.")
