"""What an exported room looks like: a zip with `room.json`, `log.jsonl` (one entry of the log a line, in its order), and
the files of messages in `files/`. People are named by username, files by their ids."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from foundation.limits import SEQ_MAX
from rooms.models import ChangeKind, Role

FORMAT, VERSION = "parlor-room", 1
ROOM, LOG, FILES = "room.json", "log.jsonl", "files/"
Seq = Annotated[int, Meta(ge=1, le=SEQ_MAX)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is there only where it says something, and nothing else."""


class Settings(_Part, frozen=True, kw_only=True):
    """The room itself. `message_count` has in it what expired; the log begins at `first_seq`."""

    slug: str
    name: str
    topic: str
    kind: str
    guests: str
    posting: str
    slow_mode_s: Count
    retention_days: Count
    archived_at: Moment | None
    created_by: str | None
    created_at: Moment
    first_seq: Seq
    message_count: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    description: str = ""


class Member(_Part, frozen=True, kw_only=True):
    username: str
    role: Role
    joined_at: Moment


class Somebody(_Part, frozen=True, kw_only=True):
    """One of the people whom the room and its log name."""

    username: str
    name: str


class Manifest(_Part, frozen=True, kw_only=True):
    """`room.json`: `head` is the last number of the log, in the database that `epoch` names."""

    format: str
    version: int
    exported_at: Moment
    epoch: str
    head: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    room: Settings
    members: list[Member]
    people: list[Somebody]


class Revision(_Part, frozen=True, kw_only=True):
    """What a message said until the change of this number."""

    replaced_by: Seq
    text: str
    written_at: Moment


class File(_Part, frozen=True, kw_only=True):
    """A file of a message; its bytes are at `files/<id>`."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    name: str
    size: Count
    type: str
    uploader: str
    uploaded_at: Moment


class MessageLine(_Part, frozen=True, kw_only=True, tag_field="entry", tag="message"):
    """One message, without its HTML, which is made of its text. `mentioned` are those who were told."""

    seq: Seq
    author: str | None
    text: str
    sent_at: Moment
    client_id: str | None = None
    mentions: list[str] | None = None
    mentioned: list[str] = []
    attachments: list[File] = []
    reply_to: Seq | None = None
    thread: Seq | None = None
    nth: Count | None = None
    reply_count: Count | None = None
    last_reply: Seq | None = None
    reactions: list[tuple[str, list[str]]] | None = None
    edited_at: Moment | None = None
    pinned_at: Moment | None = None
    deleted_at: Moment | None = None
    revisions: list[Revision] = []


class ChangeLine(_Part, frozen=True, kw_only=True, tag_field="entry", tag="change"):
    """Any other entry of the log: `data` is what its frame has besides."""

    seq: Seq
    kind: ChangeKind
    actor: str | None
    subject: str | None
    at: Moment
    data: dict[str, Any]


Line = MessageLine | ChangeLine
