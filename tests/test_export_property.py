"""Whatever happened in a room: what is imported is what was exported, row for row."""

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from accounts.models import User
from chat.attaching import upload
from chat.exporting import export_room
from chat.importing import import_room
from chat.models import Attachment, Mention, Message, Revision
from chat.posting import post_message
from chat.retention import expire
from foundation import stored_files
from foundation.errors import ChatError
from rooms.lifecycle import open_room, update_room
from rooms.models import Change, Membership, Room
from tests.test_replica import ACTIONS as OF_MEMBERS

pytestmark = pytest.mark.django_db
SLUG = "room"
Actor = Any
Action = Callable[[Actor, str, int, str], object]
TEXTS = ("hello", "**bold** `code`", "@grace and @room", "two\nlines", "@mallory", "茶 \U0001f375 \\u0000")


def attach(who: User, slug: str, seq: int, word: str) -> None:
    """Post a small text and a small image."""
    drawn = io.BytesIO()
    Image.new("RGB", (7, 5), "teal").save(drawn, "PNG")
    files = [(word.encode(), "wörds.txt"), (drawn.getvalue(), "pot.png")]
    made = [upload(actor=who, slug=slug, file=io.BytesIO(d), name=n, size=len(d)) for d, n in files]
    post_message(actor=who, slug=slug, text="", attachments=[str(each.public_id) for each in made])


def upload_only(who: User, slug: str, seq: int, word: str) -> None:
    upload(actor=who, slug=slug, file=io.BytesIO(b"for later"), name="later.txt", size=9)


def lapse(who: User, slug: str, seq: int, word: str) -> None:
    """Let everything up to a message grow old, and expire."""
    room = Room.objects.get(slug=slug)
    then = timezone.now() - timedelta(days=9)
    Message.objects.filter(room=room, seq__lte=seq).update(sent_at=then)
    Change.objects.filter(room=room, seq__lte=seq).update(created_at=then)
    expire()


# Every kind of change. What is new in Parlor is added here.
ACTIONS: dict[str, Action] = {
    **OF_MEMBERS,
    "attach": attach,
    "upload": upload_only,
    "lapse": lapse,
    "again": lambda who, slug, seq, word: post_message(actor=who, slug=slug, text=word, client_id=f"c-{seq}"),
    "as guest": lambda who, slug, seq, word: post_message(actor=AnonymousUser(), slug=slug, text=word, client_id="c"),
    "open": lambda who, slug, seq, word: update_room(actor=who, slug=slug, kind="public", guests="write"),
    "hide": lambda who, slug, seq, word: update_room(actor=who, slug=slug, kind="private", guests="none"),
    "forget": lambda who, slug, seq, word: update_room(
        actor=who, slug=slug, retention_days=7, slow_mode_s=0, description=f"{len(word)}\nletters"
    ),
}
OFTEN = ["post"] * 5 + ["reply"] * 5 + ["react"] * 5 + ["edit"] * 5 + ["pin"] * 3 + ["attach"] * 2 + ["join"] * 2
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from([*ACTIONS, *OFTEN]), st.sampled_from((0, 0, 1, 2)), st.integers(0, 5), st.sampled_from(TEXTS)
    ),
    max_size=40,
)


def some_message(which: int) -> int:
    seqs = Message.objects.filter(room__slug=SLUG).values_list("seq", flat=True)
    return seqs[which % len(seqs)] if seqs else 1


def rows(model: Any, room: Room, *leave_out: str) -> list[dict[str, Any]]:
    """All columns of a room's rows but their keys, and those that are left out."""
    names = {each.attname for each in model._meta.concrete_fields} - {"id", "room_id", *leave_out}
    found = model.objects.filter(room=room).order_by("seq", "pk").values(*names)
    return sorted(found, key=repr) if model is Mention else list(found)


def files(room: Room) -> list[dict[str, Any]]:
    """The files of messages with their bytes; addresses are new."""
    found = Attachment.objects.filter(room=room, seq__isnull=False).order_by("seq", "name", "pk")
    lines = []
    for each in found:
        columns = {f.attname: getattr(each, f.attname) for f in Attachment._meta.concrete_fields}
        content = b"".join(stored_files.chunks(each.file, 0, each.size))
        small = b"".join(stored_files.chunks(each.thumbnail, 0, each.thumbnail_size or 0)) if each.thumbnail else b""
        for name in ("id", "room_id", "public_id", "file", "thumbnail"):
            del columns[name]
        lines.append({**columns, "content": content, "small": small})
    return lines


def shown(room: Room) -> list[Any]:
    """The files as their messages show them, without their addresses."""
    kept = ("name", "size", "type", "width", "height")
    with_files = Message.objects.filter(room=room, attachments__isnull=False).order_by("seq")
    return [[{name: file[name] for name in kept} for file in each.attachments or ()] for each in with_files]


def everything(slug: str) -> dict[str, Any]:
    room = Room.objects.get(slug=slug)
    members = Membership.objects.filter(room=room).order_by("user").values("user", "role", "joined_at")
    return {
        "room": {
            field.attname: getattr(room, field.attname) for field in Room._meta.concrete_fields if field.name != "id"
        },
        "members": list(members),
        "messages": rows(Message, room, "attachments"),
        "changes": rows(Change, room),
        "revisions": rows(Revision, room),
        "mentions": rows(Mention, room),
        "files": files(room),
        "shown": shown(room),
    }


def moved(folder: Path, actor: User) -> None:
    """Export the room, forget it, and import it."""
    zip_ = folder / "room.zip"
    zip_.write_bytes(b"".join(export_room(actor=actor, slug=SLUG).pieces))
    Room.objects.filter(slug=SLUG).delete()
    import_room(path=zip_)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORIES)
def test_an_imported_room_is_the_exported_one(
    history: list[tuple[str, int, int, str]], tmp_path: Path, ada: User, grace: User, mallory: User
) -> None:
    Room.objects.filter(slug=SLUG).delete()
    open_room(actor=ada, name="Room", slug=SLUG)
    for action, who, which, word in history:
        with suppress(ChatError):
            ACTIONS[action]((ada, grace, mallory)[who], SLUG, some_message(which), word)
    before = everything(SLUG)

    moved(tmp_path, ada)

    after = everything(SLUG)
    assert after == before


def test_every_column_is_compared_and_every_table_has_rows(
    tmp_path: Path, ada: User, grace: User, mallory: User
) -> None:
    open_room(actor=ada, name="Room", slug=SLUG, guests="write")
    for action in ("post", "post", "reply", "react", "pin", "attach", "again"):
        ACTIONS[action](ada, SLUG, 1, "@room **hello**")
    ACTIONS["as guest"](ada, SLUG, 1, "hello")
    ACTIONS["join"](grace, SLUG, 1, "")
    ACTIONS["edit"](ada, SLUG, 2, "@grace `hello`")
    before = everything(SLUG)
    for table in ("messages", "revisions", "mentions"):
        columns = {name for row in before[table] for name, value in row.items() if value is not None}
        assert columns == set(before[table][0]) - {"deleted_at"}, table
    assert len(before["files"]) == 2 and before["files"][0]["small"]

    moved(tmp_path, ada)

    assert everything(SLUG) == before
