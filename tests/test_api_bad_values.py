"""Bad values over REST: groups C and D of the catalogue and the values of group E, each row with its number."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Message
from rooms.models import Room
from tests.problems import MESSAGES, PADDED, check_problem, row

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        row("C1-broken", b"{bad", 400, "invalid_json"),
        row("C1-empty", b"", 400, "invalid_json"),
        row("C1-blank", b" \n ", 400, "invalid_json"),
        *[row(f"C2-{text}", text.encode(), 400, "invalid_json") for text in ("[]", '"x"', "1", "null", "true")],
        *[row(f"C3-{x}", f'{{"value": {x}}}'.encode(), 400, "invalid_json") for x in ("NaN", "Infinity", "1e999")],
        row("C4", b'{"value": ' + b"1" * 5000 + b"}", 400, "invalid_json"),
        row("C5-arrays", b'{"value": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400, "invalid_json"),
        row("C5-unclosed", b"[" * 60_000, 400, "invalid_json"),
        row("C6", b'{"value": "a", "value": "b"}', 400, "invalid_json"),
        row("C7-bom", b'\xef\xbb\xbf{"value": "a"}', 400, "invalid_json"),
        row("C7-utf16", '{"value": "a"}'.encode("utf-16"), 400, "invalid_json"),
        row("C7-not-utf8", b'{"value": "\xff"}', 400, "invalid_json"),
        row("C7-trailing", b'{"value": "a"} x', 400, "invalid_json"),
        row("C7-two", b'{"value": "a"}{"value": "b"}', 400, "invalid_json"),
        row("C9", {"value": "a", "volume": 11}, 400, "unknown_field", "unknown_field"),
        row("C9-odd-name", {"value": "a", "a/b~" + "x" * 200: 1}, 400, "unknown_field"),
        row("C9-half-name", {"value": "a", "\ud800": 1}, 400, "invalid_json"),
        row("C10", {f"k{number}": 1 for number in range(51)}, 400, "validation_error"),
        *[row(f"C12-{x!r}", {"value": "a", "client_id": x}, 400, "validation_error") for x in ("", "a b", "x" * 65, 7)],
        *[row(f"D1-{x}", {"value": x}, 400, "validation_error") for x in (None, 1, 1.5, True, ["a"], {"a": "b"})],
        row("D1-missing", {}, 400, "validation_error", "required"),
        *[
            row(f"D2-{x!r}", {"value": x}, 400, "validation_error", "blank")
            for x in ("", " \t\n", "\u200b\u200d", "\x07")
        ],
        row("D4", {"value": "x" * 10_001}, 413, "message_too_long"),
        row("D5", {"value": "a\0b"}, 400, "validation_error", "null_character"),
        row("D6", b'{"value": "half \\ud800"}', 400, "validation_error", "surrogate"),
        *[
            row(f"D13-{field}", {"value": "a", field: 1}, 400, "unknown_field")
            for field in ("author", "user", "seq", "sent_at", "room", "epoch", "type")
        ],
        row("E8", PADDED, 413, "payload_too_large"),
    ],
)
def test_a_bad_message_is_refused(api: Api, ada: User, tea: Room, body: Any, expected: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body)

    answer = api(ada).post(MESSAGES, content, content_type="application/json")

    check_problem(answer, *expected)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 10_000, id="D3"),
        pytest.param("  a\tb\r\nc \n", id="D7"),
        pytest.param("\u202eabc \u2066 👩‍👩‍👧 " + "e\u0301" * 3 + "\u0301" * 1000, id="D8"),
        pytest.param("<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))", id="D9"),
        pytest.param("{{7*7}} %s ${x} ' OR 1=1 --", id="D10"),
    ],
)
def test_odd_text_is_kept_as_it_is(api: Api, ada: User, tea: Room, text: str) -> None:
    answer = api(ada).post(MESSAGES, {"value": text}, format="json")

    assert answer.status_code == 201
    assert api(ada).get(answer["Location"]).json()["value"] == text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *[
            row(f"E11-{x}", f"{MESSAGES}?limit={x}", 400, "validation_error")
            for x in ("0", "-1", "abc", "101", "10e9", "")
        ],
        *[
            row(f"E11-list-{x}", f"/api/rooms/?limit={x}", 400, "validation_error")
            for x in ("0", "+1", "1.5", "%D9%A1")
        ],
        *[row(f"E11-after-{x}", f"{MESSAGES}?after={x}", 400, "validation_error") for x in ("-1", "1e3", 2**63, "%00")],
        row("E12", f"{MESSAGES}?before=5&after=1", 400, "validation_error", "exclusive"),
        row("E12-around", f"{MESSAGES}?before=5&around=1", 400, "validation_error", "exclusive"),
        row("E12-cursor", "/api/rooms/?cursor=cD0x", 400, "validation_error", "invalid"),
        row("E12-twice", f"{MESSAGES}?after=1&after=1", 400, "validation_error", "repeated"),
        row("E13", f"{MESSAGES}?after=99", 409, "position_invalid"),
        row("E14", f"{MESSAGES}?since=1", 400, "unknown_parameter", "unknown_parameter"),
        row("E14-room", "/api/rooms/tea/?expand=all", 400, "unknown_parameter"),
        row("E14-list", "/api/rooms/?search=tea", 400, "unknown_parameter"),
        row("E14-odd-name", "/api/rooms/?%00%ff/~=", 400, "unknown_parameter"),
        row("E11-ordering", "/api/rooms/?ordering=password", 400, "validation_error", "invalid_choice"),
        row("E11-member", "/api/rooms/?member=yes", 400, "validation_error", "invalid_choice"),
        row("E29-long", f"/api/rooms/?q={'x' * 10_240}", 400, "validation_error", "max_length"),
        row("E29-nul", "/api/rooms/?q=%00", 400, "validation_error", "null_character"),
    ],
)
def test_a_bad_query_is_refused(api: Api, ada: User, tea: Room, path: str, expected: Any) -> None:
    check_problem(api(ada).get(path), *expected)


@pytest.mark.parametrize("words", ["%25", "_", "*", '"', "(a%2B)%2B%24", "'%20OR%201=1", "%25" * 33])
def test_e29_a_search_for_nothing_finds_nothing(api: Api, ada: User, tea: Room, words: str) -> None:
    answer = api(ada).get(f"/api/rooms/?q={words}")

    assert (answer.status_code, answer.json()["results"]) == (200, [])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        row("E15-missing", {}, 400, "validation_error", "required"),
        row("E15-empty", {"name": ""}, 400, "validation_error", "blank"),
        row("E15-blank", {"name": " \u3000 "}, 400, "validation_error", "blank"),
        row("E15-dots", {"name": "..."}, 400, "validation_error", "blank"),
        row("E15-number", {"name": 7}, 400, "validation_error", "invalid"),
        row("E15-81", {"name": "x" * 81}, 400, "validation_error", "max_length"),
        row("E15-control", {"name": "a\x07"}, 400, "validation_error", "control_character"),
        row("E15-nul", {"name": "a\0"}, 400, "validation_error", "null_character"),
        row("E15-bidi", {"name": "a\u202eb"}, 400, "validation_error", "control_character"),
        row("E15-reserved", {"name": "Admin"}, 400, "validation_error", "reserved"),
        row("E15-reserved-slug", {"name": "Good", "slug": "api"}, 400, "validation_error", "reserved"),
        row("E15-slug", {"name": "Good", "slug": "Not Good"}, 400, "validation_error", "invalid"),
        row("E15-slug-65", {"name": "Good", "slug": "x" * 65}, 400, "validation_error", "invalid"),
        row("E15-topic", {"name": "Good", "topic": "x" * 251}, 400, "validation_error", "max_length"),
        row("E15-kind", {"name": "Good", "kind": "secret"}, 400, "validation_error", "invalid_choice"),
        row("E15-kind-type", {"name": "Good", "kind": ["public"]}, 400, "validation_error", "invalid_choice"),
        row(
            "E15-guests", {"name": "Good", "kind": "private", "guests": "read"}, 400, "validation_error", "private_room"
        ),
        row("E15-unknown", {"name": "Good", "created_by": 1}, 400, "unknown_field"),
        row("E16", {"name": "Tea"}, 409, "name_taken", "taken"),
        row("E16-slug", {"name": "Other", "slug": "tea"}, 409, "name_taken", "taken"),
    ],
)
def test_a_bad_room_is_refused(api: Api, ada: User, tea: Room, body: Any, expected: Any) -> None:
    check_problem(api(ada).post("/api/rooms/", body, format="json"), *expected)


def test_e16_the_name_of_a_hidden_room_is_free(api: Api, mallory: User, cellar: Room) -> None:
    assert api(mallory).post("/api/rooms/", {"name": "Cellar"}, format="json").status_code == 201


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        row("E22-slug", {"slug": "coffee"}, 400, "unknown_field"),
        row("E22-seq", {"last_seq": 0}, 400, "unknown_field"),
        row("E15-patch-null", {"name": None}, 400, "validation_error", "null"),
        row("E15-patch-blank", {"name": " "}, 400, "validation_error", "blank"),
    ],
)
def test_a_bad_change_of_a_room_is_refused(api: Api, ada: User, tea: Room, body: Any, expected: Any) -> None:
    check_problem(api(ada).patch("/api/rooms/tea/", body, format="json"), *expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        row("E19-role", {"role": "king"}, 400, "validation_error", "invalid_choice"),
        row("E19-role-null", {"role": None}, 400, "validation_error", "null"),
        row("E19-unknown", {"user": 7}, 400, "unknown_field"),
        row("E19-last-owner", {"role": "member"}, 409, "last_owner"),
    ],
)
def test_a_bad_change_of_a_member_is_refused(api: Api, ada: User, tea: Room, body: Any, expected: Any) -> None:
    check_problem(api(ada).put("/api/rooms/tea/members/ada/", body, format="json"), *expected)


def test_e21_the_header_and_the_body_must_agree(api: Api, ada: User, tea: Room) -> None:
    headers = {"Idempotency-Key": "c-2"}

    answer = api(ada).post(MESSAGES, {"value": "a", "client_id": "c-1"}, format="json", headers=headers)

    check_problem(answer, 400, "validation_error", "differs")
    bad = api(ada).post(MESSAGES, {"value": "a"}, format="json", headers={"Idempotency-Key": "a b"})
    check_problem(bad, 400, "validation_error", "invalid")
