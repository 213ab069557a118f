"""Uploads over REST and messages with attachments over both doors: every bad form is refused and none is a fault."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Attachment
from rooms.models import Guests, Room
from tests.pictures import photo, png_of
from tests.sockets import joined
from tests.uploads import TEXT, fetched, id_of, uploaded

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
UPLOADS = "/api/rooms/tea/uploads/"


def send(client: APIClient, data: bytes = TEXT, name: str = "notes.txt", type_: str = "text/plain", **more: Any) -> Any:
    return client.post(UPLOADS, {"file": SimpleUploadedFile(name, data, type_), **more}, format="multipart")


def raw(client: Any, body: bytes, content_type: str, slug: str = "tea") -> Any:
    return client.generic("POST", f"/api/rooms/{slug}/uploads/", body, content_type)


def form(*parts: bytes, end: bytes = b"--x--\r\n") -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end


def part(data: bytes, disposition: str, *more: str) -> bytes:
    return "\r\n".join([f"Content-Disposition: form-data; {disposition}", *more, "", ""]).encode() + data


def test_a_file_is_uploaded_and_found_at_its_location(api: Api, ada: User, tea: Room) -> None:
    answer = send(api(ada), name="tea notes.txt")

    assert answer.status_code == 201
    shown = answer.json()
    assert shown == {
        "id": shown["id"],
        "name": "tea notes.txt",
        "size": len(TEXT),
        "type": "text/plain",
        "width": None,
        "height": None,
        "url": f"/files/{shown['id']}/tea%20notes.txt",
        "thumbnail_url": None,
    }
    assert answer["Location"] == shown["url"]
    assert fetched(ada, shown["url"]).body == TEXT


def test_an_image_is_uploaded_with_its_thumbnail(api: Api, ada: User, tea: Room) -> None:
    shown = send(api(ada), photo(size=(64, 32)), "pot.jpg", "image/jpeg").json()

    assert (shown["width"], shown["height"], shown["type"]) == (64, 32, "image/jpeg")
    assert shown["thumbnail_url"] == f"/files/{shown['id']}/thumbnail"


@pytest.mark.parametrize(
    "given", ["a/b\\c.txt", "a\0b.txt", "x" * 300 + ".txt", "in\u202etxt.exe", "..", "/", "%2e%2e"]
)
def test_e23_a_name_is_made_safe(api: Api, ada: User, tea: Room, given: str) -> None:
    body = form(part(TEXT, f'name="file"; filename="{given}"', "Content-Type: text/plain"))

    answer = raw(api(ada), body, "multipart/form-data; boundary=x")

    assert answer.status_code == 201, answer.content
    name = answer.json()["name"]
    assert 1 <= len(name) <= 100 and not set(name) & set("/\\\0\u202e")
    assert fetched(ada, answer["Location"]).body == TEXT


@pytest.mark.parametrize(
    ("data", "name", "type_", "status", "code"),
    [
        (b"", "a.txt", "text/plain", 400, "empty_file"),
        (b"no image", "a.png", "image/png", 400, "type_mismatch"),
        (b"\xff\xd8\xff\xe0 broken", "a.jpg", "image/jpeg", 400, "type_mismatch"),
        (bytes(25 * 1024 * 1024 + 1), "a.bin", "", 413, "file_too_large"),
        (png_of(30_000, 30_000), "a.png", "image/png", 413, "image_too_large"),
    ],
    ids=["empty", "magic", "broken", "large", "bomb"],
)
def test_e23_a_bad_file_is_refused(
    api: Api, ada: User, tea: Room, data: bytes, name: str, type_: str, status: int, code: str
) -> None:
    answer = send(api(ada), data, name, type_)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Attachment.objects.exists()


FILE = 'name="file"; filename="a.txt"'
BAD_FORMS = {
    "two files": (form(part(b"1", FILE), part(b"2", FILE)), "multipart/form-data; boundary=x", 400, "bad_request"),
    "101 files": (form(*[part(b"1", FILE)] * 101), "multipart/form-data; boundary=x", 400, "bad_request"),
    "another field": (
        form(part(b"1", FILE), part(b"2", 'name="room"')),
        "multipart/form-data; boundary=x",
        400,
        "unknown_field",
    ),
    "no file": (form(part(b"1", 'name="file"')), "multipart/form-data; boundary=x", 400, "validation_error"),
    "nothing chosen": (
        form(part(b"", 'name="file"; filename=""')),
        "multipart/form-data; boundary=x",
        400,
        "validation_error",
    ),
    "nothing": (b"", "multipart/form-data; boundary=x", 400, "validation_error"),
    "no boundary": (form(part(b"1", FILE)), "multipart/form-data", 400, "bad_request"),
    "an odd boundary": (form(part(b"1", FILE)), "multipart/form-data; boundary=" + "x" * 202, 400, "bad_request"),
    "bad base64": (
        form(part(b"abcde", FILE, "Content-Transfer-Encoding: base64")),
        "multipart/form-data; boundary=x",
        400,
        "bad_request",
    ),
    "a long field": (
        form(part(b"1" * 3_000_000, 'name="note"')),
        "multipart/form-data; boundary=x",
        413,
        "payload_too_large",
    ),
    "json": (b"{}", "application/json", 415, "unsupported_media_type"),
    "bytes": (TEXT, "application/octet-stream", 415, "unsupported_media_type"),
    "no type": (TEXT, "", 415, "unsupported_media_type"),
}


@pytest.mark.parametrize("case", BAD_FORMS)
def test_a_bad_form_is_refused(api: Api, ada: User, tea: Room, case: str) -> None:
    body, content_type, status, code = BAD_FORMS[case]

    answer = raw(api(ada), body, content_type)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert not Attachment.objects.exists()


def test_who_may_not_post_is_refused_before_the_form_is_read(
    api: Api, mallory: User, cellar: Room, lobby: Room
) -> None:
    assert lobby.guests == Guests.WRITE, "premise: guests post here, but what they upload would be nobody's"
    for client, slug, status in ((api(mallory), "cellar", 404), (api(mallory), "nowhere", 404), (api(), "lobby", 401)):
        answer = raw(client, b"no form", "multipart/form-data", slug)

        assert answer.status_code == status


def test_a_browser_needs_its_csrf_token(ada: User, tea: Room) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(ada, backend="accounts.backend.Backend")

    answer = send(client)

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_message_is_posted_with_its_attachments(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)
    shown = send(client, photo(), "pot.jpg", "image/jpeg").json()

    answer = client.post("/api/rooms/tea/messages/", {"value": "", "attachments": [shown["id"]]}, format="json")

    assert answer.status_code == 201
    assert answer.json()["attachments"] == [shown]
    assert client.get(answer["Location"]).json() == answer.json()
    client.delete(answer["Location"])
    assert "attachments" not in client.get(answer["Location"]).json()


@pytest.mark.parametrize("given", ["x", 1, {}, [1], [None], [["x"]], ["\0"], ["x"] * 11, None, [{}]])
def test_bad_attachments_are_refused(api: Api, ada: User, tea: Room, given: Any) -> None:
    answer = api(ada).post("/api/rooms/tea/messages/", {"value": "hello", "attachments": given}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["errors"][0]["pointer"].startswith("/attachments")


def test_no_attachments_are_none(api: Api, ada: User, tea: Room) -> None:
    answer = api(ada).post("/api/rooms/tea/messages/", {"value": "hello", "attachments": []}, format="json")

    assert answer.status_code == 201 and "attachments" not in answer.json()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_socket_posts_attachments_and_shows_them_as_rest_does(api: Api, ada: User, tea: Room) -> None:
    client, file = await sync_to_async(api)(ada), await sync_to_async(uploaded)(ada)
    async with joined("tea", ada) as socket:
        await socket.send(type="message", value="", client_id="c-1", attachments=[id_of(file)])
        live, ack = await socket.next("message"), await socket.next("ack")
        await socket.send(type="message", value="", client_id="c-1", attachments=[id_of(file)])
        again = await socket.next("ack")
        for given in ([id_of(file)], "x", [1], None):
            await socket.send(type="message", value="more", attachments=given)
            error = await socket.next("error")
            assert (error["code"], error["errors"][0]["pointer"]) == ("validation_error", "/attachments")
    page = (await sync_to_async(client.get)("/api/rooms/tea/messages/")).json()

    assert (again["duplicate"], again["seq"]) == (True, ack["seq"])
    assert [shown["id"] for shown in live["attachments"]] == [id_of(file)]
    assert page["results"] == [live]
