"""Files: served to whoever may read the room now, as downloads unless Parlor drew them, in parts, and from a thread."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import User
from accounts.tokens import issue_token
from api.files import byte_range
from chat.erasing import delete_message
from chat.models import Attachment
from chat.posting import post_message
from rooms.bans import ban_person
from rooms.lifecycle import update_room
from rooms.membership import add_member, remove_member
from rooms.models import Guests, Room
from tests.pictures import opened
from tests.uploads import TEXT, fetched, id_of, uploaded, uploaded_photo

pytestmark = pytest.mark.django_db


def address(attachment: Attachment, name: str = "x") -> str:
    return f"/files/{id_of(attachment)}/{name}"


def posted(actor: User, *attachments: Attachment, slug: str = "tea") -> int:
    return post_message(actor=actor, slug=slug, text="", attachments=list(map(id_of, attachments))).message.seq


def status(user: User | None, attachment: Attachment, name: str = "x") -> int:
    return int(fetched(user, address(attachment, name)).status_code)


# Who


def test_a_file_is_for_whoever_may_read_the_room(
    ada: User, grace: User, mallory: User, tea: Room, cellar: Room
) -> None:
    public, secret = uploaded_photo(ada), uploaded_photo(ada, "cellar")
    posted(ada, public)
    posted(ada, secret, slug="cellar")

    for name in ("pot.jpg", "thumbnail"):
        assert [status(user, public, name) for user in (ada, grace, mallory, None)] == [200, 200, 200, 404]
        assert [status(user, secret, name) for user in (ada, grace, mallory, None)] == [200, 404, 404, 404]


def test_until_a_message_has_it_a_file_is_for_its_uploader(
    ada: User, grace: User, administrator: User, tea: Room
) -> None:
    attachment = uploaded(ada)

    assert [status(user, attachment) for user in (ada, grace, administrator, None)] == [200, 404, 404, 404]


def test_guests_read_files_where_they_read_messages(ada: User, lobby: Room) -> None:
    attachment = uploaded(ada, slug="lobby")
    posted(ada, attachment, slug="lobby")
    assert status(None, attachment) == 200

    Room.objects.filter(pk=lobby.pk).update(guests=Guests.NONE)

    assert status(None, attachment) == 404


def test_t5_the_right_ends_with_the_next_request(
    ada: User, grace: User, mallory: User, tea: Room, cellar: Room
) -> None:
    add_member(actor=ada, slug="cellar", username="grace")
    secret, public = uploaded(ada, slug="cellar"), uploaded(ada)
    posted(ada, secret, slug="cellar")
    posted(ada, public)
    etag = fetched(grace, address(secret))["ETag"]
    assert (status(mallory, public), fetched(grace, address(secret), If_None_Match=etag).status_code) == (200, 304)

    remove_member(actor=ada, slug="cellar", username="grace")
    ban_person(actor=ada, slug="tea", username="mallory")

    assert (status(grace, secret), fetched(grace, address(secret), If_None_Match=etag).status_code) == (404, 404)
    assert status(mallory, public) == 404
    update_room(actor=ada, slug="tea", kind="private")
    assert status(grace, public) == 200


def test_the_file_of_a_deleted_message_is_gone(ada: User, tea: Room) -> None:
    attachment = uploaded_photo(ada)
    delete_message(actor=ada, slug="tea", seq=posted(ada, attachment))

    assert status(ada, attachment) == status(ada, attachment, "thumbnail") == 404


def test_a_program_reads_with_its_token(ada: User, mallory: User, cellar: Room) -> None:
    attachment = uploaded(ada, slug="cellar")
    tokens = [issue_token(actor=user, name="test")[1] for user in (ada, mallory)]

    good, foreign, bad = (
        Client().get(address(attachment), headers={"Authorization": f"Token {token}"})
        for token in (*tokens, "parlor_x")
    )

    assert (good.status_code, foreign.status_code, bad.status_code) == (200, 404, 401)
    assert [answer.json()["code"] for answer in (foreign, bad)] == ["not_found", "unauthenticated"]
    mixed = Client(headers={"Authorization": "Token parlor_x"})
    mixed.force_login(ada, backend="accounts.backend.Backend")
    assert mixed.get(address(attachment)).status_code == 401, "a bad token makes one nobody, whatever the cookie says"


@pytest.mark.parametrize(
    "path", ["x/y", "0b4c5f0e-6a5d-4a0b-9d5c-0d5f5f1f2a3b/y", "0B4C5F0E-6A5D-4A0B-9D5C-0D5F5F1F2A3B/y"]
)
def test_what_is_not_there_is_a_page_that_says_so(ada: User, path: str) -> None:
    answer = fetched(ada, f"/files/{path}")

    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (404, "text/html")


def test_there_is_no_thumbnail_of_what_is_no_image(ada: User, tea: Room) -> None:
    assert status(ada, uploaded(ada), "thumbnail") == 404


def test_files_are_read_and_nothing_else(ada: User, tea: Room) -> None:
    client = Client()
    client.force_login(ada, backend="accounts.backend.Backend")

    assert {getattr(client, method)(address(uploaded(ada))).status_code for method in ("post", "put", "delete")} == {
        405
    }


# What


def test_a_file_comes_as_a_download_of_no_type(ada: User, tea: Room) -> None:
    answer = fetched(ada, address(uploaded(ada)))

    assert (answer.status_code, answer.body, answer["Content-Length"]) == (200, TEXT, str(len(TEXT)))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="notes.txt"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["Accept-Ranges"] == "bytes"
    assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.html", b"<script>alert(1)</script>"),
        ("a.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'/>"),
        ("a.js", b"alert(1)"),
        ("a.pdf", b"%PDF-1.7"),
        ("a.zip", b"PK\x03\x04"),
        ("thumbnail", b"not one"),
    ],
)
@pytest.mark.parametrize("declared", ["", "text/html", "image/svg+xml"])
def test_e23_nothing_that_could_act_is_ever_inline(ada: User, tea: Room, name: str, data: bytes, declared: str) -> None:
    attachment = uploaded(ada, data, name, type_=declared)

    for shown_as in ("a.html", "a.png"):
        answer = fetched(ada, address(attachment, shown_as))
        assert answer.body == data
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Content-Security-Policy"].startswith("sandbox;")


def test_an_image_comes_inline_and_cannot_act_either(ada: User, tea: Room) -> None:
    attachment = uploaded_photo(ada)

    image, small = fetched(ada, address(attachment, "pot.jpg")), fetched(ada, address(attachment, "thumbnail"))

    assert opened(image.body).size == opened(small.body).size == (64, 32)
    assert (image["Content-Type"], small["Content-Type"]) == ("image/jpeg", "image/webp")
    assert (image["Content-Disposition"], small["Content-Disposition"]) == (
        'inline; filename="pot.jpg"',
        'inline; filename="thumbnail.webp"',
    )
    for answer in (image, small):
        assert int(answer["Content-Length"]) == len(answer.body)
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert image["ETag"] != small["ETag"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("茶.txt", "attachment; filename*=utf-8''%E8%8C%B6.txt"),
        ("a \"b\" 'c'.txt", 'attachment; filename="a \\"b\\" \'c\'.txt"'),
        ("a;b=c%20.txt", 'attachment; filename="a;b=c%20.txt"'),
        ("x\r\nSet-Cookie: a=b", 'attachment; filename="x Set-Cookie: a=b"'),
    ],
)
def test_names_are_written_as_rfc_5987_says(ada: User, tea: Room, name: str, header: str) -> None:
    answer = fetched(ada, address(uploaded(ada, name=name)))

    assert answer["Content-Disposition"] == header


# How much


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-5", (2, 4)),
        ("bytes=90-", (90, 10)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-1000", (0, 100)),
        ("bytes=99-99", (99, 1)),
        *((beyond, None) for beyond in ("bytes=100-", "bytes=100-200", "bytes=999999999999999999-", "bytes=-0")),
        *(
            (nonsense, (0, 100))
            for nonsense in ("", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4")
        ),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), (0, 100)),
        ("bytes=٣-", (0, 100)),
    ],
)
def test_e24_one_range_is_heeded(header: str, part: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == part


def test_e24_a_part_is_served_and_what_lies_beyond_is_refused(ada: User, tea: Room) -> None:
    path, size = address(uploaded(ada)), len(TEXT)

    part = fetched(ada, path, Range="bytes=5-9")
    beyond = fetched(ada, path, Range=f"bytes={size}-")
    several = fetched(ada, path, Range="bytes=0-1,3-4")

    assert (part.status_code, part.body, part["Content-Range"]) == (206, TEXT[5:10], f"bytes 5-9/{size}")
    assert part["Content-Length"] == "5"
    assert (beyond.status_code, beyond.body, beyond["Content-Range"]) == (416, b"", f"bytes */{size}")
    assert (several.status_code, several.body) == (200, TEXT)


def test_a_part_of_what_has_changed_is_the_whole(ada: User, tea: Room) -> None:
    path = address(uploaded(ada))
    etag = fetched(ada, path)["ETag"]

    assert fetched(ada, path, Range="bytes=0-3", If_Range=etag).status_code == 206
    assert fetched(ada, path, Range="bytes=0-3", If_Range='"another"').status_code == 200


def test_what_one_has_is_not_sent_again(ada: User, tea: Room) -> None:
    path = address(uploaded(ada))
    first = fetched(ada, path)

    again = fetched(ada, path, If_None_Match=first["ETag"])

    assert (again.status_code, again.body, again["ETag"]) == (304, b"", first["ETag"])
    assert fetched(ada, path, If_None_Match='"other"').body == TEXT


def test_the_head_alone_tells_the_size(ada: User, tea: Room) -> None:
    client = Client()
    client.force_login(ada, backend="accounts.backend.Backend")

    answer: Any = client.head(address(uploaded(ada)), headers={"Range": "bytes=0-3"})

    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(len(TEXT)), b"")


def test_a_large_file_comes_in_pieces(ada: User, tea: Room) -> None:
    data = bytes(range(256)) * 2000

    assert fetched(ada, address(uploaded(ada, data, "a.bin"))).body == data


def test_a_lost_file_is_not_found_and_logged(ada: User, tea: Room, caplog: pytest.LogCaptureFixture) -> None:
    attachment = uploaded(ada)
    default_storage.delete(attachment.file)

    assert status(ada, attachment) == 404
    assert "a file cannot be read" in caplog.text
