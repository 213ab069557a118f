"""The pages around a room: its settings in sections, finding members, picking people, the invited, what is archived."""

import re
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.models import User
from rooms.directory import acquaintances
from rooms.invitations import invite_person, make_link, revoke_invitation
from rooms.lifecycle import archive_room, open_room
from rooms.membership import add_member
from rooms.models import Invitation, Membership, Room
from tests.browsing import House, Window
from tests.reading import html, words

SETTINGS = "/rooms/tea/settings/"


def sections(page: Any) -> list[str]:
    """Where the navigation of the settings leads."""
    [navigation] = re.findall(r'<nav class="sections".*?</nav>', html(page), re.DOTALL)
    return re.findall(r'<a class="sections__item" href="([^"]+)"', navigation)


def test_the_navigation_leads_to_what_the_reader_may_do(as_ada: Client, as_grace: Client, tea: Room) -> None:
    own, members = as_ada.get(SETTINGS), as_grace.get(SETTINGS)

    assert sections(members) == ["#general", "#for-me", "#people", "#ends"]
    assert {"#inviting", "#bans", "/rooms/tea/audit/"} < {*sections(own)}
    for page in (own, members):
        places = [place for place in sections(page) if place.startswith("#")]
        assert all(html(page).count(f'id="{place[1:]}"') == 1 for place in places)
    assert f"{SETTINGS}#bans" in sections(as_ada.get("/rooms/tea/audit/"))


def test_members_are_found_by_their_names(as_ada: Client, ada: User, tea: Room) -> None:
    people = User.objects.bulk_create([User(username=f"guest-{number}", name="Tea Drinker") for number in range(60)])
    Membership.objects.bulk_create([Membership(room=tea, user=each) for each in people])

    def shown(**query: str) -> list[str]:
        return re.findall(r'class="quiet small clip">@([\w-]+)', html(as_ada.get(SETTINGS, query)))

    assert shown(q="LOVELACE") == ["ada"] and shown(q="guest-59") == ["guest-59"]
    assert set(shown(q="drinker", page="2")) < {each.username for each in people}
    assert shown(q="nobody") == shown(q="\0nobody") == []
    assert "No member is called so." in words(as_ada.get(SETTINGS, {"q": "nobody"}))


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"do": "update", "name": ""}, "name"),
        ({"do": "update", "name": "Tea", "topic": "x" * 251}, "topic"),
        ({"do": "add", "username": "nobody"}, "username"),
        ({"do": "invite", "invitee": "nobody"}, "invitee"),
        ({"do": "ban", "banned": "nobody", "term": ""}, "banned"),
        ({"do": "delete", "sure": "Coffee"}, "sure"),
    ],
)
def test_the_focus_is_on_the_field_that_is_wrong(as_ada: Client, tea: Room, form: dict[str, str], field: str) -> None:
    page = as_ada.post(SETTINGS, form)

    assert page.status_code == 400
    [focused] = re.findall(r"<input[^>]* autofocus[^>]*>", html(page))
    assert f'name="{field}"' in focused and 'aria-invalid="true"' in focused and f'"{field}-error"' in focused
    assert f'id="{field}-error"' in html(page)


# Invitations


def test_an_archived_room_shows_its_invitations_and_takes_them_back(
    as_ada: Client, as_grace: Client, ada: User, mallory: User, tea: Room
) -> None:
    made, _ = make_link(actor=ada, slug="tea")
    personal, _ = invite_person(actor=ada, slug="tea", username="mallory")
    archive_room(actor=ada, slug="tea")

    page = as_ada.get(SETTINGS)
    assert html(page).count('value="revoke"') == 2 and 'value="make_link"' not in html(page)
    listed = as_ada.get("/api/rooms/tea/invitations/").json()["results"]
    assert {each["id"] for each in listed} == {str(made.public_id), str(personal.public_id)}

    assert as_grace.post(SETTINGS, {"do": "revoke", "invitation": str(made.public_id)}).status_code == 403
    as_ada.post(SETTINGS, {"do": "revoke", "invitation": str(made.public_id)})
    revoke_invitation(actor=ada, slug="tea", public_id=str(personal.public_id))

    assert not Invitation.objects.exists() and "No invitation holds." in words(as_ada.get(SETTINGS))
    assert as_ada.post(SETTINGS, {"do": "make_link"}).status_code == 400, "nobody new is invited"


def test_a_stranger_with_a_link_sees_the_room_and_only_while_it_holds(client: Client, ada: User, cellar: Room) -> None:
    made, token = make_link(actor=ada, slug="cellar", max_uses=1)

    assert "Ada Lovelace invites you to Cellar 1 member" in words(client.get(f"/join/{token}/"))
    Invitation.objects.filter(pk=made.pk).update(uses=1)
    assert client.get(f"/join/{token}/").status_code == 404 and "Cellar" not in words(client.get(f"/join/{token}/"))
    Invitation.objects.filter(pk=made.pk).update(uses=0)
    archive_room(actor=ada, slug="cellar")
    assert "archived" in words(client.get(f"/join/{token}/"))


def test_nobody_is_offered_an_account_where_none_can_be_opened(
    client: Client, ada: User, cellar: Room, settings: Any
) -> None:
    _, token = make_link(actor=ada, slug="cellar")
    for pattern in ("/accounts/login/", f"/join/{token}/"):
        assert "/accounts/signup/" in html(client.get(pattern))

    settings.SIGNUP = "closed"
    for pattern in ("/accounts/login/", f"/join/{token}/"):
        assert "/accounts/signup/" not in html(client.get(pattern))


def test_the_administration_finds_an_icon(client: Client, db: None) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith(".svg")


# Picking people


def test_people_are_picked_from_those_who_share_a_room(
    as_ada: Client, ada: User, grace: User, mallory: User, tea: Room
) -> None:
    page = as_ada.get("/direct/new/")
    assert 'value="grace"' in html(page) and "mallory" not in html(page), "ada shares no room with mallory"

    picked = as_ada.get("/direct/new/", {"people": "someone", "with": "grace"})
    assert 'id="people" name="people" value="someone grace"' in html(picked)
    assert 'name="with" value="grace"' not in html(picked)

    assert [each.username for each in acquaintances(actor=ada, words="HOPPER")] == ["grace"]
    assert "Nobody you know is called so." in words(as_ada.get("/direct/new/", {"q": "mallory"}))
    room = open_room(actor=mallory, name="Den", kind="private")
    add_member(actor=mallory, slug=room.slug, username="ada")
    assert [each.username for each in acquaintances(actor=ada, words="")] == ["grace", "mallory"]
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    assert [each.username for each in acquaintances(actor=ada, words="")] == ["grace"]


@pytest.mark.browser
def test_people_are_picked_while_typing(house: House, window: Window) -> None:
    house.run(
        "from accounts.models import User; from rooms.membership import add_member; from rooms.lifecycle import *; "
        "ada = User.objects.get(username='ada'); room = open_room(actor=ada, name='Everybody'); "
        "[(User.objects.create(username=n), add_member(actor=ada, slug=room.slug, username=n)) for n in ('mary', 'max')]"
    )
    ada = window("ada", "/direct/new/")
    picks = ada.locator(".pick")
    expect(picks).to_have_count(2)

    ada.keyboard.type("stranger ma")
    expect(picks.locator("visible=true")).to_have_count(2)
    ada.keyboard.type("r")
    picks.locator("visible=true").press("Enter")
    expect(ada.get_by_label("With whom")).to_have_value("stranger mary ")
    expect(picks.locator("visible=true")).to_have_text(re.compile("max"))

    ada.get_by_label("With whom").fill("bob ")
    ada.get_by_role("button", name="max").click()
    expect(ada.get_by_label("With whom")).to_have_value("bob max ")
    ada.get_by_label("With whom").fill("mary max")
    ada.keyboard.press("Enter")
    ada.wait_for_url(re.compile("/rooms/"))
