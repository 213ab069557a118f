"""A room's page as the server draws it: read, posted to and left without a script."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation.limits import MESSAGE_MAX_CHARS
from rooms.lifecycle import open_room, update_room
from rooms.membership import add_member, change_role, leave_room, remove_member
from rooms.models import Membership, Room
from tests.reading import html, start_of, words


def test_the_newest_messages_are_on_the_page_before_any_script_runs(as_grace: Client, ada: User, tea: Room) -> None:
    for number in range(60):
        post_message(actor=ada, slug="tea", text=f"cup {number:02}")

    response = as_grace.get("/rooms/tea/")
    seen = words(response)

    assert "cup 09" not in seen and seen.index("cup 10") < seen.index("cup 59")
    assert 'role="log"' in html(response) and "Earlier messages" in seen
    start = start_of(response)
    assert (start["seq"], start["has_newer"]) == (61, False)
    assert "?before=12" in html(response)
    assert start["me"]["username"] == "grace"


def test_earlier_messages_are_a_link_away(as_grace: Client, ada: User, tea: Room) -> None:
    for number in range(60):
        post_message(actor=ada, slug="tea", text=f"cup {number:02}")

    seen = words(as_grace.get("/rooms/tea/", {"before": 12}))

    assert "Grace Hopper joined" not in seen, "ada added her"
    assert seen.index("Ada Lovelace added Grace Hopper") < seen.index("cup 00") < seen.index("cup 09")
    assert "cup 10" not in seen and "This is the beginning of Tea" in seen and "To the newest messages" in seen
    assert as_grace.get("/rooms/tea/", {"before": "9" * 20}).status_code == 400


def test_what_people_write_is_never_markup(as_ada: Client, ada: User) -> None:
    ada.name = "<b>Ada</b>"
    ada.save()
    open_room(actor=ada, name="</script><i>Tea", slug="tea", topic='"><i>')
    post_message(actor=ada, slug="tea", text="<img src=x onerror=alert(1)>")

    page = html(as_ada.get("/rooms/tea/"))

    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page and "<i>" not in page and "<b>Ada" not in page


def test_changes_of_the_room_are_lines_among_the_messages(as_ada: Client, ada: User, grace: User, tea: Room) -> None:
    post_message(actor=ada, slug="tea", text="the first cup")
    update_room(actor=ada, slug="tea", name="Tea time", topic="")
    remove_member(actor=ada, slug="tea", username="grace")
    post_message(actor=grace, slug="tea", text="I am back")
    leave_room(actor=grace, slug="tea")

    seen = words(as_ada.get("/rooms/tea/"))

    told = [
        *("Ada Lovelace added Grace Hopper", "the first cup"),
        *("Ada Lovelace renamed the room to “Tea time” and removed the topic", "Ada Lovelace removed Grace Hopper"),
        *("Grace Hopper joined", "I am back", "Grace Hopper left"),
    ]
    assert [seen.index(line) for line in told] == sorted(seen.index(line) for line in told)


def test_an_author_who_goes_on_is_not_named_again_but_guests_always_are(client: Client, ada: User, lobby: Room) -> None:
    for actor in (ada, ada, AnonymousUser(), AnonymousUser()):
        post_message(actor=actor, slug="lobby", text="hello")

    items = re.findall(r'class="item message([^"]*)" id="m\d+"', html(client.get("/rooms/lobby/")))

    assert items == ["", " is-continued", "", ""]


def test_a_message_is_posted_by_a_form_and_its_author_joins(client: Client, mallory: User, tea: Room) -> None:
    client.force_login(mallory)

    response = client.post("/rooms/tea/", {"text": "one\r\ntwo", "client_id": "form-1"})
    again = client.post("/rooms/tea/", {"text": "one\r\ntwo", "client_id": "form-1"})

    message = Message.objects.get()
    assert message.text == "one\ntwo"
    assert response.headers["Location"] == again.headers["Location"] == f"/rooms/tea/#m{message.seq}"
    assert Membership.objects.filter(room=tea, user=mallory).exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [(" \r\n ", "needs something to read"), ("x" * (MESSAGE_MAX_CHARS + 1), "at most 10000 characters")],
    ids=["blank", "too long"],
)
def test_a_refused_message_stays_in_the_box(as_ada: Client, tea: Room, text: str, complaint: str) -> None:
    response = as_ada.post("/rooms/tea/", {"text": text})

    assert response.status_code == 400
    assert complaint in words(response) and text.strip() in html(response)


def test_a_guest_writes_where_guests_may_and_only_reads_where_they_may_not(
    client: Client, ada: User, lobby: Room
) -> None:
    open_room(actor=ada, name="Window", slug="window", guests="read")

    assert client.post("/rooms/lobby/", {"text": "hello"}).status_code == 302
    assert client.post("/rooms/window/", {"text": "hello"}).status_code == 403
    assert "Sign in to write" in words(client.get("/rooms/window/"))
    assert "<textarea" not in html(client.get("/rooms/window/"))


def test_a_guest_is_not_told_who_the_members_are(client: Client, ada: User, lobby: Room) -> None:
    add_member(actor=_administrator(), slug="lobby", username="ada")

    response = client.get("/rooms/lobby/")

    assert start_of(response)["people"] == {"here": [], "away": [], "here_count": 0, "guests_here": 0}


def _administrator() -> User:
    return User.objects.create_user(username="boss", password=None, is_superuser=True)


@pytest.mark.parametrize(
    "address", ["/rooms/cellar/", "/rooms/nowhere/", "/rooms/cellar/settings/", "/rooms/nowhere/settings/"]
)
def test_hidden_and_missing_rooms_look_the_same(client: Client, as_grace: Client, cellar: Room, address: str) -> None:
    here, missing = as_grace.get(address), as_grace.get("/rooms/nowhere/")

    assert here.status_code == missing.status_code == 404
    assert words(here) == words(missing) and "There is nothing here" in words(here)
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_the_room_page_asks_the_database_a_bounded_number_of_questions(
    as_ada: Client, ada: User, grace: User, tea: Room, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        post_message(actor=(ada, grace)[number % 2], slug="tea", text="cup")
    as_ada.get("/rooms/tea/")

    with django_assert_max_num_queries(19):
        as_ada.get("/rooms/tea/")


def test_the_new_changes_of_a_room_have_their_sentences(as_ada: Client, ada: User, tea: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role="moderator")
    for change in ({"posting": "moderators"}, {"posting": "members"}, {"slow_mode_s": 90}, {"slow_mode_s": 3600}):
        update_room(actor=ada, slug="tea", **change)
    update_room(actor=ada, slug="tea", slow_mode_s=0)
    update_room(actor=ada, slug="tea", archived=True)
    update_room(actor=ada, slug="tea", archived=False)

    seen = words(as_ada.get("/rooms/tea/"))

    for sentence in (
        "made Grace Hopper a moderator",
        "let only moderators post",
        "let all members post",
        "set slow mode to a message every 90 seconds",
        "set slow mode to a message every hour",
        "ended slow mode",
        "archived the room",
        "opened the room again",
    ):
        assert f"Ada Lovelace {sentence}" in seen


def test_a_member_of_an_announcement_room_reads(as_ada: Client, as_grace: Client, ada: User, tea: Room) -> None:
    update_room(actor=ada, slug="tea", posting="moderators")

    page = as_grace.get("/rooms/tea/")

    assert "Only moderators post here." in words(page) and 'id="composer"' not in html(page)
    assert as_grace.post("/rooms/tea/", {"text": "me too"}).status_code == 403
    assert 'id="composer"' in html(as_ada.get("/rooms/tea/"))


def test_slow_mode_says_how_long_to_wait_and_keeps_the_text(
    as_ada: Client, as_grace: Client, ada: User, tea: Room
) -> None:
    update_room(actor=ada, slug="tea", slow_mode_s=300)
    assert as_grace.post("/rooms/tea/", {"text": "first"}).status_code == 302

    page = as_grace.post("/rooms/tea/", {"text": "too soon"})

    assert page.status_code == 400
    assert "Slow mode: wait 300 s." in words(page) and ">too soon</textarea>" in html(page)
    assert "a message every 5 minutes" in words(page)
    assert "a message every" not in words(as_ada.get("/rooms/tea/")).split("set slow mode")[0], "an owner need not wait"
