"""The entries of an imported log: each is checked as if somebody had sent it, and becomes a row.

HTML is made anew of the text, and images are drawn anew: nothing of the zip is shown as it is.
"""

import logging
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from typing import IO, Any

import msgspec

from accounts.models import User
from chat import attaching
from chat.export_format import FILES, ChangeLine, File, Line, MessageLine
from chat.file_names import shown_name, type_of
from chat.formatting import emoji_of, only_mentions, render
from chat.frames import attachment_shown, message_frame
from chat.frames import render as encoded
from chat.markdown import EVERYBODY
from chat.models import Attachment, Mention, Message, Revision
from chat.texts import check_storable
from foundation import stored_files
from foundation.errors import ChatError
from foundation.images import picture_in
from foundation.limits import ATTACHMENTS_PER_MESSAGE, CLIENT_ID_PATTERN, FILE_MAX_BYTES, REACTIONS_MAX
from foundation.statements import insert_all
from rooms.events import ChangeFrame, render_change
from rooms.models import Change, ChangeKind, Room

log = logging.getLogger("parlor.import")
CHUNK_BYTES = 64 * 1024
PART = 500


class Bad(Exception):
    """What is wrong with a line."""


class Rows:
    """Turns lines into rows and writes them; counts the messages, and the files that were not there."""

    def __init__(self, room: Room, people: Mapping[str, User], archive: zipfile.ZipFile, written: list[str]) -> None:
        self.messages = 0
        self.missing = 0
        self._written = written
        self._waiting: dict[type, list[Any]] = defaultdict(list)
        self._room = room
        self._people = people
        self._archive = archive

    def take(self, line: Line) -> None:
        """Make rows of a line, which are written a part at a time. Raises Bad, ChatError, and what the database says."""
        if isinstance(line, MessageLine):
            self.messages += 1
            self._wait(self._message(line))
            self._wait(*[self._revision(line, each) for each in line.revisions])
            self._wait(*[self._mention(line, name) for name in line.mentioned])
        else:
            self._wait(self._change(line))

    def finish(self) -> None:
        """Write the rows that wait."""
        for rows in self._waiting.values():
            insert_all(rows, as_they_are=True)
        self._waiting.clear()

    def _wait(self, *rows: Any) -> None:
        for row in rows:
            waiting = self._waiting[type(row)]
            waiting.append(row)
            if len(waiting) == PART:
                insert_all(waiting, as_they_are=True)
                waiting.clear()

    def _who(self, username: str | None) -> User | None:
        if username is None:
            return None
        if username not in self._people:
            raise Bad("it names somebody who is not among the people of room.json")
        return self._people[username]

    def _message(self, line: MessageLine) -> Message:
        head = self._room.last_seq
        before, after = (line.reply_to, line.thread), (line.last_reply, *(each.replaced_by for each in line.revisions))
        if any(seq is not None and seq >= line.seq for seq in before):
            raise Bad("it answers a message that comes after it")
        if any(seq is not None and not line.seq < seq <= head for seq in after):
            raise Bad("it is answered or edited where the log has no such number")
        check_storable(line.text)
        if line.client_id is not None and not CLIENT_ID_PATTERN.match(line.client_id):
            raise Bad("its client_id is none")
        if line.deleted_at is not None and (line.text or line.attachments or line.revisions):
            raise Bad("it is deleted, and says something")
        for name in line.mentions or ():
            if name != EVERYBODY:
                self._who(name)
        message = Message(
            room=self._room,
            seq=line.seq,
            author=self._who(line.author),
            text=line.text,
            html=only_mentions(render(line.text).html, line.mentions or (), line.text),
            reactions=self._reactions(line),
            attachments=self._attachments(line),
            **{name: getattr(line, name) for name in ("sent_at", "client_id", "mentions", "reply_to", "thread", "nth")},
            **{name: getattr(line, name) for name in ("reply_count", "last_reply")},
            **{name: getattr(line, name) for name in ("edited_at", "pinned_at", "deleted_at")},
        )
        encoded(message_frame(message, self._room.slug))  # whatever a page would stumble over, is said now
        return message

    def _reactions(self, line: MessageLine) -> list[list[Any]] | None:
        kinds = line.reactions or []
        if len(kinds) > REACTIONS_MAX or len({emoji for emoji, _ in kinds}) < len(kinds):
            raise Bad("it has too many reactions, or one of them twice")
        found: list[list[Any]] = []
        for emoji, names in kinds:
            keys = [user.pk for name in names if (user := self._who(name)) is not None]
            if emoji_of(emoji) != emoji or len(set(keys)) < len(keys):
                raise Bad("a reaction of it is none, or twice of one person")
            found.append([emoji, keys])
        return found or None

    def _revision(self, line: MessageLine, revision: Any) -> Revision:
        check_storable(revision.text)
        fields = {name: getattr(revision, name) for name in ("replaced_by", "text", "written_at")}
        return Revision(room=self._room, seq=line.seq, **fields)

    def _mention(self, line: MessageLine, name: str) -> Mention:
        return Mention(room=self._room, seq=line.seq, user=None if name == EVERYBODY else self._who(name))

    def _change(self, line: ChangeLine) -> Change:
        data = dict(line.data)
        if line.kind == ChangeKind.MESSAGE_EDITED:
            text, names = data.get("value"), data.get("mentions")
            if not isinstance(text, str) or not isinstance(names, list):
                raise Bad("it tells of an edit, and does not say which")
            check_storable(text)
            data["html"] = only_mentions(render(text).html, [str(name) for name in names], text)
        who = {"actor": self._who(line.actor), "subject": self._who(line.subject)}
        change = Change(room=self._room, seq=line.seq, kind=line.kind, data=data, created_at=line.at, **who)
        try:
            # Everybody who comes back reads this frame.
            msgspec.json.decode(render_change(change, self._room.slug), type=ChangeFrame)
        except (TypeError, ValueError, AttributeError, msgspec.ValidationError) as error:
            raise Bad(f"its data is not that of {line.kind.value}") from error
        if _has_nul(data):
            raise Bad("it has a NUL character")
        return change

    def _attachments(self, line: MessageLine) -> list[dict[str, Any]] | None:
        if len(line.attachments) > ATTACHMENTS_PER_MESSAGE:
            raise Bad("it has too many files")
        shown: list[dict[str, Any]] = []
        for file in line.attachments:
            attachment = self._attachment(line, file)
            if attachment is not None:
                shown.append(msgspec.to_builtins(attachment_shown(attachment)))
        return shown or None

    def _attachment(self, line: MessageLine, file: File) -> Attachment | None:
        content = self._content(file)
        if content is None:
            self.missing += 1
            return None
        uploader = self._who(file.uploader)
        attachment = Attachment(uploader=uploader, room=self._room, seq=line.seq, created_at=file.uploaded_at)
        attachment.file, attachment.name = stored_files.new_name(), shown_name(file.name)
        attachment.size, attachment.content_type = content.seek(0, 2), type_of(attachment.name)
        content.seek(0)
        picture = picture_in(content)
        content.seek(0)
        whole = attaching.describe(attachment, picture) if picture else content
        self._keep(attachment.file, whole)
        if picture:
            self._keep(attachment.thumbnail, picture.thumbnail)
        attachment.save(force_insert=True)
        return attachment

    def _keep(self, name: str, content: IO[bytes]) -> None:
        self._written.append(name)
        stored_files.write(name, content)

    def _content(self, file: File) -> IO[bytes] | None:
        """A file of the zip, by the one name that it may have there; None where it is not in it."""
        name = f"{FILES}{file.id}"
        if name not in self._archive.NameToInfo:
            return None
        if self._archive.getinfo(name).file_size > FILE_MAX_BYTES:
            raise ChatError("file_too_large")
        content = _file()
        with self._archive.open(name) as packed:
            while piece := packed.read(CHUNK_BYTES):
                content.write(piece)
        return content


def _file() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=1024 * 1024)


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return any(_has_nul(each) for each in value)
    return isinstance(value, str) and "\0" in value
