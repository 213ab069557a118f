"""How `asyncapi.yaml` is made: from the frames themselves, one example of each, and the table of refusals.

The document speaks as the server: it *receives* what clients send, and *sends* what they get (AsyncAPI 3.0).
"""

import json
from typing import Any

import msgspec
from django.conf import settings

from api.account import ADA
from api.bans import MALLORY
from api.inbox import ENTRY, TOTALS
from api.messages import HELLO, PAGE
from api.rooms import TEA
from chat import commands, frames, inbox_frames
from foundation.errors import ERRORS
from foundation.limits import (
    FRAME_MAX_BYTES,
    MESSAGE_MAX_BYTES,
    MESSAGE_MAX_CHARS,
    PING_INTERVAL_S,
    SEQ_MAX,
    TICKET_LIFE_S,
    TYPING_INTERVAL_S,
)
from foundation.socket import FALLBACK_CLOSE
from rooms import events

SCHEMAS = "#/components/schemas/"
CHANNELS = {"room": "/ws/chat/{room}/", "lobby": "/ws/chat/", "inbox": "/ws/inbox/"}
AT = HELLO.sent_at

# One example of every frame; the first is what a document shows. Frames that are not here are not in the document.
RECEIVED: dict[str, tuple[str, msgspec.Struct]] = {
    "post": ("Post a message.", commands.Post(value="Hello, tea!", client_id="c-1")),
    "edit": ("Edit a message.", commands.Edit(seq=42, value="Hello, **tea**!", client_id="c-3")),
    "delete": ("Delete a message.", commands.Delete(seq=42, client_id="c-4")),
    "react": ("React to a message.", commands.React(seq=42, emoji="👍", client_id="c-5")),
    "unreact": ("Take a reaction back.", commands.Unreact(seq=42, emoji="👍", client_id="c-6")),
    "pin": ("Pin a message.", commands.Pin(seq=42, client_id="c-7")),
    "unpin": ("Take a pin off.", commands.Unpin(seq=42, client_id="c-8")),
    "read": ("Move my read marker.", commands.Read(seq=42)),
    "type": (f"Say that I am typing, at most every {TYPING_INTERVAL_S:g} s.", commands.Typing()),
    "ping": ("Ask for the end of the log.", commands.Ping()),
}
FROM_CLIENTS = tuple(frame for _, frame in RECEIVED.values())
GREETING: tuple[msgspec.Struct, ...] = (
    frames.System(),
    frames.Hello(
        room=frames.RoomHead(
            slug="tea",
            name="Tea",
            topic="No coffee",
            kind="public",
            guests="none",
            posting="members",
            slow_mode_s=0,
            archived_at=None,
        ),
        me=ADA,
        role="owner",
        capabilities=TEA.capabilities,
        seq=PAGE.seq,
        epoch=PAGE.epoch,
        first_seq=1,
        limits=frames.SocketLimits(
            message_chars=MESSAGE_MAX_CHARS, message_bytes=MESSAGE_MAX_BYTES, frame_bytes=FRAME_MAX_BYTES
        ),
        ping_interval_s=PING_INTERVAL_S,
        here=[ADA],
        here_count=1,
        guests_here=1,
    ),
    frames.Truncated(room="tea", first_seq=17),
)
LOG: tuple[msgspec.Struct, ...] = (
    HELLO,
    events.MemberJoined(room="tea", seq=43, at=AT, actor=ADA, user=ADA, role="member"),
    events.MemberLeft(room="tea", seq=44, at=AT, actor=ADA, user=ADA, removed=False),
    events.MemberUpdated(room="tea", seq=45, at=AT, actor=ADA, user=ADA, role="owner"),
    events.RoomUpdated(room="tea", seq=46, at=AT, actor=ADA, changes={"topic": "Some coffee"}),
    events.MemberBanned(room="tea", seq=47, at=AT, actor=ADA, user=MALLORY, until=None),
    events.MessageDeleted(room="tea", seq=48, at=AT, actor=ADA, user=MALLORY, messages=[12, 17]),
    events.MessageEdited(
        room="tea",
        seq=49,
        at=AT,
        actor=ADA,
        message=42,
        value="Hello, **tea**!",
        html="<p>Hello, <strong>tea</strong>!</p>",
        mentions=[],
    ),
    events.ReactionAdded(room="tea", seq=50, at=AT, actor=ADA, message=42, emoji="👍", count=1),
    events.ReactionRemoved(room="tea", seq=51, at=AT, actor=ADA, message=42, emoji="👍", count=0),
    events.PinAdded(room="tea", seq=52, at=AT, actor=ADA, message=42),
    events.PinRemoved(room="tea", seq=53, at=AT, actor=ADA, message=42),
)
INBOX: tuple[msgspec.Struct, ...] = (
    inbox_frames.InboxActivity(room="tea", seq=42, message_count=40, last_message=HELLO),
    inbox_frames.InboxRoomFrame(entry=ENTRY),
    inbox_frames.InboxGone(room="tea"),
    inbox_frames.InboxInvitations(count=1),
)
INBOX_GREETING = (frames.System(), inbox_frames.Inbox(me=ADA, totals=TOTALS, epoch=PAGE.epoch, ping_interval_s=25))
EPHEMERAL: tuple[msgspec.Struct, ...] = (
    frames.TypingFrame(room="tea", user=ADA),
    frames.ReadFrame(room="tea", user=ADA, read_seq=42),
    frames.PresenceFrame(room="tea", event="joined", user=ADA, here_count=1, guests_here=1),
)
ACK = frames.Ack(client_id="c-1", seq=HELLO.seq, duplicate=False)
PONG = frames.Pong(seq=HELLO.seq)
REFUSED = frames.Error(
    code="validation_error",
    detail="value: A message needs something to read.",
    client_id="c-2",
    errors=[frames.ErrorField(pointer="/value", code="blank", detail="A message needs something to read.")],
)
OF_ROOM = (*FROM_CLIENTS, *GREETING, *LOG, *EPHEMERAL, ACK, PONG, REFUSED)
OF_INBOX = (commands.Ping(), *INBOX_GREETING, *INBOX, PONG, REFUSED)
FRAMES = (*OF_ROOM, *INBOX, INBOX_GREETING[1])
TITLES = {
    "room": ("A room", "One room. `room` is its slug."),
    "lobby": ("The lobby", "The room `lobby`, where the client of the founding tutorial connects."),
    "inbox": ("The inbox", "What is new in all rooms of one person."),
}


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI document of the chat socket."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parlor",
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, address) for name, address in CHANNELS.items()},
        "operations": {key: value for name in CHANNELS for key, value in _operations(name).items()},
        "components": {"messages": {_id(each): _message(each) for each in FRAMES}, "schemas": _schemas()},
        "x-close-codes": _close_codes(),
        "x-error-codes": {code: {"title": row.title, "retry": row.retry} for code, row in sorted(ERRORS.items())},
    }


DESCRIPTION = f"""The socket of a room, and the inbox of a person.

Frames are JSON objects in text, at most {FRAME_MAX_BYTES} bytes; `type` says which. Clients ignore types and fields that
they do not know. After the greeting (`system`, `hello`) the room's log follows: frames with `seq`, in order, without a
hole, each once. A socket opened with `?after=<seq>&epoch=<epoch>` first gets what came since. Frames without `seq` are
news of the moment and may be lost.

A socket that is refused is accepted first, then gets one `error` frame and is closed with a code of `x-close-codes`:
browsers cannot read a refused handshake. Foreign origins, bad hosts and addresses that are too long are refused with
HTTP before.
"""


def _channel(name: str, address: str) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": address,
        "title": TITLES[name][0],
        "description": TITLES[name][1],
        "messages": {
            _id(each): {"$ref": f"#/components/messages/{_id(each)}"}
            for each in (OF_INBOX if name == "inbox" else OF_ROOM)
        },
        "bindings": {"ws": {"method": "GET", "query": _query(name), "headers": _headers(), "bindingVersion": "0.1.0"}},
    }
    if name == "room":
        channel["parameters"] = {"room": {"description": "The room's slug.", "examples": ["tea"]}}
    return channel


def _query(channel: str) -> dict[str, Any]:
    query: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "after": {"type": "integer", "minimum": 0, "maximum": SEQ_MAX, "description": "The last `seq` I have."},
            "epoch": {"type": "string", "description": "The epoch that `after` belongs to."},
            "ticket": {"type": "string", "description": f"From `POST /api/tickets/`: once, within {TICKET_LIFE_S} s."},
        },
    }
    if channel == "inbox":
        del query["properties"]["after"], query["properties"]["epoch"]
    return query


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "Authorization": {"type": "string", "description": "`Token parlor_…`, for programs."},
            "Cookie": {"type": "string", "description": "The session, for pages of this origin."},
        },
    }


def _operations(channel: str) -> dict[str, Any]:
    """What the server does at a channel, by a name that begins with the channel's."""

    def operation(action: str, summary: str, *sent: msgspec.Struct, replies: tuple[msgspec.Struct, ...] = ()) -> Any:
        told: dict[str, Any] = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
        told["messages"] = [_in_channel(channel, each) for each in sent]
        if replies:
            messages = [_in_channel(channel, each) for each in replies]
            told["reply"] = {"channel": {"$ref": f"#/channels/{channel}"}, "messages": messages}
        return told

    if channel == "inbox":
        told = {
            "ping": operation("receive", "Ask whether the line is alive.", commands.Ping(), replies=(PONG,)),
            "greet": operation("send", "The first two frames, in this order.", *INBOX_GREETING),
            "tell": operation("send", "What is new; after a break, read `GET /api/inbox/` again.", *INBOX),
            "refuse": operation("send", "Why a frame, or the socket itself, is refused.", REFUSED),
        }
        return {f"{channel}.{name}": each for name, each in told.items()}
    told = {
        **{
            name: operation("receive", summary, frame, replies=_replies(frame))
            for name, (summary, frame) in RECEIVED.items()
        },
        "greet": operation("send", "The first two frames, in this order.", *GREETING),
        "follow": operation("send", "The room's log, in the order of `seq`, without a hole.", *LOG),
        "tell": operation("send", "What is so right now; may be lost.", *EPHEMERAL),
        "refuse": operation("send", "Why a frame, or the socket itself, is refused.", REFUSED),
    }
    return {f"{channel}.{name}": each for name, each in told.items()}


def _replies(frame: msgspec.Struct) -> tuple[msgspec.Struct, ...]:
    if isinstance(frame, commands.Ping):
        return (PONG,)
    return (ACK, REFUSED) if hasattr(frame, "client_id") else ()


def _in_channel(channel: str, frame: msgspec.Struct) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{_id(frame)}"}


def _message(frame: msgspec.Struct) -> dict[str, Any]:
    kind = type(frame)
    return {
        "name": kind.__struct_config__.tag,
        "title": kind.__name__,
        "summary": " ".join((kind.__doc__ or "").split()),
        "payload": {"$ref": f"{SCHEMAS}{kind.__name__}"},
        "examples": [{"name": "example", "payload": json.loads(events.encode(frame))}],
    }


def _id(frame: msgspec.Struct) -> str:
    return type(frame).__name__


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([type(each) for each in FRAMES], ref_template=f"{SCHEMAS}{{name}}")
    schemas["Error"]["properties"]["code"]["enum"] = sorted(ERRORS)
    return dict(sorted(schemas.items()))


def _close_codes() -> dict[str, Any]:
    """Close codes with the refusals that lead to them; what has no code of its own closes with the fallback."""
    codes: dict[str, Any] = {}
    for code, row in ERRORS.items():
        if row.close is not None:
            codes.setdefault(str(row.close), []).append({"code": code, "title": row.title, "retry": row.retry})
    codes.setdefault(str(FALLBACK_CLOSE), []).append(
        {"code": "validation_error", "title": "A bad address.", "retry": False}
    )
    return dict(sorted(codes.items()))
