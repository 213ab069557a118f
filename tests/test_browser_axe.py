"""axe-core finds nothing to complain of on any page, in both themes, on a desktop and on a telephone.

The two pages of API documentation are left out: they are drawn by Redoc and Swagger UI, whose markup is not ours."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, message, wait_connected

pytestmark = pytest.mark.browser
LIFE = """
from accounts.models import User
from chat.editing import edit_message
from chat.pinning import pin_message
from chat.posting import post_message
from chat.reacting import react
from rooms.direct import open_direct
from rooms.invitations import invite_person, make_link
from rooms.lifecycle import open_room, update_room
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
open_room(actor=grace, name="Cellar", slug="cellar", kind="private")
invite_person(actor=grace, slug="cellar", username="ada")
make_link(actor=ada, slug="tea")
"""

# Everything at once on a desktop and on a telephone; what differs between the themes are the colours.
DESKTOP, TELEPHONE = (1280, 860), (320, 640)
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS: dict[str, Any] = {**EVERYTHING, "runOnly": ["color-contrast"]}
Look = tuple[Literal["light", "dark"], tuple[int, int], dict[str, Any]]
LOOKS: tuple[Look, ...] = (
    ("light", DESKTOP, EVERYTHING),
    ("dark", DESKTOP, COLOURS),
    ("dark", TELEPHONE, EVERYTHING),
    ("light", TELEPHONE, COLOURS),
)

GUEST = (
    "/",
    "/rooms/tea/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-2/",
    "/accounts/confirm-email/",
    "/accounts/inactive/",
    "/rooms/tea/pins/",
    "/rooms/tea/threads/2/",
)
MEMBER = (
    "/",
    "/?archived=true",
    "/?q=nothing+of+that+name",
    "/rooms/new/",
    "/direct/new/",
    "/search/",
    "/search/?q=cups",
    "/accounts/profile/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/join/nothing/",
)
ROOM = (
    "/rooms/tea/",
    "/rooms/attic/",
    "/rooms/tea/threads/2/",
    "/rooms/tea/pins/",
    "/rooms/tea/files/",
    "/rooms/tea/2/revisions/",
    "/rooms/tea/settings/",
    "/rooms/tea/audit/",
)


@pytest.fixture(scope="module", autouse=True)
def _life(house: House) -> None:
    house.run(LIFE)


def complaints(page: Page, what: str) -> list[str]:
    """What axe has to say about the page as it is now, in every look."""
    found = []
    for theme, (width, height), options in LOOKS:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": height})
        for each in Axe().run(page, options=options).response["violations"]:
            places = [" ".join(map(str, node["target"])) for node in each["nodes"]]
            found.append(f"{what}, {theme}, {width}: {each['id']}: {places[:5]}")
    return found


def walked(page: Page, house: House, paths: tuple[str, ...]) -> list[str]:
    found = []
    for path in paths:
        page.goto(f"{house.server.url}{path}")
        expect(page.locator("#switcher")).to_be_attached()
        found += complaints(page, path)
    return found


def test_nothing_is_wrong_with_what_a_guest_sees(window: Window, house: House) -> None:
    page = window()

    assert walked(page, house, GUEST) == []
    page.goto(f"{house.server.url}/nowhere/")
    assert complaints(page, "not found") == []
    house.troubles = [each for each in house.troubles if "404 (Not Found)" not in each]


def test_nothing_is_wrong_with_the_pages_of_somebody_who_is_signed_in(window: Window, house: House) -> None:
    assert walked(window("ada"), house, MEMBER) == []
    house.troubles = [each for each in house.troubles if "404 (Not Found)" not in each]


def test_nothing_is_wrong_with_the_pages_of_a_room(window: Window, house: House) -> None:
    page = window("ada")

    assert walked(page, house, ROOM) == []
    page.goto(f"{house.server.url}/rooms/attic/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    assert complaints(page, "the switcher") == []
    page.keyboard.press("Escape")
    page.locator("#timeline").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert complaints(page, "the help") == []


def test_nothing_is_wrong_with_what_opens_over_a_room(window: Window, house: House) -> None:
    page = window("grace", "/rooms/tea/")
    wait_connected(page, "grace")
    message(page, "Certainly").hover()
    message(page, "Certainly").get_by_role("button", name="More").click()
    assert complaints(page, "the menu of a message") == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.locator("[popovertarget=account]").click()
    assert complaints(page, "the menu of the account") == []
    page.keyboard.press("Escape")
