"""Pictures of people: drawn anew, square, at an address that changes with them, for everybody who sees the person."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.avatars import change_avatar, remove_avatar
from accounts.models import User
from accounts.people import change_profile
from chat.posting import post_message
from foundation import stored_files
from foundation.errors import ChatError
from foundation.limits import AVATAR_SIDE_PIXELS, FILE_MAX_BYTES
from rooms.models import Room
from tests.pictures import SECRET, animation, near, opened, photo, png_of
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
ADDRESS = "/api/users/me/avatar/"


def changed(actor: User, data: bytes | None = None) -> str:
    data = photo() if data is None else data
    address = change_avatar(actor=actor, file=io.BytesIO(data), size=len(data)).avatar_url
    assert address is not None
    return address


def files() -> set[str]:
    """The names of all avatars that are stored."""
    try:
        folders = default_storage.listdir("avatars")[0]
    except FileNotFoundError:
        return set()
    return {name for folder in folders for name in default_storage.listdir(f"avatars/{folder}")[1]}


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(ChatError) as error:
        yield
    assert error.value.code == code


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (8, 8), (1000, 10)])
def test_a_picture_becomes_a_square_without_metadata(ada: User, client: Client, size: tuple[int, int]) -> None:
    response = client.get(changed(ada, photo("JPEG", size, comment=SECRET, xmp=SECRET)))

    image = opened(response.content)
    assert (image.format, image.size) == ("WEBP", (AVATAR_SIDE_PIXELS, AVATAR_SIDE_PIXELS))
    assert SECRET not in response.content and not image.getexif()


def test_the_middle_is_shown_and_of_an_animation_the_first_frame(ada: User, client: Client) -> None:
    image = opened(client.get(changed(ada, photo(size=(1000, 500)))).content).convert("RGB")
    assert near(image.getpixel((10, 128)), (255, 0, 0)) and near(image.getpixel((245, 128)), (0, 0, 255))

    still = opened(client.get(changed(ada, animation("GIF"))).content)
    assert not getattr(still, "is_animated", False)


def test_browsers_keep_it_and_take_it_for_nothing_else(ada: User, client: Client) -> None:
    response = client.get(changed(ada))

    assert response["Content-Type"] == "image/webp" and response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"] and "sandbox" in response["Content-Security-Policy"]


def test_another_picture_has_another_address_and_the_old_one_is_erased(
    ada: User, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = changed(ada)
    with django_capture_on_commit_callbacks(execute=True):
        second = changed(ada)

    assert first != second and client.get(first).status_code == 404
    assert first.rsplit("/", 1)[1] not in files() and second.rsplit("/", 1)[1] in files()

    with django_capture_on_commit_callbacks(execute=True):
        assert remove_avatar(actor=ada)
    assert client.get(second).status_code == 404 and second.rsplit("/", 1)[1] not in files()
    assert not remove_avatar(actor=ada), "there is none any more"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"hello", "type_mismatch"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "type_mismatch"),
        (photo("PNG", (200, 200))[:200], "type_mismatch"),
        (png_of(8_000, 5_001), "image_too_large"),
        (bytes(FILE_MAX_BYTES + 1), "file_too_large"),
    ],
)
def test_what_is_no_whole_image_is_refused_and_the_old_picture_stays(ada: User, data: bytes, code: str) -> None:
    before = changed(ada)

    with refused(code):
        changed(ada, data)

    ada.refresh_from_db()
    assert ada.avatar_url == before


def test_a_full_disk_changes_nothing(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored_files, "_to_disk", full)
    with refused("unavailable"):
        changed(ada)
    ada.refresh_from_db()
    assert ada.avatar is None


def test_a_lost_file_is_not_found_and_only_names_are_looked_up(ada: User, client: Client) -> None:
    address = changed(ada)
    name = address.rsplit("/", 1)[1]
    default_storage.delete(f"avatars/{name[:2]}/{name}")

    assert client.get(address).status_code == 404
    for other in ("..", "%2e%2e%2fsecret_key", "0" * 32, name.upper(), f"{name}%00"):
        assert client.get(f"/files/avatars/{other}").status_code == 404, other


def test_it_is_put_and_deleted_over_rest(api: Api, ada: User) -> None:
    answer = api(ada).put(ADDRESS, {"file": SimpleUploadedFile("me.jpg", photo(), "image/jpeg")})

    assert answer.status_code == 200 and re.fullmatch(r"/files/avatars/[0-9a-f]{32}", answer.json()["avatar"])
    assert api(ada).get("/api/users/ada/").json()["avatar"] == answer.json()["avatar"]
    assert api(ada).delete(ADDRESS).status_code == api(ada).delete(ADDRESS).status_code == 204
    assert api(ada).get("/api/users/me/").json()["avatar"] is None


def test_bad_requests_over_rest_are_told(api: Api, ada: User) -> None:
    text = SimpleUploadedFile("me.jpg", b"hello", "image/jpeg")
    assert api(ada).put(ADDRESS, {"file": text}).json()["code"] == "type_mismatch"
    assert api(ada).put(ADDRESS, {}).json()["code"] == "validation_error"
    assert api(ada).put(ADDRESS, "{}", content_type="application/json").json()["code"] == "unsupported_media_type"
    assert api().put(ADDRESS, {"file": text}).status_code == 401


def test_old_messages_show_the_present_picture_and_so_does_the_page(
    api: Api, as_grace: Client, ada: User, tea: Room
) -> None:
    post_message(actor=ada, slug="tea", text="Before the picture")
    address = changed(ada)

    message = api(ada).get("/api/rooms/tea/messages/").json()["results"][-1]
    assert message["user"]["avatar"] == address
    assert f'src="{address}"' in as_grace.get("/rooms/tea/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_open_sockets_hear_of_a_change_and_go_on_with_it(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as mine, joined("tea", grace) as hers:
        await sync_to_async(change_profile)(actor=await User.objects.aget(pk=ada.pk), name="Countess")
        address = await sync_to_async(changed)(await User.objects.aget(pk=ada.pk))

        told: list[tuple[str, str | None]] = []
        while len(told) < 2:
            frame = await hers.next("presence")
            told += [(frame["user"]["name"], frame["user"]["avatar"])] if frame["event"] == "changed" else []
        assert told == [("Countess", None), ("Countess", address)]

        await mine.send(type="message", value="It is me", client_id="c-1")
        author = (await hers.next("message"))["user"]
        assert (author["name"], author["avatar"]) == ("Countess", address)
        async with joined("tea", grace) as again:
            here = {person["username"]: person for person in again.hello["here"]}
            assert here["ada"]["avatar"] == address, "who comes meanwhile is told too"
