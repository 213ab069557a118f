"""Exporting: a room with its log and files as one zip, written while it is read, a part at a time.

Nothing is held between two parts: who posts or edits meanwhile does not wait. The log ends where it ended at the
beginning, and a message is exported as it is when its turn comes.
"""

import logging
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from accounts.models import User
from chat.export_format import (
    FILES,
    FORMAT,
    LOG,
    ROOM,
    VERSION,
    ChangeLine,
    File,
    Line,
    Manifest,
    Member,
    MessageLine,
    Revision,
    Settings,
    Somebody,
)
from chat.markdown import EVERYBODY
from chat.models import Attachment, Mention, Message
from chat.models import Revision as RevisionRow
from foundation import stored_files
from foundation.deployment import epoch
from foundation.errors import ChatError
from rooms import audit, policies
from rooms.models import Change, ChangeKind, Role, Room

log = logging.getLogger("parlor.export")
PART = 500
Rows = dict[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Export:
    """A zip on its way: `pieces` reads the database and the files as it goes."""

    name: str
    pieces: Iterator[bytes]


def export_room(*, actor: User, slug: str) -> Export:
    """Export a room. Raises `not_found`, `forbidden`; the pieces raise `unavailable` where the log expires meanwhile."""
    with transaction.atomic():
        access = policies.room_for(actor, slug)
        policies.require_right(access, "export")
        audit.record(access.room, actor, "room.exported")
    return Export(f"{slug}.zip", _pieces(access.room))


class _Sink:
    """What a zip is written to, and taken from."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _People:
    """The people who were named so far."""

    def __init__(self) -> None:
        self._found: dict[int, Somebody] = {}

    def meet(self, keys: Iterable[int | None]) -> None:
        """Look up those who are new."""
        fresh = sorted({key for key in keys if key is not None} - self._found.keys())
        for start in range(0, len(fresh), PART):
            for user in User.objects.filter(pk__in=fresh[start : start + PART]):
                self._found[user.pk] = Somebody(username=user.username, name=user.name)

    def name(self, key: int | None) -> str | None:
        """Their username; None for a guest, and for whose account is gone."""
        found = self._found.get(key) if key is not None else None
        return found.username if found else None

    def names(self, keys: Iterable[int]) -> list[str]:
        return [name for key in keys if (name := self.name(key)) is not None]

    def all(self) -> list[Somebody]:
        return sorted(self._found.values(), key=lambda each: each.username)


def _pieces(room: Room) -> Iterator[bytes]:
    sink: Any = _Sink()
    people = _People()
    members = list(_members(room, people))
    encode = msgspec.json.Encoder().encode
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(LOG, "w", force_zip64=True) as file:
            for first in range(room.first_seq, room.last_seq + 1, PART):
                for line in _lines(room, first, min(first + PART - 1, room.last_seq), people):
                    file.write(encode(line) + b"\n")
                yield sink.taken()
        for attachment in _attachments(room):
            yield from _file(archive, sink, attachment)
        archive.writestr(ROOM, msgspec.json.format(encode(_manifest(room, members, people))))
    yield sink.taken()


def _members(room: Room, people: _People) -> Iterator[Member]:
    rows = list(room.memberships.order_by("joined_at", "pk").values_list("user_id", "role", "joined_at"))
    people.meet([room.created_by_id, *(user for user, _, _ in rows)])
    for user, role, joined_at in rows:
        if (username := people.name(user)) is not None:
            yield Member(username=username, role=Role(role), joined_at=joined_at)


def _manifest(room: Room, members: list[Member], people: _People) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=VERSION,
        exported_at=timezone.now(),
        epoch=epoch(),
        head=room.last_seq,
        room=Settings(
            slug=room.slug,
            name=room.name,
            topic=room.topic,
            description=room.description,
            kind=room.kind,
            guests=room.guests,
            posting=room.posting,
            slow_mode_s=room.slow_mode_s,
            retention_days=room.retention_days,
            archived_at=room.archived_at,
            created_by=people.name(room.created_by_id),
            created_at=room.created_at,
            first_seq=room.first_seq,
            message_count=room.message_count,
        ),
        members=members,
        people=people.all(),
    )


def _lines(room: Room, first: int, last: int, people: _People) -> list[Line]:
    """A part of the log. Raises `unavailable` when it expired meanwhile."""
    within: dict[str, Any] = {"room": room, "seq__gte": first, "seq__lte": last}
    messages = list(Message.objects.filter(**within))
    changes = list(Change.objects.filter(**within))
    if len(messages) + len(changes) != last - first + 1:
        raise ChatError("unavailable", "What is exported has just expired; export the room again.")
    mentions = _by_seq(Mention.objects.filter(**within).order_by("pk"))
    files = _by_seq(Attachment.objects.filter(**within))
    revisions = _by_seq(RevisionRow.objects.filter(**within))
    people.meet(each.author_id for each in messages)
    people.meet(key for each in messages for _, keys in each.reactions or () for key in keys)
    people.meet(key for each in changes for key in (each.actor_id, each.subject_id))
    people.meet(each.user_id for rows in mentions.values() for each in rows)
    people.meet(each.uploader_id for rows in files.values() for each in rows)
    lines: list[Line] = [_change(each, people) for each in changes]
    for message in messages:
        _end_with(room, message)
        lines.append(
            _message(message, mentions[message.seq], files[message.seq], revisions[message.seq], people, room.last_seq)
        )
    return sorted(lines, key=lambda line: line.seq)


def _by_seq(rows: Iterable[Any]) -> Rows:
    found: Rows = defaultdict(list)
    for row in rows:
        found[row.seq].append(row)
    return found


def _end_with(room: Room, message: Message) -> None:
    """Count only those replies to a message that are exported."""
    if message.last_reply is None or message.last_reply <= room.last_seq:
        return
    replies = Message.objects.filter(room=room, thread=message.seq, seq__lte=room.last_seq)
    counted = replies.aggregate(count=Count("pk"), last=Max("seq"))
    message.reply_count, message.last_reply = counted["count"] or None, counted["last"]


def _message(
    message: Message,
    mentions: Collection[Mention],
    files: Collection[Attachment],
    revisions: Collection[RevisionRow],
    people: _People,
    head: int,
) -> MessageLine:
    order = [shown["id"] for shown in message.attachments or ()]
    files = sorted(
        (each for each in files if str(each.public_id) in order), key=lambda f: order.index(str(f.public_id))
    )
    return MessageLine(
        seq=message.seq,
        author=people.name(message.author_id),
        text=message.text,
        sent_at=message.sent_at,
        client_id=message.client_id,
        mentions=message.mentions,
        mentioned=[EVERYBODY if each.user_id is None else people.name(each.user_id) or "" for each in mentions],
        attachments=[_attachment(each, people) for each in files],
        reply_to=message.reply_to,
        thread=message.thread,
        nth=message.nth,
        reply_count=message.reply_count,
        last_reply=message.last_reply,
        reactions=[(emoji, people.names(keys)) for emoji, keys in message.reactions or ()] or None,
        edited_at=message.edited_at,
        pinned_at=message.pinned_at,
        deleted_at=message.deleted_at,
        revisions=[
            Revision(replaced_by=each.replaced_by, text=each.text, written_at=each.written_at)
            for each in revisions
            if each.replaced_by <= head
        ],
    )


def _change(change: Change, people: _People) -> ChangeLine:
    data = dict(change.data)
    if change.kind == ChangeKind.MESSAGE_EDITED:
        data.pop("html", None)  # made anew of the text
    return ChangeLine(
        seq=change.seq,
        kind=ChangeKind(change.kind),
        actor=people.name(change.actor_id),
        subject=people.name(change.subject_id),
        at=change.created_at,
        data=data,
    )


def _attachment(attachment: Attachment, people: _People) -> File:
    return File(
        id=str(attachment.public_id),
        name=attachment.name,
        size=attachment.size,
        type=attachment.content_type,
        uploader=people.name(attachment.uploader_id) or "",
        uploaded_at=attachment.created_at,
    )


def _attachments(room: Room) -> Iterator[Attachment]:
    """The files of the room's messages, a part at a time."""
    last = 0
    while True:
        found = Attachment.objects.filter(room=room, seq__gte=room.first_seq, seq__lte=room.last_seq, pk__gt=last)
        part = list(found.order_by("pk")[:PART])
        yield from part
        if len(part) < PART:
            return
        last = part[-1].pk


def _file(archive: zipfile.ZipFile, sink: _Sink, attachment: Attachment) -> Iterator[bytes]:
    """Put a file into the zip. One that is gone meanwhile, or was lost, is left out."""
    pieces = stored_files.chunks(attachment.file, 0, attachment.size)
    try:
        first = next(pieces, b"")
    except Exception as error:  # noqa: BLE001 - a bucket raises anything at all
        log.warning("a file is not in the export: %s: %s", type(error).__name__, error)
        return
    with archive.open(zipfile.ZipInfo(f"{FILES}{attachment.public_id}"), "w", force_zip64=True) as file:
        file.write(first)
        yield sink.taken()
        for piece in pieces:
            file.write(piece)
            yield sink.taken()
