"""The browser's pages as the server draws them: everything can be read and done without a script."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.scripts import FOLDER, LATER, imported_by
from chat.templatetags.people import hue, initials
from rooms.lifecycle import open_room
from rooms.models import Room
from tests.reading import html, words

ACCOUNT_PAGES = [
    *("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"),
    *("/accounts/password/reset/key/1-bad/", "/accounts/password/reset/key/done/", "/accounts/inactive/"),
]
SIGNED_IN_PAGES = ["/accounts/logout/", "/accounts/password/change/", "/accounts/email/", "/accounts/reauthenticate/"]

# The list of rooms


@pytest.mark.django_db
def test_a_new_server_asks_for_its_first_account(client: Client) -> None:
    assert "Create the first account" in words(client.get("/"))


def test_a_visitor_sees_the_rooms_open_to_guests_and_no_others(
    client: Client, tea: Room, cellar: Room, lobby: Room
) -> None:
    seen = words(client.get("/"))

    assert "Lobby" in seen and "Sign in" in seen
    assert "Tea" not in seen and "Cellar" not in seen


def test_a_person_sees_their_rooms_before_the_other_public_ones(
    as_grace: Client, tea: Room, cellar: Room, lobby: Room
) -> None:
    seen = words(as_grace.get("/"))

    assert seen.index("Your rooms") < seen.index("Tea") < seen.index("Public rooms") < seen.index("Lobby")
    assert "Cellar" not in seen


def test_rooms_are_found_by_words_of_name_and_topic(as_ada: Client, tea: Room, cellar: Room) -> None:
    assert "Tea" in words(as_ada.get("/", {"q": "coffee"}))
    assert "No room matches “coffee cellar”" in words(as_ada.get("/", {"q": "coffee cellar"}))
    assert as_ada.get("/", {"q": "\0", "page": "nonsense"}).status_code == 200


def test_many_rooms_come_in_pages(as_grace: Client, ada: User) -> None:
    for number in range(60):
        open_room(actor=ada, name=f"Room {number:02}")

    first = as_grace.get("/")
    second = as_grace.get("/", {"page": 2})

    assert "Room 10" in words(first) and "Room 59" not in words(first)
    assert 'href="?page=2"' in html(first)
    assert "Room 59" in words(second)


def test_the_old_address_of_the_chat_leads_to_the_lobby(client: Client, lobby: Room) -> None:
    assert client.get("/chat/").headers["Location"] == "/rooms/lobby/"


# Opening a room


def test_a_room_is_opened_by_a_form(as_ada: Client) -> None:
    form = {"name": "Garden", "topic": "Green things", "kind": "public", "guests": "read"}

    response = as_ada.post("/rooms/new/", form)

    assert response.headers["Location"] == "/rooms/garden/"
    assert Room.objects.get(slug="garden").guests == "read"


def test_a_private_room_forgets_what_was_chosen_for_guests(as_ada: Client) -> None:
    response = as_ada.post("/rooms/new/", {"name": "Garden", "kind": "private", "guests": "write"})

    assert response.status_code == 302
    assert Room.objects.get(name="Garden").guests == "none"


def test_a_bad_form_comes_back_with_what_was_typed_and_what_is_wrong(as_ada: Client, tea: Room) -> None:
    blank = as_ada.post("/rooms/new/", {"name": "  ", "topic": "Green things", "kind": "public"})
    taken = as_ada.post("/rooms/new/", {"name": "Tea", "kind": "public"})

    assert blank.status_code == taken.status_code == 400
    assert "A room needs a name." in words(blank) and 'value="Green things"' in html(blank)
    assert "There is a room of this name." in words(taken)


def test_a_visitor_is_asked_to_sign_in_before_opening_a_room(client: Client, db: None) -> None:
    assert client.get("/rooms/new/").headers["Location"] == "/accounts/login/?next=/rooms/new/"


# Direct messages


def test_a_direct_message_is_begun_by_a_form(as_ada: Client, as_grace: Client, ada: User, grace: User) -> None:
    answer = as_ada.post("/direct/new/", {"people": " @Grace "})

    room = Room.objects.get(kind="direct")
    assert answer.headers["Location"] == f"/rooms/{room.slug}/"
    seen = words(as_ada.get(f"/rooms/{room.slug}/"))
    assert "your conversation with Grace Hopper" in seen and "Write to" in html(as_ada.get(f"/rooms/{room.slug}/"))
    listed = words(as_grace.get("/"))
    assert listed.index("Direct messages") < listed.index("Ada Lovelace", listed.index("Direct messages"))


def test_people_that_are_none_come_back_with_what_is_wrong(as_ada: Client, grace: User) -> None:
    for typed, complaint in (
        ("grace, nobody", "nobody: There is nobody with this username."),
        ("", "From 1 to 8 people besides you."),
        ("ada", "ada: Each other person once."),
        ("\0", "There is nobody with this username."),
    ):
        page = as_ada.post("/direct/new/", {"people": typed})
        assert page.status_code == 400 and complaint in words(page)

    assert not Room.objects.filter(kind="direct").exists()
    assert 'value="grace"' in html(as_ada.get("/direct/new/", {"people": "grace"}))


# Every page


def _all_pages(client: Client, addresses: list[str]) -> list[tuple[str, Any]]:
    return [(address, client.get(address)) for address in addresses]


def test_every_page_is_in_our_design_and_strict_about_scripts(ada: User, tea: Room, lobby: Room) -> None:
    visitor = Client()
    own = Client()
    own.force_login(ada)
    drawn = _all_pages(visitor, ["/", "/rooms/lobby/", "/nowhere/", *ACCOUNT_PAGES])
    drawn += _all_pages(
        own, ["/", "/rooms/new/", "/direct/new/", "/rooms/tea/", "/rooms/tea/settings/", *SIGNED_IN_PAGES]
    )

    for address, page in drawn:
        text = html(page)
        assert "chat/css/tokens.css" in text and 'class="brand"' in text, address
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), address
        inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", text)
        assert inline == [], address
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe-inline" not in policy, address


def test_a_forgotten_password_is_replaced_through_a_mail(client: Client, ada: User, mailoutbox: list[Any]) -> None:
    ada.email = "ada@example.org"
    ada.save()

    asked = client.post("/accounts/password/reset/", {"email": "ada@example.org"}, follow=True)
    address = re.search(r"/accounts/password/reset/key/\S+", mailoutbox[0].body)
    assert address
    form = client.get(address[0], follow=True)
    done = client.post(
        form.request["PATH_INFO"], {"password1": "a new horse battery", "password2": "a new horse battery"}
    )

    assert "Look into your mailbox" in words(asked) and "Choose a new password" in words(form)
    assert words(client.get(done.headers["Location"])).count("Your password is changed Sign in") == 1
    ada.refresh_from_db()
    assert ada.check_password("a new horse battery")


def test_pages_of_people_are_not_kept_in_caches(as_ada: Client, tea: Room) -> None:
    for address in ("/", "/rooms/tea/", "/rooms/tea/settings/", "/rooms/new/"):
        assert "no-store" in as_ada.get(address).headers["Cache-Control"]


def test_a_form_without_its_token_is_answered_in_our_words(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/rooms/lobby/", {"text": "hello"})

    assert response.status_code == 403
    assert "Please try that again" in words(response)


def test_an_error_on_our_side_is_answered_in_our_words(
    client: Client, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("chat.pages.visible_rooms", broken)
    client.raise_request_exception = False

    response = client.get("/")

    assert response.status_code == 500
    assert "Something went wrong on our side" in words(response)


def test_every_script_is_loaded_by_a_page_and_the_room_page_asks_for_all_of_its_modules_at_once() -> None:
    all_scripts = {f"chat/{script.name}" for script in FOLDER.glob("*.js")}

    on_every_page = {"room", "inbox", "keys", "notified", "theme"}
    at_first_use = {name for script in FOLDER.glob("*.js") for name in LATER.findall(script.read_text())}
    of_their_own = on_every_page | at_first_use | {"copy", "dates", "portrait", "picking"}
    assert {*imported_by(*of_their_own), *(f"chat/{name}.js" for name in of_their_own)} == all_scripts
    assert {"panel_thread", "switcher", "viewer", "offering"} < at_first_use
    assert not {f"chat/{name}.js" for name in at_first_use} & {*imported_by(*on_every_page)}
    assert "chat/times.js" in imported_by("room")  # which timeline.js imports in several lines


def test_initials_and_hues_are_the_same_for_a_name_every_time() -> None:
    assert [initials(name) for name in ("Ada Lovelace", "grace", "A B C", "שפי גולדווסר", "")] == [
        *("AL", "G", "AC", "שג", ""),
    ]
    assert [hue(name) for name in ("ada", "grace", "linus")] == [hue(name) for name in ("ada", "grace", "linus")]
    assert {hue(f"person{number}") for number in range(64)} == set(range(8))
