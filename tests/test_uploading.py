"""Uploading: what is kept and how, what is refused, and how much one person may keep."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage

from accounts.models import User
from chat.erasing import delete_message
from chat.models import Attachment
from foundation import stored_files
from foundation.errors import ChatError
from foundation.limits import FILE_MAX_BYTES
from rooms.lifecycle import archive_room
from rooms.models import Room
from tests.pictures import photo
from tests.uploads import TEXT, post, uploaded, uploaded_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Callable[..., Any]) -> Callable[[], Any]:
    """`with committed():` is a transaction that is over at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_a_file_is_kept_byte_for_byte_under_a_random_name(ada: User, tea: Room) -> None:
    attachment = uploaded(ada, name="../../tea notes.txt")

    assert (attachment.name, attachment.size, attachment.content_type) == ("tea notes.txt", len(TEXT), "text/plain")
    assert (attachment.thumbnail, attachment.width, attachment.seq) == ("", None, None)
    assert "notes" not in attachment.file and default_storage.open(attachment.file).read() == TEXT
    assert b"".join(stored_files.chunks(attachment.file, 5, 7)) == TEXT[5:12]


def test_an_image_has_its_size_and_a_thumbnail(ada: User, tea: Room) -> None:
    attachment = uploaded(ada, photo("PNG", (64, 32)), "pot.jpg", type_="image/jpeg")

    assert (attachment.name, attachment.content_type) == ("pot.png", "image/png"), "it is what its content is"
    assert (attachment.width, attachment.height) == (64, 32)
    assert default_storage.size(attachment.file) == attachment.size
    assert default_storage.size(attachment.thumbnail) == attachment.thumbnail_size


@pytest.mark.parametrize(
    ("data", "name", "type_", "code"),
    [
        (b"", "a.txt", "", "empty_file"),
        (b"GIF? no.", "a.gif", "", "type_mismatch"),
        (b"hello", "a", "image/png", "type_mismatch"),
        (photo("PNG", (200, 200))[:200], "a.png", "image/png", "type_mismatch"),
        (photo("PNG", (200, 200))[:200], "a.bin", "", "type_mismatch"),
    ],
)
def test_e23_what_is_not_what_it_says_is_refused(
    ada: User, tea: Room, data: bytes, name: str, type_: str, code: str
) -> None:
    with pytest.raises(ChatError) as refused:
        uploaded(ada, data, name, type_=type_)

    assert refused.value.code == code
    assert not Attachment.objects.exists()


def test_e23_the_first_byte_too_many_is_refused(ada: User, tea: Room) -> None:
    assert uploaded(ada, bytes(FILE_MAX_BYTES), "zeros").size == FILE_MAX_BYTES

    with pytest.raises(ChatError, match="file_too_large"):
        uploaded(ada, bytes(FILE_MAX_BYTES + 1), "zeros")


def test_only_who_may_post_uploads(ada: User, grace: User, mallory: User, tea: Room, cellar: Room) -> None:
    assert uploaded(mallory), "whoever is signed in may post in a public room"
    with pytest.raises(ChatError, match="not_found"):
        uploaded(grace, slug="cellar")

    archive_room(actor=ada, slug="tea")

    with pytest.raises(ChatError, match="archived"):
        uploaded(grace)


def test_the_quota_counts_all_that_a_person_keeps(ada: User, grace: User, tea: Room, settings: Any) -> None:
    settings.UPLOAD_QUOTA_MIB = 1
    half = bytes(512 * 1024)
    first = uploaded(ada, half)
    post(ada, first)
    uploaded(ada, half)

    with pytest.raises(ChatError, match="quota_exceeded"):
        uploaded(ada, b"x")

    assert uploaded(grace, half), "it is hers alone"
    delete_message(actor=ada, slug="tea", seq=2)
    assert uploaded(ada, half), "what was deleted counts no more"
    settings.UPLOAD_QUOTA_MIB = 0
    assert uploaded(ada, half)


def test_uploads_have_a_rate(ada: User, grace: User, tea: Room, settings: Any) -> None:
    settings.RATES = {"uploads": (2, 600)}
    uploaded(ada)
    uploaded(ada)

    with pytest.raises(ChatError, match="rate_limited"):
        uploaded(ada)
    assert uploaded(grace)


def test_a_disk_that_is_full_leaves_nothing_behind(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch, committed: Callable[[], Any]
) -> None:
    written: list[str] = []

    def full(path: str) -> None:
        written.append(path)
        if len(written) > 2:  # the file and its folder, then the thumbnail
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored_files, "_to_disk", full)
    with committed(), pytest.raises(ChatError, match="unavailable"):
        uploaded_photo(ada)

    assert not Attachment.objects.exists()
    assert len(written) == 3 and not any(map(os.path.isfile, written))
