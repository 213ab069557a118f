"""Following an invitation in the browser, and making one on the settings page."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from rooms.invitations import invite_person, make_link
from rooms.models import Ban, Invitation, Membership, Room
from tests.browsing import House, Window
from tests.conftest import PASSWORD
from tests.reading import html, words

SETTINGS = "/rooms/cellar/settings/"


@pytest.fixture
def link(ada: User, cellar: Room) -> str:
    _, token = make_link(actor=ada, slug="cellar")
    return f"/join/{token}/"


def is_in(user: User, room: Room) -> bool:
    return Membership.objects.filter(room=room, user=user).exists()


# Following a link


def test_a_link_shows_where_it_leads_and_joins_on_demand(
    as_grace: Client, grace: User, cellar: Room, link: str
) -> None:
    page = as_grace.get(link)
    assert "Ada Lovelace invites you to Cellar" in words(page)
    assert not is_in(grace, cellar), "premise: looking is not joining"

    joined = as_grace.post(link)

    assert joined.headers["Location"] == "/rooms/cellar/" and is_in(grace, cellar)
    assert as_grace.get(link).headers["Location"] == "/rooms/cellar/"


def test_a_guest_signs_in_and_comes_back(client: Client, grace: User, cellar: Room, link: str) -> None:
    page = client.get(link)
    assert "Ada Lovelace invites you to Cellar" in words(page) and "1 member · private" in words(page)
    assert f"/accounts/signup/?next={link}" in html(page) and not is_in(grace, cellar)
    sent = client.post(link)
    assert sent.headers["Location"] == f"/accounts/login/?next={link}"
    form = client.get(sent.headers["Location"])
    assert f'name="next" value="{link}"' in html(form)
    assert f"/accounts/signup/?next={link}" in html(form).replace("%2F", "/")

    back = client.post("/accounts/login/", {"login": "grace", "password": PASSWORD, "next": link})

    assert back.headers["Location"] == link
    assert "invites you to Cellar" in words(client.get(link))


def test_a_guest_who_signs_up_comes_back_too(client: Client, cellar: Room, link: str) -> None:
    form = {"username": "newcomer", "password1": PASSWORD, "next": link}

    assert client.post(f"/accounts/signup/?next={link}", form).headers["Location"] == link


def test_the_address_of_a_link_is_told_to_nobody_and_kept_nowhere(as_grace: Client, client: Client, link: str) -> None:
    for answer in (as_grace.get(link), client.get(link), as_grace.get("/join/nothing/"), as_grace.post(link)):
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 42 + "%00", "%F0%9F%98%80", "%ED%A0%80", "x" * 10_000])
def test_what_is_no_link_is_one_calm_page(as_grace: Client, token: str) -> None:
    for answer in (as_grace.get(f"/join/{token}/"), as_grace.post(f"/join/{token}/")):
        assert answer.status_code == 404
        assert "This invitation is not valid." in words(answer)


def test_a_spent_link_and_a_stranger_one_look_alike(as_grace: Client, cellar: Room, link: str) -> None:
    stranger = as_grace.get("/join/" + "a" * 43 + "/")
    Invitation.objects.update(expires_at=timezone.now())

    spent = as_grace.get(link)

    assert (spent.status_code, words(spent)) == (404, words(stranger))


def test_the_banned_and_those_who_come_to_an_archive_hear_why(
    as_grace: Client, grace: User, cellar: Room, link: str
) -> None:
    ban = Ban.objects.create(room=cellar, user=grace)
    banned = as_grace.get(link)
    ban.delete()
    Room.objects.filter(pk=cellar.pk).update(archived_at=timezone.now())
    archived = as_grace.post(link)

    assert (banned.status_code, archived.status_code) == (403, 403)
    assert "You are banned from this room." in words(banned)
    assert "The room is archived" in words(archived)


def test_other_methods_are_not_offered(as_grace: Client, link: str) -> None:
    assert {as_grace.put(link).status_code, as_grace.delete(link).status_code} == {405}
    assert as_grace.get("/invitations/x/").status_code == 405


# Invited by name


@pytest.mark.parametrize(("do", "goes_to", "joins"), [("accept", "/rooms/cellar/", True), ("decline", "/", False)])
def test_the_page_of_rooms_shows_an_invitation_and_takes_the_answer(
    as_grace: Client, ada: User, grace: User, cellar: Room, do: str, goes_to: str, joins: bool
) -> None:
    invite_person(actor=ada, slug="cellar", username="grace")
    page = as_grace.get("/")
    assert "You are invited to Cellar by Ada Lovelace" in words(page)
    [action] = re.findall(r'action="(/invitations/[^"]+)"', html(page))

    answer = as_grace.post(action, {"do": do})

    assert (answer.headers["Location"], is_in(grace, cellar)) == (goes_to, joins)
    assert "You are invited" not in words(as_grace.get("/"))


def test_a_wrong_answer_is_refused(as_grace: Client, client: Client, ada: User, cellar: Room) -> None:
    public_id = invite_person(actor=ada, slug="cellar", username="grace")[0].public_id

    assert as_grace.post(f"/invitations/{public_id}/", {"do": "dance"}).status_code == 400
    assert as_grace.post("/invitations/%00/", {"do": "accept"}).status_code == 404
    assert (
        client.post(f"/invitations/{public_id}/", {"do": "accept"}).headers["Location"].startswith("/accounts/login/")
    )


# The settings page


def test_an_owner_invites_by_name(as_ada: Client, grace: User, cellar: Room) -> None:
    first = as_ada.post(SETTINGS, {"do": "invite", "invitee": " @Grace "}, follow=True)
    again = as_ada.post(SETTINGS, {"do": "invite", "invitee": "grace"}, follow=True)
    unknown = as_ada.post(SETTINGS, {"do": "invite", "invitee": "nobody"})

    assert "Grace Hopper is invited." in words(first) and "ends in 4 weeks" in words(first)
    assert "Grace Hopper was invited already." in words(again)
    assert unknown.status_code == 400 and "nobody with this username" in words(unknown)
    assert re.search(r'name="invitee" value="nobody"[^>]+aria-invalid="true"', html(unknown))


def test_somebody_banned_is_not_invited(as_ada: Client, grace: User, cellar: Room) -> None:
    Ban.objects.create(room=cellar, user=grace)

    answer = as_ada.post(SETTINGS, {"do": "invite", "invitee": "grace"})

    assert answer.status_code == 400 and "This person is banned from the room." in words(answer)


def test_a_new_link_is_shown_once(as_ada: Client, as_grace: Client, grace: User, cellar: Room) -> None:
    made = as_ada.post(SETTINGS, {"do": "make_link", "expires_in_s": "3600", "max_uses": "1"}, follow=True)

    [address] = re.findall(r'value="http://testserver(/join/[\w-]{43}/)" readonly', html(made))
    assert "/join/" not in html(as_ada.get(SETTINGS)) and "used 0 of 1 time" in words(as_ada.get(SETTINGS))
    assert as_grace.post(address).headers["Location"] == "/rooms/cellar/"


def test_a_link_without_bounds(as_ada: Client, cellar: Room) -> None:
    made = as_ada.post(SETTINGS, {"do": "make_link", "expires_in_s": "", "max_uses": ""}, follow=True)

    assert "used 0 times · never ends" in words(made)


@pytest.mark.parametrize("bad", ["-1", "1.5", "week", "\u0661", "\0", "9" * 10_000, "0", "999999999"])
@pytest.mark.parametrize("field", ["expires_in_s", "max_uses"])
def test_a_forged_number_is_refused(as_ada: Client, cellar: Room, field: str, bad: str) -> None:
    assert as_ada.post(SETTINGS, {"do": "make_link", field: bad}).status_code == 400
    assert not Invitation.objects.exists()


def test_an_owner_revokes(as_ada: Client, as_grace: Client, cellar: Room, link: str) -> None:
    [public_id] = re.findall(r'name="invitation" value="([^"]+)"', html(as_ada.get(SETTINGS)))

    first = as_ada.post(SETTINGS, {"do": "revoke", "invitation": public_id}, follow=True)
    again = as_ada.post(SETTINGS, {"do": "revoke", "invitation": public_id}, follow=True)

    assert "Revoked." in words(first) and "was not valid any more" in words(again)
    assert as_grace.get(link).status_code == 404


def test_many_invitations_are_shown_page_by_page(as_ada: Client, ada: User, cellar: Room) -> None:
    for _ in range(21):
        make_link(actor=ada, slug="cellar")

    first, second = as_ada.get(SETTINGS), as_ada.get(f"{SETTINGS}?invitations=2")

    assert (html(first).count('value="revoke"'), html(second).count('value="revoke"')) == (20, 1)


def test_a_member_sees_and_makes_no_invitations(as_grace: Client, ada: User, tea: Room) -> None:
    public_id = make_link(actor=ada, slug="tea")[0].public_id

    assert "Invite" not in words(as_grace.get("/rooms/tea/settings/"))
    for do in ("invite", "make_link", "revoke"):
        form = {"do": do, "invitee": "mallory", "invitation": str(public_id)}
        assert as_grace.post("/rooms/tea/settings/", form).status_code == 403


# In a real browser


@pytest.mark.browser
def test_a_link_travels_from_one_browser_to_another(house: House, window: Window, clipboard: list[str]) -> None:
    ada = window("ada", f"{house.room('ada')}settings/", permissions=clipboard)
    ada.get_by_role("button", name="Make a link").click()
    ada.get_by_role("button", name="Copy").click()
    expect(ada.get_by_role("button", name="Copied")).to_be_visible()
    address: Any = ada.evaluate("navigator.clipboard.readText()")

    grace = window("grace", address.removeprefix(house.server.url))
    expect(grace.get_by_text("ada invites you to")).to_be_visible()
    grace.get_by_role("button", name="Join").click()

    expect(grace.locator("#text")).to_be_visible()
    expect(grace.locator(".change__text")).to_contain_text(["grace joined"])


@pytest.mark.browser
def test_a_link_works_without_a_script(house: House, window: Window) -> None:
    ada = window("ada", f"{house.room('ada')}settings/", java_script_enabled=False)
    ada.get_by_role("button", name="Make a link").click()
    address = ada.get_by_label("The new link").input_value()
    expect(ada.get_by_role("button", name="Copy")).to_have_count(0)

    grace = window("grace", address.removeprefix(house.server.url), java_script_enabled=False)
    grace.get_by_role("button", name="Join").click()

    expect(grace.get_by_role("button", name="Send")).to_be_visible()
