"""Looking at a text before it is sent, over REST."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Message
from foundation import rates
from tests.problems import check_problem, row

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
FORMATTING = "/api/formatting/"


@pytest.mark.parametrize(
    ("value", "html"),
    [
        ("**Tea** :tea:", "<p><strong>Tea</strong> 🍵</p>"),
        ("just words", None),
        pytest.param("x" * 10_000, None, id="longest"),
        ("<script>**x**</script>", "<p>&lt;script&gt;<strong>x</strong>&lt;/script&gt;</p>"),
        ("[x](javascript:alert)", None),
        ("@ada", '<p><span class="mention">@ada</span></p>'),
    ],
)
def test_a_text_is_shown_as_the_message_would_be(api: Api, ada: User, value: str, html: str | None) -> None:
    answer = api(ada).post(FORMATTING, {"value": value}, format="json")

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"html": html}
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        row("broken", b"{bad", 400, "invalid_json"),
        row("missing", {}, 400, "validation_error", "required"),
        *[row(f"type-{x}", {"value": x}, 400, "validation_error") for x in (None, 1, 1.5, True, ["a"], {"a": "b"})],
        *[row(f"blank-{x!r}", {"value": x}, 400, "validation_error", "blank") for x in ("", " \n", "\u200b")],
        row("long", {"value": "x" * 10_001}, 413, "message_too_long"),
        row("nul", {"value": "a\0b"}, 400, "validation_error", "null_character"),
        row("half", b'{"value": "half \\ud800"}', 400, "validation_error", "surrogate"),
        row("unknown", {"value": "a", "room": "tea"}, 400, "unknown_field"),
        row("names", {"value": " ".join(f"@n{n}" for n in range(21))}, 400, "validation_error", "too_many_mentions"),
    ],
)
def test_what_cannot_be_a_message_is_refused(api: Api, ada: User, body: Any, expected: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body)

    check_problem(api(ada).post(FORMATTING, content, content_type="application/json"), *expected)


def test_guests_are_not_served_and_nobody_without_end(api: Api, ada: User, settings: Any) -> None:
    check_problem(api().post(FORMATTING, {"value": "a"}, format="json"), 401, "unauthenticated")
    settings.RATES = {"previews": (2, 60)}
    rates._buckets.cache_clear()

    answers = [api(ada).post(FORMATTING, {"value": "a"}, format="json") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    check_problem(answers[2], 429, "rate_limited")
