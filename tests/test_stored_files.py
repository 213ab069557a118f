"""Where files lie: on the disk, for their owner only, or in a bucket; the same files either way."""

import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage

from accounts.models import User
from chat.models import Attachment
from config.environment import files_storage
from foundation import stored_files
from foundation.errors import ChatError
from rooms.models import Room
from tests.buckets import Bucket, bucket
from tests.pictures import opened
from tests.test_settings import printed, refusal
from tests.uploads import TEXT, fetched, id_of, uploaded, uploaded_photo


def test_files_on_the_disk_are_for_their_owner_only() -> None:
    name = stored_files.new_name()
    stored_files.write(name, io.BytesIO(TEXT))

    path = Path(default_storage.path(name))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert b"".join(stored_files.chunks(name, 3, 10_000)) == TEXT[3:]
    stored_files.erase([name, name])
    assert not path.exists()


def test_no_two_names_are_the_same() -> None:
    assert len({stored_files.new_name() for _ in range(1000)}) == 1000


# In a bucket


@pytest.fixture
def in_bucket(settings: Any) -> Iterator[Bucket]:
    with bucket() as there:
        settings.STORAGES = {**settings.STORAGES, "default": files_storage(there.setting, Path("nowhere"))}
        yield there


@pytest.mark.django_db
def test_files_in_a_bucket_are_served_by_us(in_bucket: Bucket, ada: User, mallory: User, cellar: Room) -> None:
    notes, pot = uploaded(ada, slug="cellar"), uploaded_photo(ada, "cellar")
    path = f"/files/{id_of(notes)}/x"

    assert in_bucket.files.keys() == {notes.file, pot.file, pot.thumbnail}
    assert in_bucket.files[notes.file] == TEXT
    assert (fetched(ada, path).body, fetched(mallory, path).status_code) == (TEXT, 404)
    assert opened(fetched(ada, f"/files/{id_of(pot)}/thumbnail").body).size == (64, 32)

    part = fetched(ada, path, Range="bytes=5-9")
    assert (part.status_code, part.body) == (206, TEXT[5:10])
    assert in_bucket.asked[-1] == f"GET /parlor/{notes.file} bytes=5-9", "no more is read than is asked for"

    stored_files.erase([notes.file, notes.file])
    assert fetched(ada, path).status_code == 404


@pytest.mark.django_db
def test_a_bucket_that_is_full_costs_one_upload(in_bucket: Bucket, ada: User, tea: Room) -> None:
    in_bucket.is_full = True

    with pytest.raises(ChatError, match="unavailable"):
        uploaded(ada)

    assert not Attachment.objects.filter(room__isnull=False).exists()


# The setting


def test_the_setting_names_the_bucket_and_who_we_are_there() -> None:
    options = files_storage("s3://a%2Fb:c%3Ad@s3.example.org/pots?region=eu-1", Path("x"))["OPTIONS"]

    assert (options["endpoint_url"], options["bucket_name"], options["region_name"]) == (
        "https://s3.example.org",
        "pots",
        "eu-1",
    )
    assert (options["access_key"], options["secret_key"]) == ("a/b", "c:d")
    at_amazon = files_storage("s3://pots", Path("x"))["OPTIONS"]
    assert at_amazon["bucket_name"] == "pots" and not {"endpoint_url", "access_key"} & at_amazon.keys()


@pytest.mark.parametrize(
    "url",
    [
        "pots",
        "/srv/files",
        "http://h/pots",
        "s3://",
        "s3:///",
        "s3://key@h/pots",
        "s3://k:s@h/a/b",
        "s3://pots?acl=public",
    ],
)
def test_a_slip_in_the_setting_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="FILES_URL must be like s3://"):
        files_storage(url, Path("x"))


def test_without_django_storages_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.environment.find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match=r"pip install 'django-storages\[s3\]'"):
        files_storage("s3://pots", Path("x"))


def test_the_settings_are_read_from_the_environment(tmp_path: Path) -> None:
    asked = ["UPLOAD_QUOTA_MIB", 'STORAGES["default"]["OPTIONS"]["location"]']
    assert printed(tmp_path, *asked) == ["1024", str(tmp_path / "files")]
    assert printed(tmp_path, *asked[:1], UPLOAD_QUOTA_MIB="0") == ["0"]
    assert "FILES_URL must be like" in refusal(tmp_path, FILES_URL="ftp://h/x")
