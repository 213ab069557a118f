"""Uploads at the front door: a larger body and more time for one address, and for no other."""

import pytest
from django.urls import reverse

from foundation import intake
from tests.front import front, request

pytestmark = pytest.mark.asyncio
UPLOADS = "/api/rooms/tea/uploads/"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "REQUEST_MAX_BYTES", 100)
    monkeypatch.setattr(intake, "UPLOAD_MAX_BYTES", 10_000)


def sent(size: int, path: str = UPLOADS, method: str = "POST") -> bytes:
    return request({"Host": "x", "Content-Length": str(size)}, method=method, path=path) + b"y" * size


async def test_the_address_is_that_of_uploads() -> None:
    assert intake.UPLOADS.match(f"POST {reverse('api:uploads', args=['tea-room_1'])}")
    assert intake.UPLOADS.match(f"PUT {reverse('api:my_avatar')}")
    assert intake.UPLOADS.match(f"POST {reverse('account_avatar')}")


async def test_an_upload_may_be_larger_and_has_a_limit_of_its_own(small: None) -> None:
    async with front() as server:
        whole = await server.asked(sent(10_000))
        assert (await whole.answer())[::2] == (200, b"10000")

        assert await (await server.asked(sent(10_001))).refusal() == "payload_too_large"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/rooms/tea/messages/", "POST"),
        (UPLOADS, "PUT"),
        ("/api/users/me/avatar/", "POST"),
        ("/accounts/profile/", "POST"),
        (f"{UPLOADS}more/", "POST"),
        (f"/x{UPLOADS}", "POST"),
        (f"/?{UPLOADS}", "POST"),
    ],
)
async def test_nothing_else_may(small: None, path: str, method: str) -> None:
    async with front() as server:
        assert await (await server.asked(sent(101, path, method))).refusal() == "payload_too_large"


async def test_t14_an_upload_of_unknown_length_is_cut_at_the_limit(small: None) -> None:
    head = request({"Host": "x", "Transfer-Encoding": "chunked"}, method="POST", path=UPLOADS)
    chunk = b"3e8\r\n" + b"y" * 1000 + b"\r\n"

    async with front() as server:
        whole = await server.asked(head + chunk * 10 + b"0\r\n\r\n")
        assert (await whole.answer())[::2] == (200, b"10000")

        line = await server.asked(head + chunk * 11)
        assert await line.refusal() == "payload_too_large"


async def test_the_next_request_of_the_connection_is_an_ordinary_one(small: None) -> None:
    async with front() as server:
        line = await server.asked(sent(5_000))
        assert (await line.answer())[0] == 200

        line.send(sent(101, "/"))
        assert await line.refusal() == "payload_too_large"


async def test_an_upload_has_more_time_but_not_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "REQUEST_TIMEOUT_S", 0.01)
    monkeypatch.setattr(intake, "UPLOAD_TIMEOUT_S", 0.5)
    head = request({"Host": "x", "Content-Length": "10"}, method="POST", path=UPLOADS)

    async with front() as server:
        line = await server.asked(head + b"12345")
        with pytest.raises(TimeoutError):
            await line.ended(0.1)
        line.send(b"67890")
        assert (await line.answer())[::2] == (200, b"10")

        assert await (await server.asked(head + b"12345")).refusal() == "request_timeout"
