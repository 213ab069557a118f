"""Exporting: an owner gets the whole room as a zip, a part at a time, and nothing of it that is not the room's."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from accounts.models import User
from accounts.tokens import issue_token
from chat import exporting
from chat.attaching import upload
from chat.editing import edit_message
from chat.erasing import delete_message
from chat.exporting import export_room
from chat.models import Message
from chat.posting import post_message
from chat.reacting import react
from foundation.database import in_database as call
from foundation.errors import ChatError
from rooms.direct import open_direct
from rooms.models import AuditEntry, Change, Room
from tests.reading import words

pytestmark = pytest.mark.django_db


def say(actor: User, text: str = "hello", slug: str = "tea", **more: Any) -> int:
    return post_message(actor=actor, slug=slug, text=text, **more).message.seq


def with_file(actor: User, content: bytes) -> int:
    made = upload(actor=actor, slug="tea", file=io.BytesIO(content), name="notes.txt", size=len(content))
    return say(actor, "", attachments=[str(made.public_id)])


def opened(pieces: Iterator[bytes]) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    return archive


def log_of(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read("log.jsonl").splitlines()]


def test_the_zip_has_the_room_and_its_log_in_order(ada: User, grace: User, tea: Room) -> None:
    seq = say(grace, "**hello** @ada 茶", client_id="c-1")
    react(actor=ada, slug="tea", seq=seq, emoji="👍")
    edit_message(actor=grace, slug="tea", seq=seq, text="bye")

    archive = opened(export_room(actor=ada, slug="tea").pieces)

    about, lines = json.loads(archive.read("room.json")), log_of(archive)
    assert (about["format"], about["version"], about["head"]) == ("parlor-room", 1, 4)
    assert about["room"]["topic"] == "No coffee" and about["room"]["created_by"] == "ada"
    assert [(each["username"], each["role"]) for each in about["members"]] == [("ada", "owner"), ("grace", "member")]
    assert [each["username"] for each in about["people"]] == ["ada", "grace"]
    assert [(each["seq"], each["entry"]) for each in lines] == [
        *((1, "change"), (2, "message"), (3, "change"), (4, "change"))
    ]
    message = lines[1]
    assert (message["author"], message["text"], message["client_id"]) == ("grace", "bye", "c-1")
    assert message["reactions"] == [["👍", ["ada"]]]
    assert [each["text"] for each in message["revisions"]] == ["**hello** @ada 茶"]
    assert lines[3]["data"] == {"message": 2, "value": "bye", "mentions": []}


def test_nothing_of_it_says_what_is_nobodys_business(ada: User, grace: User, tea: Room) -> None:
    User.objects.filter(pk=grace.pk).update(email="grace@example.org")
    say(grace, "a secret")
    delete_message(actor=grace, slug="tea", seq=2)

    whole = opened(export_room(actor=ada, slug="tea").pieces)

    text = whole.read("room.json") + whole.read("log.jsonl")
    for secret in (b"a secret", b"example.org", b"read_seq", b"muted", grace.password.encode()):
        assert secret not in text


def test_files_are_in_it_under_their_ids_and_a_lost_one_is_left_out(ada: User, tea: Room) -> None:
    content = b"x" * 200_000
    kept, lost = (Message.objects.get(room=tea, seq=with_file(ada, content)) for _ in range(2))
    default_storage.delete(str(tea.attachments.get(seq=lost.seq).file))

    archive = opened(export_room(actor=ada, slug="tea").pieces)

    assert kept.attachments is not None
    name = f"files/{kept.attachments[0]['id']}"
    assert [each for each in archive.namelist() if each.startswith("files/")] == [name]
    assert archive.read(name) == content
    assert [len(each["attachments"]) for each in log_of(archive)[1:]] == [1, 1], "the log still names it"


def test_it_is_read_in_parts_and_ends_where_the_log_ended_at_the_beginning(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PART", 3)
    root = [say(ada, f"{number}") for number in range(9)][-1]
    say(ada, "a reply", reply_to=root)
    pieces = export_room(actor=ada, slug="tea").pieces
    begun = [next(pieces)]
    say(ada, "too late", reply_to=root)
    parts = [*begun, *pieces]

    lines = log_of(opened(iter(parts)))

    assert len(parts) > 4 and [each["seq"] for each in lines] == list(range(1, 12))
    assert [(each["reply_count"], each["last_reply"]) for each in lines if each["seq"] == root] == [(1, root + 1)]


def test_what_expires_meanwhile_ends_it_with_an_error(ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PART", 2)
    for _ in range(5):
        say(ada)
    pieces = export_room(actor=ada, slug="tea").pieces
    next(pieces)
    Message.objects.filter(room=tea, seq__lte=4).delete()

    with pytest.raises(ChatError, match="unavailable"):
        list(pieces)


def test_an_empty_room_is_exported_too(ada: User, cellar: Room) -> None:
    archive = opened(export_room(actor=ada, slug="cellar").pieces)

    assert log_of(archive) == [] and json.loads(archive.read("room.json"))["head"] == 0


def test_it_is_in_the_audit_and_not_in_the_log(ada: User, tea: Room, as_ada: Client) -> None:
    export_room(actor=ada, slug="tea")

    assert [each.action for each in AuditEntry.objects.filter(room=tea).order_by("pk")][-1] == "room.exported"
    assert Change.objects.filter(room=tea).count() == tea.last_seq
    assert "exported the room" in words(as_ada.get("/rooms/tea/audit/"))


def test_a_direct_room_is_nobodys_to_export(ada: User, grace: User, administrator: User) -> None:
    room, _ = open_direct(actor=ada, usernames=["grace"])

    for who, code in ((ada, "forbidden"), (grace, "forbidden"), (administrator, "not_found")):
        with pytest.raises(ChatError, match=code):
            export_room(actor=who, slug=room.slug)


def test_an_owner_finds_it_on_the_page_of_settings(as_ada: Client, as_grace: Client, tea: Room) -> None:
    link = 'href="/api/rooms/tea/export/"'

    assert link in as_ada.get("/rooms/tea/settings/").content.decode()
    assert link not in as_grace.get("/rooms/tea/settings/").content.decode()
    answer = as_ada.get("/api/rooms/tea/export/", headers={"accept": "text/html"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tea.zip"'
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        *("application/zip", "private, no-store"),
    )


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_it_is_sent_as_it_is_read(ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PART", 2)
    for _ in range(6):
        await call(say, ada)
    _, token = await call(lambda: issue_token(actor=ada, name="test"))

    answer = await AsyncClient().get("/api/rooms/tea/export/", headers={"authorization": f"Token {token}"})

    assert isinstance(answer, StreamingHttpResponse) and answer.is_async
    pieces = [piece async for piece in answer]
    assert len(pieces) > 1 and all(pieces)
    archive = opened(iter(pieces))
    assert (len(log_of(archive)), sorted(archive.namelist())) == (7, ["log.jsonl", "room.json"])
