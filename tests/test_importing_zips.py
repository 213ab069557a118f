"""Importing: zips that are damaged, swollen or no zips at all, and addresses that are not to be had."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from chat import imported_log, importing
from chat.attaching import upload
from chat.exporting import export_room
from chat.importing import import_room
from chat.models import Attachment, Message
from chat.posting import post_message
from foundation import stored_files
from foundation.errors import ChatError
from rooms.lifecycle import delete_room, open_room
from rooms.models import Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(ada: User, tea: Room, tmp_path: Path) -> Path:
    """An export of a room with two files."""
    for content in (b"two spoons", b"three spoons"):
        made = upload(actor=ada, slug="tea", file=io.BytesIO(content), name="a.txt", size=len(content))
        post_message(actor=ada, slug="tea", text="", attachments=[str(made.public_id)])
    path = tmp_path / "tea.zip"
    path.write_bytes(b"".join(export_room(actor=ada, slug="tea").pieces))
    return path


def refused(path: Path, **options: Any) -> str:
    """What the command says, and that it leaves nothing."""
    before = Room.objects.count(), Message.objects.count(), Attachment.objects.count(), User.objects.count()
    with pytest.raises(CommandError) as raised:
        call_command("import_room", path, **{"slug": "copy", "name": "Copy", **options})
    assert before == (
        *(Room.objects.count(), Message.objects.count()),
        *(Attachment.objects.count(), User.objects.count()),
    )
    return str(raised.value)


def test_what_is_no_zip_is_refused(tmp_path: Path, exported: Path) -> None:
    path = tmp_path / "bad.zip"
    assert "The zip cannot be read" in refused(tmp_path / "missing.zip")
    assert "The zip cannot be read" in refused(tmp_path)
    for content in (b"", b"PK", b"hello" * 1000, exported.read_bytes()[:-30]):
        path.write_bytes(content)
        assert "The zip cannot be read" in refused(path)


def test_a_damaged_zip_is_refused_wherever_the_damage_is(exported: Path) -> None:
    content = exported.read_bytes()
    whole = {name: zipfile.ZipFile(exported).read(name) for name in zipfile.ZipFile(exported).namelist()}
    survived = 0
    for at in range(0, len(content), 7):
        exported.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        try:
            import_room(path=exported, slug=f"copy-{at}", name=f"Copy {at}")
        except ChatError as error:
            assert error.code == "validation_error"
        else:
            survived += 1
    assert survived < len(content) / 7 / 2, "premise: most of it is guarded by a sum"
    assert len(whole) == 4


def test_a_zip_with_a_password_is_refused(exported: Path) -> None:
    content = bytearray(exported.read_bytes())
    at = content.rindex(b"PK\x01\x02", 0, content.index(b"room.json", content.index(b"PK\x01\x02")))
    flags = struct.unpack_from("<H", content, at + 8)[0]
    struct.pack_into("<H", content, at + 8, flags | 1)
    exported.write_bytes(content)

    assert "password" in refused(exported)


def test_what_is_too_large_is_refused_before_it_is_read(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, words in (
        (importing, "IMPORT_ROOM_MAX_BYTES", "room.json has more than 0 MiB"),
        (importing, "IMPORT_LOG_MAX_BYTES", "log.jsonl has more than 0 MiB"),
        (importing, "IMPORT_LINE_MAX_BYTES", "line 1: it has more than 0 MiB"),
        (imported_log, "FILE_MAX_BYTES", "line 2: The file is too large"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, 9)
            assert words in refused(exported)


def test_a_swollen_line_is_read_no_further_than_a_line_may_go(tmp_path: Path, exported: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("room.json", zipfile.ZipFile(exported).read("room.json"))
        archive.writestr("log.jsonl", b"[" * (17 * 1024 * 1024))

    assert path.stat().st_size < 100_000
    assert "log.jsonl, line 1: it has more than 16 MiB." in refused(path)


def test_names_that_lead_elsewhere_are_never_looked_at(tmp_path: Path, exported: Path) -> None:
    with zipfile.ZipFile(exported, "a") as archive:
        for name in ("../../escaped", "/tmp/escaped", "files/../../escaped", "files/" + "x" * 5000):
            archive.writestr(name, b"escaped")

    import_room(path=exported, slug="copy", name="Copy")

    assert not list(tmp_path.parent.glob("**/escaped")) and not Path("/tmp/escaped").exists()


def test_an_address_or_a_name_that_is_not_to_be_had_is_refused(ada: User, exported: Path) -> None:
    assert "slug: This address is taken." in refused(exported, slug=None)
    assert "name: There is a room of this name." in refused(exported, name=None)
    assert "slug: Use lower-case letters" in refused(exported, slug="../tea")
    assert "slug: This address is reserved." in refused(exported, slug="api")
    open_room(actor=ada, name="Former", slug="former")
    delete_room(actor=ada, slug="former")
    assert "slug: This address is taken." in refused(exported, slug="former")


def test_files_that_were_written_are_erased_when_the_import_fails(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = stored_files.write

    def fails_at_the_second(name: str, file: Any) -> None:
        if written:
            raise ChatError("unavailable", "The file could not be stored.")
        written.append(name)
        write(name, file)

    monkeypatch.setattr(stored_files, "write", fails_at_the_second)

    assert "The file could not be stored." in refused(exported)
    assert written and not default_storage.exists(written[0])
