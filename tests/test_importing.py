"""Importing: a room whole or not at all; whatever is wrong with a zip is said in one sentence, and nothing is left."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from accounts.models import User
from chat.attaching import upload
from chat.editing import edit_message
from chat.exporting import export_room
from chat.importing import Imported, import_room
from chat.inbox import totals_of
from chat.models import Attachment, Message
from chat.posting import post_message
from chat.reacting import react
from chat.search import search
from rooms.models import AuditEntry, Change, Membership, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Lines = list[dict[str, Any]]
Zip = dict[str, bytes]


@pytest.fixture
def whole(ada: User, grace: User, tea: Room) -> Zip:
    """The parts of an export of the tea room: 1 grace joined, 2 and 3 messages of hers, 4 ada's edit, 5 a file."""
    post_message(actor=ada, slug="tea", text="hello @grace", client_id="c-1")
    post_message(actor=grace, slug="tea", text="bye", reply_to=2)
    edit_message(actor=ada, slug="tea", seq=2, text="**hello** @grace")
    made = upload(actor=ada, slug="tea", file=io.BytesIO(b"two spoons"), name="notes.txt", size=10)
    post_message(actor=ada, slug="tea", text="", attachments=[str(made.public_id)])
    react(actor=grace, slug="tea", seq=2, emoji="👍")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export_room(actor=ada, slug="tea").pieces)))
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Zip], Path]:
    def write(parts: Zip) -> Path:
        path = tmp_path / "room.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return path

    return write


def lines_of(parts: Zip) -> Lines:
    return [json.loads(line) for line in parts["log.jsonl"].splitlines()]


def with_lines(parts: Zip, lines: Lines) -> Zip:
    return {**parts, "log.jsonl": b"".join(json.dumps(line).encode() + b"\n" for line in lines)}


def with_room(parts: Zip, **changed: Any) -> Zip:
    about = json.loads(parts["room.json"])
    for path, value in changed.items():
        *way, last = path.split("__")
        at = about
        for step in way:
            at = at[step]
        at[last] = value
    return {**parts, "room.json": json.dumps(about).encode()}


def counts() -> tuple[int, ...]:
    stored = sum(len(files) for _, _, files in os.walk(default_storage.path("")))
    return (*(model.objects.count() for model in (Room, User, Message, Change, Membership, Attachment)), stored)


def brought_in(path: Path) -> Imported:
    return import_room(path=path, slug="copy", name="Copy")


# What comes in


def test_a_room_comes_in_beside_the_one_it_was(whole: Zip, put: Callable[[Zip], Path], ada: User, grace: User) -> None:
    imported = brought_in(put(whole))

    room = imported.room
    assert (room.slug, room.name, room.last_seq, room.message_count) == ("copy", "Copy", 6, 3)
    assert (imported.newcomers, imported.files_missing) == ([], 0)
    assert {each.user_id: each.role for each in room.memberships.all()} == {ada.pk: "owner", grace.pk: "member"}
    assert totals_of(grace).unread == 1, "of the first room: in the second everything is read"
    assert Message.objects.get(room=room, seq=2).html == (
        '<p><strong>hello</strong> <span class="mention">@grace</span></p>'
    )
    assert len(search(actor=grace, q="bye").hits) == 2
    assert AuditEntry.objects.get(room=room).action == "room.imported"
    again = post_message(actor=ada, slug="copy", text="hello @grace", client_id="c-1")
    assert again.duplicate and again.message.seq == 2
    assert post_message(actor=grace, slug="copy", text="on").message.seq == 7


def test_who_has_no_account_gets_one_that_nobody_can_use(
    whole: Zip, put: Callable[[Zip], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {name: content.replace(b'"grace"', b'"lovelace"') for name, content in whole.items()}

    call_command(
        "import_room",
        put(
            with_room(
                parts,
                people=[
                    {"username": "ada", "name": "Not Ada"},
                    {"username": "lovelace", "name": "L"},
                    {"username": "grace", "name": "G"},
                ],
            )
        ),
        slug="copy",
        name="Copy",
    )

    said = capsys.readouterr().out
    assert "Copy is at /rooms/copy/, with its log from 1 to 6." in said and "password: lovelace." in said
    newcomer = User.objects.get(username="lovelace")
    assert (newcomer.is_active, newcomer.has_usable_password(), newcomer.name) == (False, False, "L")
    assert User.objects.get(username="ada").name == "Ada Lovelace", "accounts that are here stay what they are"


def test_a_file_that_is_not_in_the_zip_is_said(
    whole: Zip, put: Callable[[Zip], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {name: content for name, content in whole.items() if not name.startswith("files/")}

    call_command("import_room", put(parts), slug="copy", name="Copy")

    assert "Files that were not in the zip: 1." in capsys.readouterr().out
    assert Message.objects.get(room__slug="copy", seq=5).attachments is None


def test_html_and_images_are_made_anew(whole: Zip, put: Callable[[Zip], Path]) -> None:
    lines, evil = lines_of(whole), io.BytesIO()
    lines[3]["data"]["html"] = "<script>alert(1)</script>"
    lines[4]["attachments"][0] |= {"name": "../../evil.png", "type": "text/html"}
    Image.new("RGB", (3, 3)).save(evil, "PNG")
    name = f"files/{lines[4]['attachments'][0]['id']}"
    parts = with_lines({**whole, name: evil.getvalue() + b"<script>alert(1)</script>"}, lines)

    room = brought_in(put(parts)).room

    assert "script" not in json.dumps(Change.objects.get(room=room, seq=4).data)
    kept = Attachment.objects.get(room=room)
    assert (kept.name, kept.content_type, kept.width) == ("evil.png", "image/png", 3)
    with default_storage.open(kept.file) as file:
        assert b"script" not in file.read()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_socket_reads_the_log_that_came_in(whole: Zip, put: Callable[[Zip], Path], grace: User) -> None:
    from foundation.database import in_database as call

    await call(brought_in, put(whole))
    async with joined("copy", grace, after=0) as socket:
        kinds = [(await socket.frame())["type"] for _ in range(6)]
    assert kinds == ["member.joined", "message", "message", "message.edited", "message", "reaction.added"]


# What does not


def changed(number: int, **fields: Any) -> Callable[[Zip], Zip]:
    def change(parts: Zip) -> Zip:
        lines = lines_of(parts)
        lines[number - 1] |= fields
        return with_lines(parts, lines)

    return change


def altered(alter: Callable[[Lines], Any]) -> Callable[[Zip], Zip]:
    def change(parts: Zip) -> Zip:
        lines = lines_of(parts)
        alter(lines)
        return with_lines(parts, lines)

    return change


def room(**fields: Any) -> Callable[[Zip], Zip]:
    return lambda parts: with_room(parts, **fields)


def raw(name: str, content: bytes) -> Callable[[Zip], Zip]:
    return lambda parts: {**parts, name: content}


NOBODY = "it names somebody who is not among the people"
DEEP = b'{"a":' * 100_000
WRONG: dict[str, tuple[Callable[[Zip], Zip], str]] = {
    "no room": (lambda parts: {n: c for n, c in parts.items() if n != "room.json"}, "there is no room.json"),
    "no log": (lambda parts: {n: c for n, c in parts.items() if n != "log.jsonl"}, "there is no log.jsonl"),
    "room not json": (raw("room.json", b"{"), "room.json: "),
    "room too deep": (raw("room.json", DEEP), "room.json: "),
    "another format": (room(format="zip"), "version 1 of 'zip'"),
    "a later version": (room(version=2), "version 2 of 'parlor-room', and not 1"),
    "unknown key": (room(surprise=1), "unknown field `surprise`"),
    "no time zone": (room(room__created_at="2026-01-01T00:00:00"), "$.room.created_at"),
    "bad kind": (room(room__kind="direct"), "kind: One of"),
    "bad retention": (room(room__retention_days=9999), "retention_days"),
    "bad slug in it": (room(room__first_seq=9), "log begins at 9"),
    "negative count": (room(room__message_count=-1), "message_count"),
    "too few messages": (room(room__message_count=2), "2 messages cannot be, with 3"),
    "too many messages": (room(room__message_count=7), "7 messages cannot be"),
    "stranger opened it": (room(room__created_by="eve"), "'eve' is not among its people"),
    "stranger is a member": (
        room(members=[{"username": "eve", "role": "owner", "joined_at": "2026-01-01T00:00:00Z"}]),
        "'eve' is not among its people",
    ),
    "twice a member": (
        room(members=[{"username": "ada", "role": "owner", "joined_at": "2026-01-01T00:00:00Z"}] * 2),
        "there twice",
    ),
    "bad role": (room(members=[{"username": "ada", "role": "god", "joined_at": "2026-01-01T00:00:00Z"}]), "'god'"),
    "bad username": (
        room(people=[{"username": n, "name": ""} for n in ("ada", "grace", "../etc\0")]),
        "is no username",
    ),
    "reserved username": (room(people=[{"username": n, "name": ""} for n in ("ada", "grace", "root")]), "reserved"),
    "bad display name": (
        room(people=[{"username": n, "name": "\u202e"} for n in ("ada", "grace", "eve")]),
        "name: Invisible",
    ),
    "log not json": (raw("log.jsonl", b"hello\n"), "log.jsonl, line 1: "),
    "log not utf-8": (raw("log.jsonl", b'{"entry":"\xff"}\n'), "log.jsonl, line 1: "),
    "line too deep": (raw("log.jsonl", b'{"entry":"change","data":' + DEEP), "log.jsonl, line 1: "),
    "empty log": (raw("log.jsonl", b""), "ends at number 0, and it should at 6"),
    "a hole": (altered(lambda lines: lines.pop(2)), "line 3: here comes number 4, and it should be 3"),
    "cut short": (altered(lambda lines: lines.pop()), "ends at number 5"),
    "one too many": (altered(lambda lines: lines.append({**lines[5], "seq": 7})), "should at 6"),
    "out of order": (altered(lambda lines: lines.reverse()), "here comes number 6, and it should be 1"),
    "number too large": (changed(2, seq=2**60), "line 2: "),
    "unknown entry": (changed(2, entry="poll"), "line 2: "),
    "unknown kind": (changed(1, kind="member.danced"), "line 1: "),
    "unknown column": (changed(2, html="<script>"), "unknown field `html`"),
    "wrong type": (changed(2, text=7), "$.text"),
    "too long": (changed(2, text="x" * 10_001), "line 2: A message has at most"),
    "nul": (changed(2, text="\0"), "line 2: value: The text has a NUL"),
    "nul in data": (changed(1, data={"role": "\0"}), "line 1: it has a NUL"),
    "half a character": (raw("log.jsonl", b'{"entry":"message","seq":1,"text":"\\ud800"}'), "line 1: "),
    "author unknown": (changed(2, author="eve"), f"line 2: {NOBODY}"),
    "mention unknown": (changed(2, mentions=["eve"]), f"line 2: {NOBODY}"),
    "actor unknown": (changed(1, actor="eve"), f"line 1: {NOBODY}"),
    "bad client_id": (changed(2, client_id="a b"), "line 2: its client_id"),
    "client_id twice": (changed(5, client_id="c-1"), "there twice"),
    "answers the future": (changed(3, reply_to=5), "line 3: it answers a message that comes after it"),
    "answered beyond the end": (changed(2, last_reply=99), "line 2: it is answered or edited where"),
    "deleted and talking": (changed(2, deleted_at="2026-01-01T00:00:00Z"), "line 2: it is deleted, and says"),
    "no emoji": (changed(2, reactions=[["<b>", ["ada"]]]), "line 2: emoji: Use one emoji"),
    "twice of one": (changed(2, reactions=[["👍", ["ada", "ada"]]]), "line 2: a reaction of it is none"),
    "one kind twice": (changed(2, reactions=[["👍", ["ada"]], ["👍", ["grace"]]]), "line 2: it has too many reactions"),
    "data of another kind": (changed(1, data={"topic": "x"}), "line 1: its data is not that of member.joined"),
    "data of wrong type": (changed(1, data={"role": 7}), "line 1: its data is not that of member.joined"),
    "an edit of nothing": (changed(4, data={"message": 2}), "line 4: it tells of an edit"),
    "file by path": (
        altered(lambda lines: lines[4]["attachments"][0].update(id="../../../../etc/passwd")),
        "line 5: ",
    ),
    "too many files": (
        altered(lambda lines: lines[4].update(attachments=lines[4]["attachments"] * 11)),
        "line 5: it has too many files",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_and_nothing_is_left(case: str, whole: Zip, put: Callable[[Zip], Path]) -> None:
    change, words = WRONG[case]
    path, before = put(change(whole)), counts()

    with pytest.raises(CommandError) as refused:
        call_command("import_room", path, slug="copy", name="Copy")

    assert words in str(refused.value) and str(refused.value).endswith("Nothing was imported.")
    assert counts() == before
