"""Importing: an exported room becomes a new one, whole or not at all.

A zip is never trusted: it is read by the few names that are known, a line at a time, and nothing of it is unpacked.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from accounts.models import User
from accounts.names import DISPLAY_NAME_MAX_CHARS, USERNAME_PATTERN, check_line, validate_username
from chat import indexing
from chat.export_format import FORMAT, LOG, ROOM, VERSION, Line, Manifest
from chat.imported_log import Bad, Rows
from foundation import stored_files
from foundation.errors import ChatError
from foundation.limits import IMPORT_LINE_MAX_BYTES, IMPORT_LOG_MAX_BYTES, IMPORT_ROOM_MAX_BYTES
from foundation.statements import insert_all, select_in
from rooms import audit, names, notices
from rooms.lifecycle import CHANGEABLE, checked_values
from rooms.models import Kind, Membership, Room

PART = 500
MIB = 1024 * 1024
_manifest = msgspec.json.Decoder(Manifest)
_line = msgspec.json.Decoder(Line)


@dataclass(frozen=True, slots=True)
class Imported:
    """The new room, the usernames of the people who had no account here, and how many files were not in the zip."""

    room: Room
    newcomers: list[str]
    files_missing: int


def import_room(*, path: Path, slug: str | None = None, name: str | None = None) -> Imported:
    """Make a room of an export, under another address or name where these are given.

    People are matched by username. Who has no account gets one that is disabled and has no password. All has been read
    by all members. Raises `validation_error` for a zip that is no export or is damaged, with what and where;
    `name_taken`.
    """
    written: list[str] = []
    try:
        with _readable(), zipfile.ZipFile(path) as archive, transaction.atomic():
            manifest = _read_manifest(archive)
            people, newcomers = _people_of(manifest)
            room = _open(manifest, people, slug, name)
            rows = Rows(room, people, archive, written)
            _read_log(archive, manifest, rows)
            _admit(manifest, room, people, rows.messages)
            indexing.add(room)
            audit.record(room, None, "room.imported", slug=manifest.room.slug)
    except BaseException:
        stored_files.erase(written)
        raise
    return Imported(room, newcomers, rows.missing)


@contextmanager
def _readable() -> Iterator[None]:
    """Say in one sentence why a zip cannot be read."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise _wrong(f"The zip cannot be read: {error or type(error).__name__}.") from error
    except IntegrityError as error:
        raise _wrong("Something in the export is there twice that can be there once only.") from error
    except (DataError, OverflowError) as error:
        raise _wrong(f"Something in the export cannot be stored: {error}.") from error


def _wrong(detail: str) -> ChatError:
    return ChatError("validation_error", detail)


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    for name, most in ((ROOM, IMPORT_ROOM_MAX_BYTES), (LOG, IMPORT_LOG_MAX_BYTES)):
        if name not in archive.NameToInfo:
            raise _wrong(f"This is no exported room: there is no {name} in it.")
        if archive.getinfo(name).file_size > most:
            raise _wrong(f"{name} has more than {most // MIB:,} MiB.")
    with archive.open(ROOM) as file:
        text = file.read(IMPORT_ROOM_MAX_BYTES + 1)
    try:
        manifest = _manifest.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _wrong(f"{ROOM}: {error}.") from error
    if (manifest.format, manifest.version) != (FORMAT, VERSION):
        raise _wrong(
            f"{ROOM}: this is version {manifest.version} of {manifest.format!r}, and not {VERSION} of {FORMAT!r}."
        )
    return manifest


def _people_of(manifest: Manifest) -> tuple[dict[str, User], list[str]]:
    """Everybody by username, those who are new with a disabled account; and the names of those."""
    named = {each.username: each.name for each in manifest.people}
    found: dict[str, User] = {}
    usernames = list(named)
    for username in usernames:  # a database may choke on what is none
        if not USERNAME_PATTERN.match(username):
            raise _wrong(f"{ROOM}: {username[:40]!r} is no username.")
    for start in range(0, len(usernames), PART):
        part = usernames[start : start + PART]
        found |= {user.username: user for user in select_in(User, username=part)}
    newcomers = sorted(named.keys() - found.keys())
    for username in newcomers:
        try:
            validate_username(username)
        except ValidationError as error:
            raise _wrong(f"{ROOM}: {username!r} can be nobody here: {error.messages[0]}") from error
        check_line(named[username], field="name", max_chars=DISPLAY_NAME_MAX_CHARS)
        user = User(username=username, name=named[username], is_active=False)
        user.set_unusable_password()
        user.save(force_insert=True)
        found[username] = user
    return found, newcomers


def _open(manifest: Manifest, people: dict[str, User], slug: str | None, name: str | None) -> Room:
    given = manifest.room
    values = checked_values({field: getattr(given, field) for field in CHANGEABLE} | ({"name": name} if name else {}))
    address = names.checked_slug(given.slug if slug is None else slug)
    if Room.objects.filter(slug=address).exists():
        raise names.slug_taken()
    if given.first_seq > manifest.head + 1:
        raise _wrong(f"{ROOM}: the log begins at {given.first_seq} and ends at {manifest.head}.")
    room = Room(slug=address, name_key=names.name_key(values["name"]), archived_at=given.archived_at, **values)
    room.last_seq, room.first_seq, room.message_count = manifest.head, given.first_seq, given.message_count
    if given.created_by is not None:
        room.created_by = _listed(people, given.created_by)
    if room.kind == Kind.PUBLIC:
        names.check_unlike_others(room)
    room.save(force_insert=True)
    Room.objects.filter(pk=room.pk).update(created_at=given.created_at)
    room.refresh_from_db()
    return room


def _listed(people: dict[str, User], username: str) -> User:
    if username not in people:
        raise _wrong(f"{ROOM}: {username[:40]!r} is not among its people.")
    return people[username]


def _read_log(archive: zipfile.ZipFile, manifest: Manifest, rows: Rows) -> None:
    seq = manifest.room.first_seq
    with archive.open(LOG) as file:
        for number, line in enumerate(_lines(file), 1):
            if line.seq != seq:
                raise _wrong(f"{LOG}, line {number}: here comes number {line.seq}, and it should be {seq}.")
            try:
                rows.take(line)
            except Bad as error:
                raise _wrong(f"{LOG}, line {number}: {error}.") from error
            except ChatError as error:
                raise error if error.refusal.retry else _wrong(f"{LOG}, line {number}: {error.detail}") from error
            seq += 1
    if seq != manifest.head + 1:
        raise _wrong(f"{LOG} ends at number {seq - 1}, and it should at {manifest.head}.")
    rows.finish()


def _lines(file: IO[bytes]) -> Iterator[Line]:
    number = 0
    while text := file.readline(IMPORT_LINE_MAX_BYTES + 1):
        number += 1
        if len(text) > IMPORT_LINE_MAX_BYTES:
            raise _wrong(f"{LOG}, line {number}: it has more than {IMPORT_LINE_MAX_BYTES // MIB} MiB.")
        try:
            yield _line.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _wrong(f"{LOG}, line {number}: {error}.") from error


def _admit(manifest: Manifest, room: Room, people: dict[str, User], messages: int) -> None:
    """Make the members, who have read everything."""
    if not messages <= room.message_count <= room.last_seq:
        raise _wrong(f"{ROOM}: {room.message_count} messages cannot be, with {messages} in the log.")
    rows = [
        Membership(
            room=room,
            user=_listed(people, each.username),
            role=each.role,
            joined_at=each.joined_at,
            read_seq=room.last_seq,
            messages_read=room.message_count,
        )
        for each in manifest.members
    ]
    for start in range(0, len(rows), PART):
        insert_all(rows[start : start + PART], as_they_are=True)
    notices.inbox_changed([each.user_id for each in rows])
