"""Search over REST."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from chat.posting import post_message
from rooms.models import Room

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def ask(client: APIClient, status: int = 200, **parameters: Any) -> Any:
    answer = client.get(f"/api/search/?{urlencode(parameters)}")
    assert answer.status_code == status, answer.content
    return answer.json()


def refusal(problem: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    return problem["code"], [(error["pointer"], error["code"]) for error in problem["errors"]]


def test_a_hit_has_the_message_the_room_and_a_snippet(api: Api, ada: User, mallory: User, tea: Room) -> None:
    seq = post_message(actor=ada, slug="tea", text="Is <b>Caffè</b> tea?").message.seq
    client = api(mallory)

    [hit] = ask(client, q="caff")["results"]

    assert hit["message"] == client.get(f"/api/rooms/tea/messages/{seq}/").json()
    assert hit["room"] == {"slug": "tea", "name": "Tea", "kind": "public"}
    assert hit["snippet"] == [
        {"text": "Is <b>", "match": False},
        {"text": "Caff", "match": True},
        {"text": "è</b> tea?", "match": False},
    ]


@pytest.mark.parametrize("order", ["relevance", "newest"])
def test_next_leads_through_all_that_was_found(api: Api, ada: User, tea: Room, order: str) -> None:
    for number in range(7):
        post_message(actor=ada, slug="tea", text=f"tea {number}")
    client, read, page = api(ada), [], ask(api(ada), q="tea", order=order, limit=3)
    while True:
        read += [hit["message"]["value"] for hit in page["results"]]
        post_message(actor=ada, slug="tea", text="tea that comes late")
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()

    assert read == [f"tea {number}" for number in range(6, -1, -1)]


def test_every_parameter_narrows_it_down(api: Api, ada: User, grace: User, tea: Room, cellar: Room) -> None:
    post_message(actor=ada, slug="tea", text="tea for two")
    post_message(actor=grace, slug="tea", text="tea for me, see https://tea.example")
    post_message(actor=ada, slug="cellar", text="tea for one")

    def said(**parameters: Any) -> list[str]:
        return [hit["message"]["value"].split(",")[0] for hit in ask(api(ada), order="newest", **parameters)["results"]]

    assert said(q="tea") == ["tea for one", "tea for me", "tea for two"]
    assert said(q="tea", room="tea") == ["tea for me", "tea for two"]
    assert said(q="tea", **{"from": "grace"}) == said(**{"from": "grace"}) == ["tea for me"]
    assert said(q="tea", **{"from": "me"}) == ["tea for one", "tea for two"]
    assert said(q="tea", has="link") == said(has="link") == ["tea for me"]
    assert said(q="tea", after="2020-01-31", before="2999-01-01") == said(q="tea")
    assert said(q="tea", before="2020-01-31") == said(q="tea", after="2999-01-01T00:00:00Z") == []
    assert said(q="tea", limit=1) == ["tea for one"]


@pytest.mark.parametrize(
    ("parameters", "code", "errors"),
    [
        ({}, "validation_error", [("/q", "no_words")]),
        ({"q": "  "}, "validation_error", [("/q", "no_words")]),
        ({"q": "*"}, "validation_error", [("/q", "no_words")]),
        ({"q": "x" * 201}, "validation_error", [("/q", "too_long")]),
        ({"q": "a " * 17}, "validation_error", [("/q", "too_many_words")]),
        ({"q": "a\0b"}, "validation_error", [("/q", "null_character")]),
        ({"q": "tea", "cursor": "x"}, "validation_error", [("/cursor", "invalid")]),
        ({"q": "tea", "before": "yesterday"}, "validation_error", [("/before", "invalid")]),
        ({"q": "tea", "after": "2027-02-30"}, "validation_error", [("/after", "invalid")]),
        ({"q": "tea", "after": "2027-01-31T12:00:00"}, "validation_error", [("/after", "invalid")]),
        ({"q": "tea", "before": "0001-01-01T00:00:00+14:00"}, "validation_error", [("/before", "out_of_range")]),
        ({"q": "tea", "has": "soul"}, "validation_error", [("/has", "invalid_choice")]),
        ({"q": "tea", "order": "rank"}, "validation_error", [("/order", "invalid_choice")]),
        ({"q": "tea", "limit": "0"}, "validation_error", [("/limit", "min_value")]),
        ({"q": "tea", "query": "tea"}, "unknown_parameter", [("/query", "unknown_parameter")]),
        ({"q": "tea", "author": "ada"}, "unknown_parameter", [("/author", "unknown_parameter")]),
    ],
)
def test_what_cannot_be_asked_is_said(
    api: Api, ada: User, tea: Room, parameters: dict[str, str], code: str, errors: list[tuple[str, str]]
) -> None:
    assert refusal(ask(api(ada), 400, **parameters)) == (code, errors)


def test_a_cursor_of_another_order_is_refused(api: Api, ada: User, tea: Room) -> None:
    for number in range(3):
        post_message(actor=ada, slug="tea", text=f"tea {number}")
    following = ask(api(ada), q="tea", order="newest", limit=1)["next"]

    answer = api(ada).get(following.replace("order=newest", "order=relevance"))

    assert refusal(answer.json()) == ("validation_error", [("/cursor", "invalid")])


def test_rooms_that_are_not_mine_answer_as_everywhere(api: Api, ada: User, mallory: User, cellar: Room) -> None:
    post_message(actor=ada, slug="cellar", text="tea below")

    assert ask(api(mallory), q="tea") == {"next": None, "results": []}
    assert ask(api(mallory), 404, q="tea", room="cellar")["code"] == "not_found"
    assert ask(api(mallory), 404, q="tea", room="no-such-room")["code"] == "not_found"
    assert ask(api(mallory), 404, q="tea", room="No Slug!")["code"] == "not_found"
    assert ask(api(), 401, q="tea")["code"] == "unauthenticated"
