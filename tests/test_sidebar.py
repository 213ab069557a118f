"""The sidebar as the server draws it, the theme of a device, and the pages that say no."""

import re

import pytest
from django.test import Client

from accounts.models import User
from chat.posting import post_message
from rooms.direct import open_direct
from rooms.invitations import invite_person
from rooms.lifecycle import open_room, update_room
from rooms.membership import add_member
from rooms.models import Room
from rooms.preferences import set_preferences
from tests.reading import html, words

SECTIONS = re.compile(r'<section class="side__section".*?</section>', re.DOTALL)


def sections(page: str) -> dict[str, list[str]]:
    """The rooms under each heading of the sidebar that is not hidden."""
    shown = [each for each in SECTIONS.findall(page) if "hidden>" not in each.split("\n")[0]]
    return {
        re.findall(r"<h2[^>]*>(.*?)</h2>", each)[0]: re.findall(r'<bdi class="clip">(.*?)</bdi>', each)
        for each in shown
    }


def test_my_rooms_stand_in_three_sections_and_an_empty_one_is_hidden(
    as_grace: Client, ada: User, grace: User, tea: Room
) -> None:
    assert sections(html(as_grace.get("/rooms/tea/"))) == {"Rooms": ["Tea"]}

    for name in ("beta", "Alpha", "Gamma"):
        room = open_room(actor=ada, name=name)
        add_member(actor=ada, slug=room.slug, username="grace")
    direct, _ = open_direct(actor=ada, usernames=["grace"])
    set_preferences(actor=grace, slug="tea", favourite=True)
    set_preferences(actor=grace, slug="gamma", position=1)

    listed = sections(html(as_grace.get("/rooms/tea/")))

    assert listed == {
        "Favourites": ["Tea"],
        "Rooms": ["Gamma", "Alpha", "beta"],
        "Direct messages": ["Ada Lovelace"],
    }, "in my own order, then by name whatever its case"
    set_preferences(actor=grace, slug=direct.slug, favourite=True)
    assert sections(html(as_grace.get("/rooms/tea/")))["Favourites"] == ["Ada Lovelace", "Tea"]


def test_an_archived_room_is_listed_only_while_it_is_open(as_ada: Client, ada: User, tea: Room, cellar: Room) -> None:
    update_room(actor=ada, slug="tea", archived=True)

    assert sections(html(as_ada.get("/rooms/tea/")))["Rooms"] == ["Cellar", "Tea"]
    assert sections(html(as_ada.get("/rooms/cellar/")))["Rooms"] == ["Cellar"]


def test_a_muted_room_is_never_bold_and_the_open_one_is_not_unread(
    as_grace: Client, ada: User, grace: User, tea: Room, lobby: Room
) -> None:
    post_message(actor=ada, slug="tea", text="@grace: tea?")
    assert 'side__item is-unread" data-room="tea"' in html(as_grace.get("/rooms/lobby/"))
    assert 'side__item is-unread" data-room="tea"' not in html(as_grace.get("/rooms/tea/"))

    set_preferences(actor=grace, slug="tea", muted=True)

    assert 'side__item is-muted" data-room="tea"' in html(as_grace.get("/rooms/lobby/"))


def test_invitations_wait_in_the_sidebar(as_grace: Client, ada: User, tea: Room, cellar: Room) -> None:
    assert re.search(r'id="invited-way" hidden', html(as_grace.get("/rooms/tea/")))

    invite_person(actor=ada, slug="cellar", username="grace")

    page = html(as_grace.get("/rooms/tea/"))
    assert re.search(r'id="invited-way"><a', page) and 'id="invited-count">1<' in page


def test_a_guest_sees_open_rooms_alone(client: Client, lobby: Room) -> None:
    page = html(client.get("/rooms/lobby/"))

    assert sections(page) == {"Open rooms": ["Lobby"]}
    assert "data-rooms" not in page and "row-template" not in page


# The theme


def test_the_theme_is_chosen_without_a_script_and_drawn_by_the_server(as_grace: Client, tea: Room) -> None:
    assert "data-theme=" not in html(as_grace.get("/rooms/tea/"))

    response = as_grace.post("/theme/", {"theme": "dark", "next": "/rooms/tea/"})

    assert response.headers["Location"] == "/rooms/tea/"
    kept = response.cookies["parlor_theme"]
    assert (kept["samesite"], kept["max-age"], kept["path"]) == ("Lax", 365 * 24 * 3600, "/")
    page = html(as_grace.get("/rooms/tea/"))
    assert '<html lang="en" data-theme="dark">' in page
    assert '<meta name="color-scheme" content="dark">' in page
    assert 'data-theme="dark"' in html(as_grace.get("/nowhere/")), "also where there is nothing"

    as_grace.post("/theme/", {"theme": "system"})
    assert "data-theme=" not in html(as_grace.get("/rooms/tea/"))


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["", "blue", "Dark", '"><script>'])
def test_another_theme_is_refused(client: Client, theme: str) -> None:
    assert client.post("/theme/", {"theme": theme}).status_code == 400
    client.cookies["parlor_theme"] = theme
    assert "data-theme" not in re.findall("<html.*?>", html(client.get("/")))[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "way", ["", "//evil.example/", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example/"]
)
def test_the_way_back_from_the_theme_stays_here(client: Client, way: str) -> None:
    assert client.post("/theme/", {"theme": "light", "next": way}).headers["Location"] == "/"


# Pages that say no


def test_each_refusal_has_a_page_of_its_own(as_grace: Client, ada: User, tea: Room, cellar: Room) -> None:
    for path, status, said in [
        ("/nowhere/", 404, "There is nothing here"),
        ("/rooms/cellar/", 404, "There is nothing here"),
        ("/rooms/tea/?before=x", 400, "That request cannot be understood"),
        ("/rooms/tea/audit/", 403, "This is not for you"),
    ]:
        response = as_grace.get(path)
        assert response.status_code == status
        assert said in words(response) and f"Error {status}" in words(response)


def test_a_server_that_fails_says_so_in_the_chosen_theme(as_grace: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    as_grace.cookies["parlor_theme"] = "dark"
    as_grace.raise_request_exception = False
    monkeypatch.setattr("chat.pages.matching", lambda *_: 1 / 0)

    response = as_grace.get("/")

    assert response.status_code == 500 and "Something went wrong on our side" in words(response)
    assert 'data-theme="dark"' in html(response)
