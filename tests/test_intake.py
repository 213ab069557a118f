"""What a client may send before it is answered, and how long it may take."""

import asyncio
import time
from typing import Any

import pytest

from foundation import intake, limits
from foundation.connections import places
from tests.front import UPGRADE, Line, front, request

pytestmark = pytest.mark.asyncio
LINE = limits.HEADER_LINE_MAX_BYTES - len("x: \r\n")
PLAIN = {"Host": "x"}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines that a test can wait for."""
    monkeypatch.setattr(intake, "HEADERS_TIMEOUT_S", 0.2)
    monkeypatch.setattr(intake, "REQUEST_TIMEOUT_S", 0.2)


async def test_the_bounds_are_those_that_were_promised() -> None:
    assert (limits.HEADER_LINE_MAX_BYTES, limits.HEADERS_MAX, limits.HEADERS_MAX_BYTES) == (8192, 64, 32768)
    assert limits.HEADERS_TIMEOUT_S <= 10


# A5, P5: too large


@pytest.mark.parametrize("headers", [PLAIN, UPGRADE], ids=["request", "socket"])
async def test_a5_the_first_header_line_that_is_too_long_is_refused(headers: dict[str, str]) -> None:
    async with front() as server:
        whole = await server.asked(request(headers, "x: " + "y" * LINE))
        assert (await whole.head())[0] == (101 if headers is UPGRADE else 200)

        began = time.monotonic()
        for cookie in ("y" * (LINE + 1), "y" * 8300, "y" * 70_000):
            line = await server.asked(request(headers, f"x: {cookie}"))
            assert await line.refusal() == "headers_too_large"
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("headers", [PLAIN, UPGRADE], ids=["request", "socket"])
async def test_a5_the_first_header_too_many_is_refused(headers: dict[str, str]) -> None:
    more = [f"x{number}: y" for number in range(limits.HEADERS_MAX - len(headers))]

    async with front() as server:
        whole = await server.asked(request(headers, *more))
        assert (await whole.head())[0] == (101 if headers is UPGRADE else 200)

        line = await server.asked(request(headers, *more, "one: more"))
        assert await line.refusal() == "headers_too_large"


async def test_a5_headers_that_are_large_together_are_refused() -> None:
    more = ["x: " + "y" * (LINE - 40)] * 4

    async with front() as server:
        assert (await (await server.asked(request(PLAIN, *more))).head())[0] == 200

        line = await server.asked(request(PLAIN, *more, "x: " + "y" * 200))
        assert await line.refusal() == "headers_too_large"


async def test_t24_thousands_of_headers_cost_nothing() -> None:
    async with front() as server:
        took_s = []
        for _ in range(3):  # the machine may have others to serve
            began = time.perf_counter()
            line = await server.asked(request(PLAIN, *["x: y"] * 5_000))
            assert await line.refusal() == "headers_too_large"
            took_s.append(time.perf_counter() - began)

    assert min(took_s) < 0.1


@pytest.mark.parametrize("headers", [PLAIN, UPGRADE], ids=["request", "socket"])
async def test_an_address_longer_than_a_line_is_refused(headers: dict[str, str]) -> None:
    async with front() as server:
        line = await server.asked(request(headers, path="/" + "x" * limits.HEADER_LINE_MAX_BYTES))

        assert await line.refusal() == "uri_too_long"


@pytest.mark.parametrize(
    ("beginning", "code"),
    [
        ("GET / HTTP/1.1\r\nx: " + "y" * 8300, "headers_too_large"),
        ("GET / HTTP/1.1\r\n" + "y" * 8300, "headers_too_large"),
        ("GET /" + "y" * 8300, "uri_too_long"),
        ("\r\n" * 20_000, "headers_too_large"),
    ],
)
async def test_what_never_ends_is_refused_when_it_is_too_long(beginning: str, code: str) -> None:
    async with front() as server:
        line = await server.asked(beginning.encode())

        assert await line.refusal() == code


async def test_a_later_request_of_a_connection_is_bounded_too() -> None:
    async with front() as server:
        line = await server.asked(request())
        assert (await line.answer())[0] == 200

        line.send(request({"Host": "x" * 8300}))
        assert await line.refusal() == "headers_too_large"


async def test_the_answer_arrives_though_the_client_is_still_sending() -> None:
    async with front() as server:
        line = await server.asked(b"GET / HTTP/1.1\r\nx: " + b"y" * 9_000)
        for _ in range(50):
            line.send(b"y" * 10_000)
            await asyncio.sleep(0)

        assert await line.refusal() == "headers_too_large"


# P4: too slow


async def trickle(line: Line, data: bytes) -> None:
    """One byte after another, until nobody listens."""
    for byte in data:
        line.send(bytes([byte]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("headers", [PLAIN, UPGRADE], ids=["request", "socket"])
async def test_p4_one_header_byte_at_a_time_is_ended(quick: None, headers: dict[str, str]) -> None:
    async with front() as server:
        line = await server.line()
        slowly = asyncio.create_task(trickle(line, request(headers, "x: " + "y" * 1000)))

        assert await line.refusal() == "request_timeout"
        slowly.cancel()


async def test_p4_a_connection_that_asks_nothing_is_closed_without_a_word(quick: None) -> None:
    async with front() as server:
        line = await server.line()

        assert await line.ended()


async def test_a_later_request_has_no_more_time_than_the_first(quick: None) -> None:
    async with front() as server:
        line = await server.asked(request())
        assert (await line.answer())[0] == 200

        line.send(b"GET / HT")
        assert await line.refusal() == "request_timeout"


async def test_a_body_that_does_not_come_is_ended(quick: None) -> None:
    async with front() as server:
        line = await server.asked(request({"Host": "x", "Content-Length": "10"}, method="POST") + b"12345")

        assert await line.refusal() == "request_timeout"


async def test_the_time_of_the_application_is_its_own(quick: None) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.5)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with front(slow) as server:
        line = await server.asked(request())
        assert (await line.head())[0] == 204

        line.send(request({"Host": "x", "Content-Length": "1"}, method="POST") + b"1")
        assert (await line.head())[0] == 204


# Bodies


async def test_the_first_byte_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "REQUEST_MAX_BYTES", 100)

    async with front() as server:
        line = await server.asked(request({"Host": "x", "Content-Length": "100"}, method="POST") + b"x" * 100)
        assert await line.answer() == (200, {"content-length": "3"}, b"100")

        line.send(request({"Host": "x", "Content-Length": "101"}, method="POST") + b"x" * 101)
        assert await line.refusal() == "payload_too_large"


async def test_t14_a_body_of_unknown_length_is_cut_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "REQUEST_MAX_BYTES", 100)

    async with front() as server:
        line = await server.asked(request({"Host": "x", "Transfer-Encoding": "chunked"}, method="POST"))
        for _ in range(51):
            line.send(b"2\r\nxx\r\n")

        assert await line.refusal() == "payload_too_large"


async def test_what_follows_a_body_is_bounded_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "REQUEST_MAX_BYTES", 100)
    start = request({"Host": "x", "Transfer-Encoding": "chunked"}, method="POST") + b"0\r\n"

    async with front() as server:
        many = await server.asked(start + b"x: y\r\n" * 65)
        assert await many.refusal() == "headers_too_large"

        endless = await server.asked(start + b"x: ")
        for _ in range(40):
            endless.send(b"y" * 1000)
            await asyncio.sleep(0)
        assert await endless.refusal() == "payload_too_large"


# Handing over


@pytest.mark.parametrize(
    "handshake",
    [
        request(UPGRADE, method="POST"),
        request(UPGRADE, "Content-Length: 3", method="POST"),
        request(UPGRADE, "Content-Length: 3"),
        request(UPGRADE).replace(b"HTTP/1.1", b"HTTP/1.2"),
    ],
)
async def test_a_handshake_that_cannot_be_read_is_answered(handshake: bytes) -> None:
    async with front() as server:
        line = await server.asked(handshake)

        status, _ = await line.head()
        assert status in {400, 405}


async def test_nonsense_is_a_problem_too() -> None:
    async with front() as server:
        line = await server.asked(b"nonsense\r\n\r\n")

        assert await line.refusal() == "bad_request"


async def test_a_server_that_stops_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with front() as server:
        line = await server.asked(request())
        assert "connection" not in (await line.answer())[1]

        monkeypatch.setattr(places, "leaving", True)
        line.send(request())
        assert (await line.answer())[1]["connection"] == "close"
        assert await line.ended()


async def test_more_connections_than_sockets_and_requests_need_are_dropped(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SOCKETS_MAX = 2
    monkeypatch.setattr("foundation.connections.SPARE_CONNECTIONS", 1)

    async with front() as server:
        for _ in range(3):
            assert (await (await server.asked(request())).answer())[0] == 200
        assert await (await server.asked(request())).ended()
