"""axe-core finds nothing to complain of on any page, in both themes, on a desktop and on a telephone. Each page has a
title and one first heading, and nothing of it hangs out at the side of the narrowest telephone.

The two pages of API documentation are left out: they are drawn by Redoc and Swagger UI, whose markup is not ours."""

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, message, panel, say, wait_connected
from tests.pictures import photo

pytestmark = pytest.mark.browser
LIFE = """
from accounts.models import User
from chat.editing import edit_message
from chat.pinning import pin_message
from chat.posting import post_message
from chat.reacting import react
from rooms.direct import open_direct
from rooms.bans import ban_person
from rooms.invitations import invite_person, make_link
from rooms.lifecycle import delete_room, open_room, update_room
from rooms.membership import add_member
ada, grace = User.objects.get(username="ada"), User.objects.get(username="grace")
open_room(actor=ada, name="Tea", slug="tea", topic="No coffee", guests="read")
add_member(actor=ada, slug="tea", username="grace")
TEXT = "**Two** cups, `please`, @ada, see https://example.org/tea\\n\\n> so\\n\\n- one\\n- two\\n\\n```python\\nx = 1\\n```"
first = post_message(actor=grace, slug="tea", text=TEXT).message.seq
post_message(actor=ada, slug="tea", text="Certainly", reply_to=first)
edit_message(actor=grace, slug="tea", seq=first, text=TEXT + " :tea:")
react(actor=ada, slug="tea", seq=first, emoji="👍")
pin_message(actor=ada, slug="tea", seq=first)
open_room(actor=ada, name="Attic", slug="attic")
update_room(actor=ada, slug="attic", archived=True)
open_direct(actor=ada, usernames=["grace"])
open_room(actor=ada, name="News", slug="news", posting="moderators", topic="What is new")
add_member(actor=ada, slug="news", username="grace")
open_room(actor=ada, name="Gone", slug="gone")
add_member(actor=ada, slug="gone", username="grace")
delete_room(actor=ada, slug="gone")
open_room(actor=ada, name="Garden", slug="garden", kind="private", topic="Roses " * 20)
mallory = User.objects.create_user(username="mallory")
ban_person(actor=ada, slug="tea", username="mallory", reason="Was loud")
open_room(actor=grace, name="Cellar", slug="cellar", kind="private")
invite_person(actor=grace, slug="cellar", username="ada")
make_link(actor=ada, slug="tea")
"""

# What differs between the themes are the colours, and between a desktop and a telephone the places of things.
DESKTOP, TELEPHONE = (1280, 860), (320, 640)
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS: dict[str, Any] = {**EVERYTHING, "runOnly": ["color-contrast"]}
Look = tuple[Literal["light", "dark"], tuple[int, int], dict[str, Any]]
TWO_LOOKS: tuple[Look, ...] = (("light", DESKTOP, EVERYTHING), ("dark", TELEPHONE, EVERYTHING))
ALL_LOOKS: tuple[Look, ...] = (*TWO_LOOKS, ("light", TELEPHONE, COLOURS), ("dark", DESKTOP, COLOURS))
# What hangs out at the side, and what a page needs besides.
FORM = """() => {
  const root = document.documentElement, wrong = [];
  if (root.scrollWidth > root.clientWidth) {
    const out = [...document.body.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1);
    wrong.push(`${root.scrollWidth} px wide, as of ${out.slice(0, 3).map((each) => each.outerHTML.slice(0, 90))}`);
  }
  const headings = [...document.querySelectorAll("h1")].filter((each) => each.checkVisibility());
  if (headings.length !== 1) wrong.push(`${headings.length} first headings`);
  if (!/\\S.* · Parlor$/.test(document.title)) wrong.push(`called ${document.title}`);
  return wrong;
}"""

GUEST = """
/ /rooms/tea/ /accounts/login/ /accounts/signup/ /accounts/password/reset/
/accounts/password/reset/done/ /accounts/password/reset/key/1-2/ /accounts/confirm-email/
/accounts/inactive/ /rooms/tea/pins/ /rooms/tea/threads/2/ /rooms/tea/files/ /join/nothing/ /nowhere/
"""
MEMBER = """
/ /?archived=true /?q=nothing+of+that+name /rooms/new/ /direct/new/ /search/ /search/?q=cups
/search/?q=nothing /search/?q=cups&from=nobody%20at%20all /accounts/profile/ /accounts/devices/
/accounts/tokens/ /accounts/password/change/ /accounts/email/ /accounts/logout/
/accounts/reauthenticate/ /rooms/tea/?before=never /rooms/news/ /rooms/gone/ /rooms/tea/audit/
/rooms/tea/settings/
"""
ROOM = """
/rooms/attic/ /rooms/garden/ /rooms/news/ /rooms/tea/threads/2/ /rooms/tea/threads/3/
/rooms/tea/pins/ /rooms/attic/pins/ /rooms/tea/files/ /rooms/tea/2/revisions/ /rooms/tea/settings/
/rooms/attic/settings/ /rooms/tea/audit/
"""
RENAME = "from django.db import connection; connection.cursor().execute('ALTER TABLE {} RENAME TO {}')"
REFUSED = re.compile("status of 4(00|03|04|10)|status of 50[03]")


@pytest.fixture(scope="module", autouse=True)
def _life(house: House) -> None:
    house.run(LIFE)


@pytest.fixture(autouse=True)
def _refusals_are_wanted(house: House, window: Window) -> Any:
    """The console of Chromium says of a page with an error that it is one."""
    yield
    house.troubles = [each for each in house.troubles if not REFUSED.search(each)]


def complaints(page: Page, what: str, looks: tuple[Look, ...] = TWO_LOOKS, over: str = "main") -> list[str]:
    """What there is to say against the page as it is now, with what is open over it."""
    found = []
    for theme, (width, height), options in looks:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator(over)).to_be_visible()
        found += [f"{what}, {width}: {each}" for each in page.evaluate(FORM)]
        for each in Axe().run(page, options=options).response["violations"]:
            places = [" ".join(map(str, node["target"])) for node in each["nodes"]]
            found.append(f"{what}, {theme}, {width}: {each['id']}: {places[:5]}")
    return found


def walked(page: Page, house: House, paths: str) -> list[str]:
    found = []
    for path in paths.split():
        page.goto(f"{house.server.url}{path}")
        expect(page.locator("#switcher")).to_be_attached()
        found += complaints(page, path)
    return found


def sent(page: Page, house: House, path: str, fields: dict[str, str], button: str) -> list[str]:
    """What there is to say when a form is sent with what it does not take."""
    page.goto(f"{house.server.url}{path}")
    for name, value in fields.items():
        page.locator(f"main [name={name}]").first.fill(value)
    page.locator("main form").evaluate_all("(all) => all.forEach((form) => { form.noValidate = true; })")
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()
    expect(page.locator(".complaint:visible, .note--error").first).to_be_visible()
    return complaints(page, f"{path} with an error")


def test_nothing_is_wrong_with_what_a_guest_sees(window: Window, house: House) -> None:
    page = window()

    found = walked(page, house, GUEST)
    found += sent(page, house, "/accounts/login/", {"login": "ada", "password": "wrong"}, "Sign in")
    found += sent(page, house, "/accounts/signup/", {"username": "ada", "password1": "1"}, "Create account")
    assert found == []


def test_nothing_is_wrong_with_the_pages_of_somebody_who_is_signed_in(window: Window, house: House) -> None:
    page = window("grace")

    found = walked(page, house, MEMBER)
    found += sent(page, house, "/rooms/new/", {"name": " "}, "Open the room")
    found += sent(page, house, "/direct/new/", {"people": "nobody"}, "Open")
    found += sent(page, house, "/accounts/tokens/", {"name": " "}, "Create")
    wrong = {"oldpassword": "wrong", "password1": "1", "password2": "2"}
    found += sent(page, house, "/accounts/password/change/", wrong, "Change password")
    page.goto(f"{house.server.url}/accounts/profile/")
    page.locator("#file").set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"no"})
    expect(page.locator("#picture-complaint")).not_to_be_empty()
    found += complaints(page, "a picture that is none")
    page.goto(f"{house.server.url}/accounts/tokens/")
    page.locator("#name").fill("Bot")
    page.get_by_role("button", name="Create").click()
    found += complaints(page, "a new token")
    house.run(RENAME.format("chat_message", "away"))
    try:
        page.goto(f"{house.server.url}/rooms/tea/")
        expect(page.locator(".refusal h1")).to_be_visible()
        found += complaints(page, "an error of ours")
    finally:
        house.run(RENAME.format("away", "chat_message"))
    assert found == []


def test_nothing_is_wrong_with_the_pages_of_a_room(window: Window, house: House) -> None:
    page = window("ada")

    found = walked(page, house, ROOM)
    found += sent(page, house, "/rooms/garden/settings/", {"banned": "nobody"}, "Ban")
    page.goto(f"{house.server.url}/rooms/garden/settings/")
    page.get_by_role("button", name="Make a link").click()
    found += complaints(page, "a new link")
    link = page.locator("#new-link").input_value().replace("http://testserver", house.server.url)
    for who in (None, "grace"):
        invited = window(who)
        invited.goto(link)
        expect(invited.get_by_role("heading", name="Garden")).to_be_visible()
        found += complaints(invited, f"the invitation of {who}")
    page.goto(f"{house.server.url}/")
    page.locator("main a[href*='/rooms/dm-'], main [data-room^=dm-]").first.click()
    wait_connected(page, "ada")
    found += complaints(page, "a direct room")
    assert found == []


def test_nothing_is_wrong_with_what_opens_over_a_room(window: Window, house: House) -> None:
    page = window("grace", "/rooms/tea/")
    wait_connected(page, "grace")
    page.locator("#file").set_input_files(
        {"name": "pot.jpg", "mimeType": "image/jpeg", "buffer": photo(size=(640, 320))}
    )
    expect(page.locator("#files")).to_contain_text("pot.jpg")
    found = complaints(page, "a room with a file to send", ALL_LOOKS)
    say(page, "The pot")
    expect(page.locator("#items a.picture")).to_be_visible()
    found += complaints(page, "a room", ALL_LOOKS)
    for what, open_it in (
        ("Thread", page.locator("#items .message__replies:visible").first),
        ("Search", page.get_by_role("link", name="Search this room")),
        ("Pinned messages", page.locator(".room__header").get_by_role("link", name="Pinned messages")),
        ("Files", page.locator(".room__header").get_by_role("link", name="Files")),
    ):
        page.set_viewport_size({"width": 1280, "height": 860})
        open_it.click()
        expect(panel(page).get_by_role("heading", name=what)).to_be_visible()
        expect(page.locator("#panel-told")).not_to_contain_text("Loading")
        if what == "Search":
            panel(page).get_by_role("searchbox").fill("cups")
            page.keyboard.press("Enter")
            expect(panel(page).locator(".hit").first).to_be_visible()
        found += complaints(page, f"the panel of {what}", ALL_LOOKS, "#panel")
        page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.locator("#items a.picture").click()
    found += complaints(page, "the viewer", over="#viewer")
    page.keyboard.press("Escape")
    assert found == []


def test_nothing_is_wrong_with_menus_and_dialogs(window: Window, house: House) -> None:
    page = window("grace", "/rooms/tea/")
    wait_connected(page, "grace")
    message(page, "Certainly").hover()
    message(page, "Certainly").get_by_role("button", name="More").click()
    found = complaints(page, "the menu of a message", over="#message-menu")
    page.get_by_role("dialog", name="This message").get_by_role("button", name="React").click()
    found += complaints(page, "the choice of emoji", over="#emoji-menu")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.get_by_role("dialog", name="React").get_by_role("button", name="Thumbs up").click()
    expect(message(page, "Certainly").locator(".reaction")).to_have_count(1)
    message(page, "Certainly").hover()
    message(page, "Certainly").get_by_role("button", name="More").click()
    page.get_by_role("button", name="Who reacted").click()
    found += complaints(page, "who reacted", over="#reactors")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.locator("[popovertarget=account]").click()
    found += complaints(page, "the menu of the account", (ALL_LOOKS[0], ALL_LOOKS[3]), "#account")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 320, "height": 640})
    page.get_by_role("button", name="Rooms").click()
    found += complaints(page, "the drawer of rooms", TWO_LOOKS[1:], "#rooms")
    page.locator("[popovertarget=account]").click()
    found += complaints(page, "the menu of the account in the drawer", TWO_LOOKS[1:], "#account")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.locator("#people [title='@grace']").click()
    found += complaints(page, "the card of a person", TWO_LOOKS[:1], "#person-card")
    page.keyboard.press("Escape")
    page.locator("#text").press_sequentially("hello :te")
    expect(page.get_by_role("option").first).to_be_visible()
    found += complaints(page, "the completion", over="#completion")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    found += complaints(page, "the switcher", over="#switcher")
    page.keyboard.press("Escape")
    page.locator("#timeline").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    found += complaints(page, "the help", over="#shortcuts")
    assert found == []
