"""Living on the keyboard: the quick switcher, the shortcuts and their help, and Escape."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, choose, inside, message, panel, said, say, wait_connected
from tests.servers import wait_until

pytestmark = pytest.mark.browser
ALL_READ = "async () => (await (await fetch('/api/inbox/')).json()).totals.unread === 0"
ROOMS = """
from accounts.models import User
from chat.posting import post_message
from rooms.lifecycle import open_room
from rooms.membership import add_member
ada, grace = User.objects.get(username="ada"), User.objects.get(username="grace")
for name in ("Älpine tea", "General", "Garden"):
    open_room(actor=ada, name=name, slug=name[-3:].lower())
open_room(actor=grace, name="Knitting", slug="knitting", topic="Wool")
add_member(actor=ada, slug="ral", username="grace")
post_message(actor=grace, slug="ral", text="@ada: hello")
"""


@pytest.fixture(scope="module", autouse=True)
def _rooms(house: House) -> None:
    """Ada has three rooms, grace is in General with her and says something there; Knitting is grace's alone."""
    house.run(ROOMS)


@pytest.fixture
def ada(window: Window) -> Page:
    page = window("ada", "/rooms/den/")
    wait_connected(page, "ada")
    return page


def options(page: Page) -> list[str]:
    return page.locator("#places [role=option]:visible bdi").all_inner_texts()


def active(page: Page) -> str:
    """What is announced as chosen in the switcher."""
    return str(
        page.evaluate("document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).innerText")
    )


def test_the_switcher_offers_what_waits_first_and_goes_there(ada: Page) -> None:
    ada.locator("#text").focus()
    ada.keyboard.press("Control+k")

    dialog = ada.get_by_role("dialog", name="Go to a room or a person")
    expect(dialog.get_by_role("combobox")).to_be_focused()
    assert options(ada)[0] == "General"
    assert options(ada)[-1] == "Garden"
    assert "General" in active(ada)
    ada.keyboard.press("ArrowUp")
    assert "Garden" in active(ada)
    ada.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(ada.locator("#text")).to_be_focused()

    ada.keyboard.press("Control+k")
    ada.keyboard.type("alp te")
    assert options(ada) == ["Älpine tea"]
    assert ada.locator("#places mark").all_inner_texts() == ["Älp", "te"]
    ada.keyboard.press("Enter")

    ada.wait_for_url("**/rooms/tea/")


def test_rooms_and_people_elsewhere_are_found_as_one_types(ada: Page) -> None:
    ada.get_by_role("button", name="Go to …").click()
    ada.keyboard.type("wool")
    expect(ada.get_by_role("option", name="Knitting Wool")).to_have_attribute("aria-selected", "true")
    expect(ada.get_by_role("dialog").get_by_role("status")).to_have_text("1 result")
    ada.keyboard.press("Control+a")
    ada.keyboard.type("no such place")
    expect(ada.get_by_text("Nothing of that name.")).to_be_visible()
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("combobox")).to_be_focused()
    ada.keyboard.press("Control+a")
    ada.keyboard.type("@gra")
    expect(ada.get_by_role("option", name="grace @grace")).to_be_visible()
    ada.keyboard.press("Enter")

    ada.wait_for_url("**/rooms/dm-*/")
    expect(ada.get_by_role("heading", name="grace", level=1)).to_be_visible()
    ada.keyboard.press("Control+k")
    ada.keyboard.type("grace")
    assert options(ada) == ["grace"]


def test_the_switcher_opens_on_every_page_and_what_is_typed_is_only_text(window: Window, house: House) -> None:
    page = window("ada", "/rooms/den/settings/")
    page.get_by_role("button", name="Go to a room or a person").click()
    expect(page.get_by_role("option", name="General")).to_be_visible()
    page.keyboard.type("<img src=x onerror=alert(1)>")
    expect(page.get_by_text("Nothing of that name.")).to_be_visible()
    assert page.locator("#switcher img").count() == 0
    page.goto(f"{house.server.url}/accounts/profile/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="General")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator("#switcher")).to_be_hidden()


def test_the_arrows_go_from_room_to_room_and_to_what_is_unread(ada: Page) -> None:
    # In the order of the sidebar: Garden, General, Älpine tea.
    ada.keyboard.press("Alt+ArrowUp")
    ada.wait_for_url(re.compile("/rooms/(?!den)"))
    ada.keyboard.press("Alt+ArrowDown")
    ada.wait_for_url("**/rooms/den/")
    ada.locator("#text").press("Alt+Shift+ArrowDown")
    ada.wait_for_url("**/rooms/ral/")
    expect(ada.locator("[data-room=ral].is-unread")).to_have_count(0)
    ada.keyboard.press("Alt+Shift+ArrowUp")
    expect(ada.locator("#toast")).to_have_text("Nothing else is unread.")


def test_keys_of_one_letter_work_outside_of_fields_and_can_be_switched_off(ada: Page) -> None:
    box = ada.locator("#text")
    ada.locator("#timeline").focus()
    ada.keyboard.press("m")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    ada.keyboard.type("m?/")
    expect(box).to_have_value("m?/")

    ada.locator("#timeline").focus()
    ada.keyboard.press("?")
    help_dialog = ada.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog.get_by_text("Go to a room or a person")).to_be_visible()
    help_dialog.get_by_role("checkbox").uncheck()
    ada.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    expect(ada.locator("#timeline")).to_be_focused()
    ada.keyboard.press("?")
    ada.keyboard.press("m")

    expect(help_dialog).to_be_hidden()
    expect(ada.locator("#timeline")).to_be_focused()
    ada.keyboard.press("Control+k")
    expect(ada.get_by_role("combobox")).to_be_focused()


def test_nothing_is_taken_from_somebody_who_composes_a_word(ada: Page) -> None:
    ada.locator("#timeline").focus()
    ada.evaluate(
        """for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
          for (const more of [{ key: "k", ctrlKey: true }, { key: "?" }, { key: "Enter" }]) {
            document.activeElement.dispatchEvent(
              new KeyboardEvent("keydown", { ...more, ...composing, bubbles: true, cancelable: true }));
          }
        }"""
    )

    expect(ada.locator("dialog[open]")).to_have_count(0)


def test_escape_closes_what_opened_last_and_then_takes_the_room_for_read(ada: Page, window: Window) -> None:
    grace = window("grace", "/rooms/ral/")
    wait_connected(grace, "grace")
    ada.locator("[data-room=ral]").click()
    wait_connected(ada, "grace")
    wait_until(lambda: bool(ada.evaluate(ALL_READ)), "everything is read")
    ada.locator("[data-room=den]").click()
    ada.wait_for_url("**/rooms/den/")
    wait_connected(ada, "ada")
    say(grace, "One more thing")
    expect(ada.locator("[data-room=ral].is-unread")).to_have_count(1)
    ada.locator("[data-room=ral]").click()
    ada.wait_for_url("**/rooms/ral/")
    expect(said(ada, "One more thing")).to_have_count(1)
    expect(ada.locator(".first-new")).to_have_count(1)
    message(ada, "One more thing").hover()
    message(ada, "One more thing").get_by_role("button", name="Reply").click()
    ada.locator("#timeline").focus()
    ada.keyboard.press("?")
    expect(ada.locator("#shortcuts")).to_be_visible()

    ada.keyboard.press("Escape")
    expect(ada.locator("#shortcuts")).to_be_hidden()
    expect(ada.locator("#purpose")).to_be_visible()
    ada.keyboard.press("Escape")
    expect(ada.locator("#purpose")).to_be_hidden()
    expect(ada.locator(".first-new")).to_have_count(1)
    ada.keyboard.press("Escape")

    expect(ada.locator("#toast")).to_have_text("Everything here is read.")
    expect(ada.locator(".first-new")).to_have_count(0)


def test_an_arriving_message_never_takes_the_focus(ada: Page, window: Window) -> None:
    grace = window("grace", "/rooms/den/")
    wait_connected(grace, "grace")
    places = ("#timeline", "#text", "#rooms [data-room=den]", "#switcher-text")
    for number, place in enumerate(places):
        if place == "#switcher-text":
            ada.keyboard.press("Control+k")
        ada.locator(place).focus()
        say(grace, f"Message {number}")
        expect(said(ada, f"Message {number}")).to_have_count(1)

        expect(ada.locator(place)).to_be_focused()
    ada.keyboard.press("Escape")
    ada.locator("#text").press_sequentially("Half a sen")
    say(grace, "While ada types")
    expect(said(ada, "While ada types")).to_have_count(1)
    ada.keyboard.type("tence")
    expect(ada.locator("#text")).to_have_value("Half a sentence")

    ada.locator("#timeline").focus()
    ada.keyboard.press("ArrowUp")
    say(grace, "While ada reads")
    expect(said(ada, "While ada reads")).to_have_count(1)
    expect(message(ada, "While ada types")).to_be_focused()

    choose(grace, "While ada reads", "Open thread")
    say_in = panel(grace).get_by_role("textbox", name="Reply")
    choose(ada, "While ada reads", "Open thread")
    expect(panel(ada).get_by_role("textbox", name="Reply")).to_be_focused()
    say_in.fill("Into the thread")
    say_in.press("Enter")
    expect(inside(ada, "Into the thread")).to_have_count(1)
    expect(panel(ada).get_by_role("textbox", name="Reply")).to_be_focused()


def test_escape_closes_the_panel_in_its_turn_and_gives_back_the_focus(ada: Page) -> None:
    say(ada, "Question")
    expect(ada.locator(".is-pending")).to_have_count(0)
    ada.get_by_role("link", name="Pinned messages").first.click()
    expect(panel(ada).get_by_text("Nothing is pinned.")).to_be_visible()
    choose(ada, "Question", "Reply")
    expect(ada.locator("#text")).to_be_focused()

    ada.keyboard.press("Escape")  # the reply opened last
    expect(ada.locator("#purpose")).to_be_hidden()
    expect(panel(ada)).to_be_visible()
    ada.keyboard.press("Escape")
    expect(panel(ada)).to_be_hidden()
    expect(ada.locator("#text")).to_be_focused()  # whoever writes goes on writing

    choose(ada, "Question", "Reply")
    link = ada.get_by_role("link", name="Files").first
    link.press("Enter")
    expect(panel(ada).get_by_text("No files yet.")).to_be_visible()
    ada.keyboard.press("Escape")
    expect(panel(ada)).to_be_hidden()
    expect(link).to_be_focused()
    expect(ada.locator("#purpose")).to_be_visible()
    ada.get_by_role("link", name="Search this room").click()
    expect(panel(ada).get_by_role("searchbox")).to_be_focused()
    ada.keyboard.press("Control+k")
    ada.keyboard.press("Escape")
    expect(ada.locator("#switcher")).to_be_hidden()
    expect(panel(ada).get_by_role("searchbox")).to_be_focused()
    ada.keyboard.press("Escape")
    expect(panel(ada)).to_be_hidden()
    expect(ada.locator("#purpose")).to_be_visible()
