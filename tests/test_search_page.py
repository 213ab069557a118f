"""The page that finds messages: it works without a script, and says clearly what it did not find or understand."""

import re
from contextlib import nullcontext
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.posting import post_message
from foundation.errors import ChatError
from rooms.direct import open_direct
from rooms.models import Room
from tests.reading import html, words
from tests.uploads import post, uploaded

pytestmark = pytest.mark.django_db


def say(actor: User, text: str, slug: str = "tea") -> int:
    return post_message(actor=actor, slug=slug, text=text).message.seq


def hits(response: Any) -> list[str]:
    """What was found, in its order."""
    found = re.findall(r'class="hit__text" dir="auto">(.*?)</span>', html(response))
    return [unescape(re.sub(r"<[^>]*>", "", each)) for each in found]


def test_the_form_alone_says_how_to_search(as_grace: Client, tea: Room) -> None:
    response = as_grace.get("/search/")

    assert response.status_code == 200
    assert "the last may be only begun" in words(response)
    assert "Nothing was found" not in words(response)


def test_a_guest_is_led_to_the_sign_in_form(client: Client, tea: Room) -> None:
    assert client.get("/search/?q=tea").headers["Location"] == "/accounts/login/?next=/search/%3Fq%3Dtea"


def test_a_hit_shows_where_it_matches_and_leads_to_the_message(as_grace: Client, ada: User, tea: Room) -> None:
    seq = say(ada, "Is <b>Caffè</b> tea?")

    response = as_grace.get("/search/", {"q": "caff"})

    page = html(response)
    assert "Is &lt;b&gt;<mark>Caff</mark>è&lt;/b&gt; tea?" in page
    assert f'href="/rooms/tea/{seq}/"' in page and "Ada Lovelace" in words(response)
    assert as_grace.get(f"/rooms/tea/{seq}/").headers["Location"] == f"/rooms/tea/?around={seq}#m{seq}"


def test_each_filter_narrows_it_down_and_stays_in_the_form(
    as_ada: Client, ada: User, grace: User, tea: Room, cellar: Room
) -> None:
    say(ada, "tea for two")
    say(grace, "tea, see https://tea.example")
    say(ada, "tea for one", slug="cellar")
    post(grace, uploaded(grace, name="leaves.txt"), text="tea leaves")

    def found(**filters: str) -> list[str]:
        return sorted(hits(as_ada.get("/search/", {"q": "tea", **filters})))

    assert found(room="cellar") == ["tea for one"]
    assert found(**{"from": "@Grace"}) == ["tea leaves", "tea, see https://tea.example"]
    assert found(**{"from": "me"}) == ["tea for one", "tea for two"]
    assert found(has="link") == ["tea, see https://tea.example"]
    assert found(has="file") == ["tea leaves"]
    assert found(before="2020-01-31") == found(after="2999-01-31") == []
    assert len(found(after="2020-01-31", before="2999-01-31")) == 4
    page = html(as_ada.get("/search/", {"q": "tea", "room": "cellar", "has": "link", "from": "me", "order": "newest"}))
    for chosen in ('"cellar" selected', '"link" selected', '"newest" selected', 'value="me"', "<details"):
        assert chosen in page
    assert '<details class="filters" open>' in page
    assert "leaves.txt" in words(as_ada.get("/search/", {"has": "file"}))


def test_more_leads_through_all_of_it_in_either_order(as_ada: Client, ada: User, tea: Room) -> None:
    for number in range(60):
        say(ada, f"tea {number:02}")
    for order in ("", "newest"):
        response = as_ada.get("/search/", {"q": "tea", "order": order})
        link = re.search(r'rel="next" href="([^"]*)"', html(response))
        assert link and len(hits(response)) == 50
        last = as_ada.get("/search/" + unescape(link[1]))
        assert sorted(hits(response) + hits(last)) == [f"tea {number:02}" for number in range(60)]
        assert 'rel="next"' not in html(last)


def test_a_page_without_anything_yet_leads_further_back(
    as_ada: Client, ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ["hot tea", *["tea is hot"] * 4]:
        say(ada, text)
    monkeypatch.setattr("chat.search.CHECKED_AT_ONCE", 2)
    monkeypatch.setattr("chat.search.in_time", lambda: nullcontext(lambda: True))
    response = as_ada.get("/search/", {"q": '"hot tea"'})
    assert "Nothing among the newest messages. “More” looks further back." in words(response)
    while not hits(response):
        response = as_ada.get("/search/" + unescape(re.search(r'rel="next" href="([^"]*)"', html(response))[1]))  # type: ignore[index]

    assert hits(response) == ["hot tea"]


def test_nothing_found_is_said_with_a_way_on(as_grace: Client, tea: Room) -> None:
    assert "Nothing was found. Every word has to be in the message." in words(as_grace.get("/search/", {"q": "coffee"}))


def test_what_one_may_not_read_is_never_found(as_grace: Client, ada: User, cellar: Room, tea: Room) -> None:
    say(ada, "a secret", slug="cellar")

    assert hits(as_grace.get("/search/", {"q": "secret"})) == []
    assert as_grace.get("/search/", {"q": "secret", "room": "cellar"}).status_code == 404
    assert "Cellar" not in words(as_grace.get("/search/"))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"q": "?!"}, "There is no word to search for."),
        ({"q": "x" * 201}, "200"),
        ({"after": "2026-01-01"}, "There is no word to search for."),
        ({"q": "tea", "before": "yesterday"}, "A day, like 2027-01-31."),
        ({"q": "tea", "after": "2026-02-31"}, "A day, like 2027-01-31."),
        ({"q": "tea", "has": "love"}, "One of: link, file, image."),
        ({"q": "tea", "order": "worst"}, "One of: relevance, newest."),
        ({"q": "tea", "cursor": "x"}, "Search anew."),
    ],
    ids=["signs", "too long", "only a day", "no day", "no such day", "what", "which order", "no cursor"],
)
def test_what_cannot_be_searched_is_refused_in_words(
    as_grace: Client, tea: Room, query: dict[str, str], complaint: str
) -> None:
    response = as_grace.get("/search/", query)

    assert response.status_code == 400
    assert complaint in words(response)
    assert unescape(html(response)).count(query.get("q", "")) >= 1, "what was typed is still there"


def test_a_search_that_takes_too_long_says_so(as_grace: Client, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_costly(**query: Any) -> None:
        raise ChatError("query_too_costly")

    monkeypatch.setattr("chat.search_page.search", too_costly)

    response = as_grace.get("/search/", {"q": "e"})

    assert response.status_code == 400
    assert "more words" in words(response)


def test_a_direct_room_is_called_by_the_other_person(as_ada: Client, ada: User, grace: User) -> None:
    room, _ = open_direct(actor=ada, usernames=["grace"])
    say(grace, "between us", slug=room.slug)

    assert "Grace Hopper Grace Hopper" in words(as_ada.get("/search/", {"q": "between"}))
