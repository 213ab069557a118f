"""Refusals over REST that are not about values: group E of the catalogue, each row with its number."""

import gzip
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tokens import issue_token
from foundation.errors import ERRORS
from foundation.limits import BODY_MAX_BYTES
from rooms.models import Room
from tests.problems import MESSAGES, PADDED, SECRET, check_problem
from tests.servers import ParlorServer

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


HIDDEN = [
    *("/api/nothing/", "/api/rooms/nothing/", "/api/rooms/cellar/", "/api/rooms/Tea/", "/api/rooms/te%00a/"),
    *("/api/rooms/tea%2F..%2Fcellar/", "/api/rooms/%F0%9F%8D%B5/", f"/api/rooms/{'x' * 300}/", "/api/rooms/a b/"),
    *(
        "/api/rooms/cellar/sync/",
        "/api/rooms/cellar/messages/",
        "/api/rooms/cellar/members/",
        "/api/rooms/cellar/presence/",
    ),
    *(f"{MESSAGES}{seq}/" for seq in ("abc", "0", "-1", "01", "1.0", "1", "9007199254740991", 2**53, 2**63)),
    *("/api/rooms/tea/members/nobody/", "/api/rooms/tea/members/Ada/", "/api/rooms/tea/members/a%00/"),
]


@pytest.mark.parametrize("path", [pytest.param(path, id=f"E4-{path[:40]}") for path in HIDDEN])
def test_what_is_not_there_is_always_the_same_answer(
    api: Api, mallory: User, tea: Room, cellar: Room, path: str
) -> None:
    answer = api(mallory).get(path)

    check_problem(answer, 404, "not_found")
    assert answer.content == api(mallory).get("/api/rooms/no-such-room/").content


PROTECTED = [
    *[
        ("get", path)
        for path in ("rooms/", "rooms/tea/", "rooms/tea/sync/", "rooms/tea/messages/", "rooms/tea/members/")
    ],
    *[
        ("get", path)
        for path in ("rooms/tea/presence/", "rooms/tea/members/ada/", "rooms/tea/messages/1/", "users/me/")
    ],
    *[("post", path) for path in ("rooms/", "rooms/tea/messages/", "tickets/")],
    *[("patch", "rooms/tea/"), ("delete", "rooms/tea/"), ("put", "rooms/tea/members/me/"), ("get", "tokens/")],
]


@pytest.mark.parametrize(("method", "path"), [pytest.param(*each, id=f"E1-{each[0]}-{each[1]}") for each in PROTECTED])
def test_a_stranger_is_asked_who_they_are(api: Api, tea: Room, method: str, path: str) -> None:
    body = {"value": "a"} if path.endswith("messages/") and method == "post" else {}

    answer = getattr(api(), method)(f"/api/{path}", body if method != "get" else None, format="json")

    check_problem(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(header, id=f"E2-{header[:24]}")
        for header in (
            "Token",
            f"Token {SECRET}",
            "Bearer abc",
            "Basic YTpi",
            "Token a, Token b",
            "Token a b",
            "",
            "Token é",
        )
    ],
)
def test_every_bad_credential_is_the_same_answer(api: Api, ada: User, tea: Room, header: str) -> None:
    client = api()
    client.force_login(ada)

    answers = [client.get(path, headers={"Authorization": header}) for path in ("/api/rooms/", "/api/rooms/tea/")]

    for answer in answers:
        check_problem(answer, 401, "unauthenticated")
        assert answer["WWW-Authenticate"] == "Token"
    assert answers[0].content == api().get("/api/rooms/").content


def test_e3_a_session_needs_a_csrf_token(ada: User, tea: Room) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.get("/api/rooms/tea/").status_code == 200, "premise: the session is good"

    check_problem(client.post(MESSAGES, {"value": "a"}, "application/json"), 403, "csrf_failed")
    check_problem(client.post(MESSAGES, {"csrfmiddlewaretoken": "x"}), 403, "csrf_failed")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("put", "rooms/tea/", "GET, PATCH, DELETE", id="E5-put"),
        pytest.param("delete", "rooms/", "GET, POST", id="E5-delete"),
        pytest.param("trace", "rooms/", "GET, POST", id="E5-trace"),
        pytest.param("put", "rooms/tea/messages/2/", "GET, PATCH, DELETE", id="E5-message"),
        pytest.param("post", "rooms/tea/members/ada/", "GET, PUT, DELETE", id="E5-post"),
    ],
)
def test_a_method_that_is_not_offered_names_those_that_are(
    api: Api, ada: User, tea: Room, method: str, path: str, allowed: str
) -> None:
    answer = api(ada).generic(method.upper(), f"/api/{path}")

    check_problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == set(allowed.split(", "))


def test_options_and_head_are_answered(api: Api, ada: User, tea: Room) -> None:
    options, head = api(ada).options("/api/rooms/"), api(ada).head("/api/rooms/?limit=1")

    assert (options.status_code, options.content) == (204, b"")
    assert "POST" in options["Allow"]
    assert (head.status_code, head.content) == (200, b"")


def test_e6_a_type_that_nobody_speaks_is_not_acceptable(api: Api, ada: User, tea: Room) -> None:
    check_problem(api(ada).get("/api/rooms/", headers={"Accept": "application/xml"}), 406, "not_acceptable")


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(kind, id=f"E7-{kind}")
        for kind in ("text/plain", "", "application/json; charset=utf-16", "multipart/form-data; boundary=x", "*/*")
    ],
)
def test_a_body_that_is_not_json_in_utf8_is_refused(api: Api, ada: User, tea: Room, content_type: str) -> None:
    answer = api(ada).generic("POST", MESSAGES, '{"value": "a"}', content_type=content_type)

    check_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", "Application/JSON", "application/json;charset=utf8"]
)
def test_json_in_utf8_may_say_so(api: Api, ada: User, tea: Room, content_type: str) -> None:
    assert api(ada).generic("POST", MESSAGES, '{"value": "a"}', content_type=content_type).status_code == 201


def test_e8_the_largest_body_is_read(api: Api, ada: User, tea: Room) -> None:
    body = PADDED[: BODY_MAX_BYTES - 1] + b"}"
    assert len(body) == BODY_MAX_BYTES

    assert api(ada).post(MESSAGES, body, content_type="application/json").status_code == 201


def test_e10_a_compressed_body_is_refused(api: Api, ada: User, tea: Room) -> None:
    body = gzip.compress(b'{"value": "a"}')

    answer = api(ada).post(MESSAGES, body, content_type="application/json", headers={"Content-Encoding": "gzip"})

    check_problem(answer, 415, "unsupported_media_type")


@pytest.fixture
def broken_database() -> Iterator[Callable[[Exception], Any]]:
    """Every statement fails with this error, for as long as the context lasts."""

    def broken(error: Exception) -> Any:
        def fail(*_: Any) -> Any:
            raise error

        return connection.execute_wrapper(fail)

    yield broken


@pytest.mark.parametrize("path", ["/api/rooms/", "/api/rooms/tea/", "/api/users/me/"])
def test_e26_a_database_that_is_down_is_unavailable(
    api: Api, ada: User, tea: Room, broken_database: Any, path: str
) -> None:
    client = api(ada)
    with broken_database(OperationalError(f"no connection to {SECRET}")):
        answer = client.get(path)

    problem = check_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "2"
    assert problem["retry_after_ms"] == 2000


def test_e27_a_fault_of_ours_says_nothing_of_itself(api: Api, ada: User, tea: Room, broken_database: Any) -> None:
    client = api(ada)
    client.raise_request_exception = False

    with broken_database(RuntimeError(SECRET)):
        answer = client.get("/api/rooms/tea/")

    assert check_problem(answer, 500, "internal")["detail"] == ERRORS["internal"].title


def test_a_foreign_host_is_refused(api: Api, ada: User) -> None:
    check_problem(api(ada).get("/api/rooms/", headers={"Host": "evil.example"}), 400, "bad_host")


def test_a_page_outside_the_api_is_refused_as_a_page(client: Client) -> None:
    answer = client.get("/nothing/")

    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (404, "text/html")


@pytest.mark.parametrize("path", ["/ws/chat/", "/ws/chat/tea/", "/ws/other/"])
def test_a_socket_address_asks_for_an_upgrade(client: Client, path: str) -> None:
    for answer in (client.get(path), client.post(path)):
        check_problem(answer, 426, "upgrade_required")
        assert answer["Upgrade"] == "websocket"


def test_no_answer_of_the_api_is_kept_by_a_cache(api: Api, ada: User, tea: Room) -> None:
    answers = [
        api(ada).get(path) for path in ("/api/rooms/", "/api/rooms/tea/", "/api/rooms/nothing/", "/api/users/me/")
    ]

    for answer in answers:
        assert answer["Cache-Control"] == "private, no-store"
        assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))


def test_a_browser_sees_problems_as_pages(ada: User, tea: Room, client: Client) -> None:
    client.force_login(ada)
    headers = {"Accept": "text/html"}

    found, missing = client.get("/api/rooms/tea/", headers=headers), client.get("/api/rooms/nothing/", headers=headers)

    assert (found.status_code, missing.status_code) == (200, 404)
    for answer in (found, missing):
        assert answer["Content-Type"].startswith("text/html")
    assert b"not_found" in missing.content
    assert b'name="_content"' in client.get("/api/rooms/", headers=headers).content, "the page offers to post"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("body", "status"),
    [pytest.param(b'{"value": "hello"}', 201, id="E9-chunked"), pytest.param(PADDED, 413, id="E9-chunked-too-large")],
)
async def test_a_body_in_chunks_is_read_like_any_other(ada: User, tea: Room, body: bytes, status: int) -> None:
    from config.asgi import application

    async def chunks() -> Any:
        for start in range(0, len(body), 5000):
            yield body[start : start + 5000]

    _, token = await sync_to_async(issue_token)(actor=ada, name="test")
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.post(MESSAGES, content=chunks(), headers=headers)

    assert answer.request.headers["Transfer-Encoding"] == "chunked", "premise: no length was announced"
    assert answer.status_code == status, answer.text


@pytest.mark.live
@pytest.mark.parametrize(
    ("headers", "body", "statuses"),
    [
        pytest.param("Content-Length: 14\r\n", '{"value": "a"}', {201}, id="E9-right"),
        pytest.param("Content-Length: 13\r\n", '{"value": "a"}', {400}, id="E9-longer-than-said"),
        pytest.param("", "", {400}, id="E9-no-length"),
        pytest.param("Content-Length: 14\r\nContent-Length: 2\r\n", '{"value": "a"}', {400}, id="E9-two-lengths"),
        pytest.param("Content-Length: -1\r\n", "", {400}, id="E9-negative"),
        pytest.param("Transfer-Encoding: chunked\r\n", "zz\r\n", {400}, id="E9-bad-chunk"),
    ],
)
def test_a_server_reads_bodies_by_the_book(
    parlor_server: ParlorServer, headers: str, body: str, statuses: set[int]
) -> None:
    head = f"POST /api/rooms/lobby/messages/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}"
    with socket.create_connection(("127.0.0.1", parlor_server.port), timeout=10) as raw:
        raw.sendall(f"{head}Connection: close\r\n\r\n{body}".encode())
        first = raw.makefile("rb").readline().decode()

    assert int(first.split()[1]) in statuses, first
    assert "Traceback" not in parlor_server.output
