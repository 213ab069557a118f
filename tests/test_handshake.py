"""What is refused before a WebSocket is accepted, and how that is said."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from channels.testing import WebsocketCommunicator

from accounts.models import User
from accounts.tokens import issue_token
from foundation import handshake
from foundation.errors import ChatError
from foundation.limits import PATH_MAX_BYTES, QUERY_MAX_BYTES
from rooms.models import Room
from tests.sockets import HOST, ORIGIN, cookie_of, opened

COOKIE = (b"cookie", b"theme=dark; sessionid=abc")
TOKEN = (b"authorization", b"Token parlor_abc")


@pytest.fixture(autouse=True)
def _host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chat.test", "testserver"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://app.test:8443"]


def verdict(
    *headers: tuple[bytes, bytes],
    host: bytes | None = b"chat.test",
    path: str = "/ws/chat/",
    query: str = "",
    **scope: Any,
) -> str:
    """`accepted`, or the code of the refusal."""
    sent = [*([(b"host", host)] if host is not None else []), *headers]
    try:
        handshake.check({"path": path, "query_string": query.encode(), "headers": sent, "scheme": "ws", **scope})
    except ChatError as error:
        return error.code
    return "accepted"


def origin(text: str) -> tuple[bytes, bytes]:
    return (b"origin", text.encode("latin-1"))


# T1, A8, A9: pages


@pytest.mark.parametrize(
    ("scheme", "host", "page"),
    [
        ("ws", "chat.test", "http://chat.test"),
        ("ws", "chat.test", "http://chat.test:80"),
        ("ws", "chat.test:80", "http://chat.test"),
        ("ws", "chat.test:8000", "http://chat.test:8000"),
        ("ws", "CHAT.test", "http://Chat.Test"),
        ("wss", "chat.test", "https://chat.test"),
        ("wss", "chat.test:443", "https://chat.test"),
        ("ws", "chat.test", "https://app.test:8443"),
        ("wss", "chat.test", "https://app.test:8443"),
    ],
)
def test_a_page_of_ours_may_connect_with_its_cookie(scheme: str, host: str, page: str) -> None:
    assert verdict(origin(page), COOKIE, host=host.encode(), scheme=scheme) == "accepted"


FOREIGN = [
    "https://evil.test",
    "http://evil.test",
    "https://chat.test",  # the server speaks ws
    "http://chat.test:8000",
    "http://chat.test:0",
    "http://sub.chat.test",
    "http://chat.test.evil.test",
    "http://chat.test:80:80",
    "http://app.test:8443",
    "https://app.test",
    "http://ch\xe4t.test",
    "http://evil.test#http://chat.test",
]
MALFORMED = [
    "null",
    "",
    "chat.test",
    "http://",
    "http://[",
    "http://chat.test/",
    "http://chat.test/ws/chat/",
    "http://chat.test?",
    "http://chat.test#",
    "http://chat.test#evil",
    "http://evil.test@chat.test",
    "http://chat.test@evil.test",
    "http://chat.test:port",
    "http://chat.test:99999999",
    "http://chat.test http://evil.test",
    " http://chat.test",
    "http://chat.te\tst",
    "ftp://chat.test",
    "file://",
]


@pytest.mark.parametrize("page", FOREIGN + MALFORMED)
def test_a8_another_page_may_not_with_cookie_or_without(page: str) -> None:
    assert verdict(origin(page), COOKIE) == verdict(origin(page)) == "origin_denied"


@pytest.mark.parametrize("pages", [("http://chat.test", "https://evil.test"), ("http://chat.test", "http://chat.test")])
def test_a8_two_origins_are_none(pages: tuple[str, str]) -> None:
    assert verdict(*map(origin, pages), COOKIE) == "origin_denied"
    assert verdict(*map(origin, reversed(pages)), TOKEN) == "origin_denied"


@pytest.mark.parametrize(
    "cookie",
    [
        b"sessionid=abc",
        b"a=b; sessionid=abc",
        b"{json: [1]}; sessionid=abc",
        b'a="b; sessionid=abc',
        b"a b=c; sessionid=",
        b"\xff\xfe; sessionid=abc",
        b";;sessionid =abc",
    ],
)
def test_a9_a_session_without_an_origin_is_refused_however_django_would_read_it(cookie: bytes) -> None:
    assert verdict((b"cookie", cookie)) == "origin_denied"
    assert verdict((b"cookie", b"theme=dark"), (b"cookie", cookie)) == "origin_denied"


@pytest.mark.parametrize("cookie", [b"", b"theme=dark", b"xsessionid=abc", b"sessionidx=abc"])
def test_a_program_without_a_session_needs_no_origin(cookie: bytes) -> None:
    assert verdict() == verdict((b"cookie", cookie)) == "accepted"


def test_a_program_with_a_token_needs_no_origin() -> None:
    assert verdict(TOKEN) == verdict(TOKEN, COOKIE) == "accepted"


def test_a_foreign_page_may_come_with_a_ticket() -> None:
    assert verdict(origin("https://evil.test"), query="ticket=abc") == "accepted"
    assert verdict(origin("https://evil.test"), COOKIE, query="ticket=") == "accepted", "the cookie will not count"
    assert verdict(origin("https://evil.test"), COOKIE, query="tickets=abc") == "origin_denied"


@pytest.mark.parametrize("page", MALFORMED)
def test_a_ticket_does_not_excuse_an_origin_that_is_none(page: str) -> None:
    assert verdict(origin(page), query="ticket=abc") == "origin_denied"


# A10: hosts


@pytest.mark.parametrize(
    "host", [b"evil.test", b"", b"chat.test.", b"chat.test@evil.test", b"chat test", b"sub.chat.test"]
)
def test_a10_another_host_is_refused(host: bytes) -> None:
    expected = "accepted" if host == b"chat.test." else "bad_host"  # the same name, written out

    assert verdict(host=host) == expected


def test_a10_no_host_and_two_hosts_are_refused() -> None:
    assert verdict(host=None) == "bad_host"
    assert verdict((b"host", b"chat.test")) == "bad_host"


# A6, A13: addresses


@pytest.mark.parametrize("name", ["token", "access_token", "api_token", "Authorization", "KEY", "TOKEN", "%74oken"])
def test_a13_a_token_in_the_address_is_refused(name: str) -> None:
    assert verdict(query=f"{name}=parlor_secret") == "token_in_url"
    assert verdict(TOKEN, query=f"after=1&{name}=") == "token_in_url"


def test_a6_the_first_byte_too_many_is_refused() -> None:
    path = "/" + "x" * (PATH_MAX_BYTES - 1)

    assert verdict(path=path) == verdict(query="a" * QUERY_MAX_BYTES) == "accepted"
    assert verdict(path=path + "x") == verdict(query="a" * (QUERY_MAX_BYTES + 1)) == "uri_too_long"
    assert verdict(raw_path=b"/" + b"%2e" * PATH_MAX_BYTES) == "uri_too_long"


def test_a_query_of_any_bytes_is_no_accident() -> None:
    assert verdict(query="%ff%00=%zz&&&=&;;;") == "accepted"


# Through the whole application


def connection(path: str, *headers: tuple[bytes, bytes], extension: bool = True) -> WebsocketCommunicator:
    from config.asgi import application

    communicator = WebsocketCommunicator(application, path, headers=list(headers))
    if extension:
        communicator.scope["extensions"] = {"websocket.http.response": {}}
    return communicator


async def refusal(communicator: WebsocketCommunicator) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
    """The HTTP answer to a handshake."""
    await communicator.send_input({"type": "websocket.connect"})
    start = await communicator.receive_output()
    body = await communicator.receive_output()
    assert [start["type"], body["type"]] == ["websocket.http.response.start", "websocket.http.response.body"]
    await communicator.wait()
    return start["status"], dict(start["headers"]), json.loads(body["body"])


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/ws/chat/", [HOST, (b"origin", b"https://evil.test")], 403, "origin_denied"),
        ("/ws/chat/", [HOST, (b"origin", b"http://[")], 403, "origin_denied"),
        ("/ws/chat/", [(b"host", b"evil.test")], 400, "bad_host"),
        ("/ws/chat/?token=secret-token", [HOST, ORIGIN], 400, "token_in_url"),
        (f"/ws/chat/?after={'1' * QUERY_MAX_BYTES}", [HOST, ORIGIN], 414, "uri_too_long"),
        ("/ws/outbox/", [HOST, ORIGIN], 404, "not_found"),
        ("/", [HOST, ORIGIN], 404, "not_found"),
    ],
)
async def test_a_refusal_is_a_problem_in_http(path: str, headers: list[Any], status: int, code: str) -> None:
    given, sent, problem = await refusal(connection(path, *headers))

    assert (given, problem["status"], problem["code"]) == (status, status, code)
    assert sent[b"content-type"] == b"application/problem+json"
    assert sent[b"cache-control"] == b"no-store"
    assert "secret-token" not in str(problem)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_server_without_that_extension_closes() -> None:
    communicator = connection("/ws/chat/", HOST, (b"origin", b"https://evil.test"), extension=False)

    accepted, _ = await communicator.connect()

    assert not accepted


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "segment",
    [
        "//",
        "../x/",
        "%00/",
        "%2e%2e/",
        "x" * 300 + "/",
        "Tea/",
        "caf%C3%A9/",
        "a%20b/",
        "%F0%9F%AB%96/",
        "tea%0A",
        "tea/x/",
        "-tea/",
    ],
)
async def test_a16_what_cannot_be_a_room_is_not_found(tea: Room, segment: str) -> None:
    status, _, problem = await refusal(connection(f"/ws/chat/{segment}", HOST, ORIGIN))

    assert (status, problem["code"]) == (404, "not_found")


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_t1_a_foreign_page_never_reaches_the_session(ada: User, tea: Room) -> None:
    cookie = await run(cookie_of)(ada)
    for evil in (b"https://evil.test", b"null", b"http://testserver:8000", b"https://testserver"):
        status, _, problem = await refusal(connection("/ws/chat/tea/", HOST, (b"origin", evil), cookie))
        assert (status, problem["code"]) == (403, "origin_denied")

    async with opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie]) as socket:
        assert (await socket.next("hello"))["me"]["username"] == "ada", "premise: the cookie is good"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_t1_a_token_needs_neither_cookie_nor_origin(ada: User, tea: Room) -> None:
    _, token = await run(issue_token)(actor=ada, name="bot")

    async with opened("/ws/chat/tea/", headers=[HOST, (b"authorization", f"Token {token}".encode())]) as socket:
        assert (await socket.next("hello"))["me"]["username"] == "ada"
