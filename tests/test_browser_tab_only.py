"""A person with nothing but the keyboard: every flow, and the focus is always somewhere, and to be seen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import PASSWORD, House, Window, inside, message, panel, said, say, wait_connected

pytestmark = pytest.mark.browser
# What is focused: its name, and what is wrong with it. A ring may be around the element or around its box.
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return ["", "nothing is focused"];
  const box = at.getBoundingClientRect();
  const name = (at.ariaLabel || at.labels?.[0]?.textContent || at.textContent || at.value || at.id).trim().slice(0, 60);
  const isRing = (each) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
  };
  const around = [at, at.parentElement, at.parentElement?.parentElement].filter(Boolean);
  const isInView = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  if (!at.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return [name, "is not drawn"];
  if (!isInView) return [name, `is out of view at ${box.left}, ${box.top}`];
  return [name, around.some(isRing) ? "" : `has no ring: ${at.outerHTML.slice(0, 120)}`];
}"""


class Fingers:
    """Somebody with a keyboard, and nothing to point with."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str, *, back: bool = False) -> None:
        """Tab until what has this name is focused. Fails where the focus is lost, not to be seen, or has gone round."""
        seen = []
        for _ in range(120):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            focused, wrong = self.page.evaluate(FOCUSED)
            seen.append(focused)
            # From the end of the page the focus goes to the browser itself, and then to the beginning.
            assert not wrong or wrong == "nothing is focused", f"{focused!r} {wrong}"
            if re.search(name, focused):
                return
        raise AssertionError(f"no {name!r} among {seen}")

    def press(self, *keys: str) -> None:
        """Press these keys. What is focused afterwards is to be seen."""
        for key in keys:
            self.page.keyboard.press(key)
            self.look(key)

    def go(self, key: str, address: str) -> None:
        """Press a key that leads to another page."""
        self.page.keyboard.press(key)
        self.page.wait_for_url(address)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.look(text)

    def look(self, after: str) -> None:
        focused, wrong = self.page.evaluate(FOCUSED)
        assert not wrong, f"after {after!r}: {focused!r} {wrong}"

    @property
    def at(self) -> str:
        """What is focused."""
        return str(self.page.evaluate(FOCUSED)[0])


def sent(page: Page, text: str) -> None:
    expect(said(page, text)).to_have_count(1)
    expect(page.locator(".is-pending")).to_have_count(0)


def test_from_sign_up_to_a_room_of_ones_own_with_the_tab_key_alone(window: Window, house: House) -> None:
    page = window(None, "/accounts/signup/")
    fingers = Fingers(page)
    fingers.to("Username")
    fingers.type("tabitha")
    fingers.to("Password")
    fingers.type(PASSWORD)
    fingers.go("Enter", f"{house.server.url}/")
    fingers.to("New room")
    fingers.go("Enter", "**/rooms/new/")
    fingers.to("^Name")
    fingers.type("Tabby")
    fingers.go("Enter", "**/rooms/tabby/")
    wait_connected(page, "tabitha")
    fingers.to("^Skip to the message box")
    fingers.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    fingers.to("^Room settings", back=True)
    fingers.go("Enter", "**/rooms/tabby/settings/")
    fingers.to("^Topic")
    fingers.type("Cats")
    fingers.go("Enter", "**/rooms/tabby/settings/")
    expect(page.get_by_text("Saved.")).to_be_visible()
    fingers.to("^Your account")
    fingers.press("Enter")
    fingers.to("^Sign out")
    fingers.go("Enter", f"{house.server.url}/")


def test_a_day_in_a_room_with_the_keyboard_alone(window: Window, house: House) -> None:
    room = house.room("ada")
    name = room.split("/")[2].replace("room-", "Room ")
    grace = window("grace", room)
    wait_connected(grace, "grace")
    say(grace, "Who is for tea?")
    sent(grace, "Who is for tea?")
    page = window(None, reduced_motion="reduce")
    page.on("dialog", lambda dialog: dialog.accept())
    fingers = Fingers(page)

    fingers.to("^Sign in")
    fingers.go("Enter", "**/accounts/login/**")
    fingers.to("Username")
    fingers.type("ada")
    fingers.to("Password")
    fingers.type(PASSWORD)
    fingers.go("Enter", f"{house.server.url}/")
    fingers.to(f"^{name}")
    fingers.go("Enter", f"**{room}")
    wait_connected(page, "ada", "grace")

    fingers.to("^Skip to the message box")
    fingers.press("Enter")
    fingers.type("I am")
    fingers.press("Enter")
    sent(page, "I am")
    _do_with_messages(page, fingers)
    _open_beside(page, fingers)
    _go_about(page, fingers)

    fingers.to("^Room settings", back=True)
    fingers.go("Enter", f"**{room}settings/")
    fingers.to("^To whom")
    fingers.type("grace")
    fingers.to("^Hand over")
    fingers.go("Enter", f"**{room}settings/")
    expect(page.get_by_text("The room is grace's now, and you are a member.")).to_be_visible()
    fingers.to("^Leave this room")
    fingers.go("Enter", f"{house.server.url}/")
    fingers.to("^Your account")
    fingers.press("Enter")
    fingers.to("^Sign out")
    fingers.go("Enter", f"{house.server.url}/")


def _do_with_messages(page: Page, fingers: Fingers) -> None:
    """React, take it back, reply, edit and delete."""
    asked = message(page, "Who is for tea?")
    fingers.to("^Messages", back=True)
    fingers.press("ArrowUp", "ArrowUp", "Enter")
    assert fingers.at == "React"
    fingers.press("Enter", "Enter")
    expect(asked.get_by_role("button", name="👍 1")).to_be_visible()
    expect(asked).to_be_focused()
    fingers.to("^👍 1")
    fingers.press("Space")
    expect(asked.locator(".reaction")).to_have_count(0)
    expect(asked).to_be_focused()

    fingers.press("p")
    expect(asked.locator(".message__pinned")).to_be_visible()
    fingers.press("r")
    expect(page.locator("#purpose")).to_contain_text("Replying to")
    fingers.type("Always")
    fingers.press("Enter")
    sent(page, "Always")
    fingers.press("ArrowUp")
    expect(page.locator("#text")).to_have_value("Always")
    fingers.type("!")
    fingers.press("Enter")
    sent(page, "Always!")
    expect(page.locator("#purpose")).to_be_hidden()
    fingers.press("ArrowUp")
    expect(page.locator("#text")).to_have_value("Always!")
    fingers.press("Escape")
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#purpose")).to_be_hidden()

    mine = message(page, "I am")
    fingers.to("^Messages", back=True)
    fingers.press("End", "ArrowUp", "ArrowRight")
    assert fingers.at == "React"
    fingers.press("ArrowRight", "ArrowRight", "Escape")
    expect(mine).to_be_focused()
    fingers.press("Enter", "ArrowUp")
    assert fingers.at == "Delete"
    fingers.press("Enter")
    gone = message(page, "Message deleted")
    expect(gone).to_have_count(1)
    expect(gone).to_be_focused()
    expect(page.locator("#purpose")).to_be_hidden()


def _open_beside(page: Page, fingers: Fingers) -> None:
    """The thread, where a message is answered and reacted to; the search; the files: each closes at Escape, and what
    opened it has the focus again."""
    fingers.to("^1 reply", back=True)
    fingers.press("Enter")
    expect(panel(page).get_by_role("textbox", name="Reply")).to_be_focused()
    fingers.look("the thread opened")
    fingers.type("From the thread")
    fingers.press("Enter")
    expect(inside(page, "From the thread")).to_have_count(1)
    expect(page.locator(".is-pending")).to_have_count(0)
    fingers.to("^Messages", back=True)
    fingers.press("ArrowUp")
    assert "From the thread" in fingers.at or fingers.at.startswith("ada")
    fingers.press("+", "ArrowRight", "Enter")
    expect(panel(page).locator(".reaction")).to_have_count(1)
    fingers.press("Escape")
    expect(panel(page)).to_be_hidden()
    assert fingers.at == "2 replies"

    for name, opened in (("^Search this room", "Search"), ("^Pinned messages", "Pinned messages"), ("^Files", "Files")):
        fingers.to(name, back=name != "^Files")
        link = fingers.at
        fingers.press("Enter")
        expect(panel(page).get_by_role("heading", name=opened)).to_be_visible()
        expect(page.locator("#panel-told")).not_to_contain_text("Loading")
        if opened == "Search":
            expect(panel(page).get_by_role("searchbox")).to_be_focused()
            fingers.type("tea")
            fingers.press("Enter")
            expect(panel(page).locator(".hit")).to_have_count(1)
            fingers.to("Who is for tea")
        if opened == "Pinned messages":
            fingers.to("^Take the pin off")
            fingers.press("Enter")
            expect(panel(page).get_by_text("Nothing is pinned.")).to_be_visible()
            fingers.look("the pin was taken off")
        fingers.press("Escape")
        expect(panel(page)).to_be_hidden()
        assert fingers.at == link


def _go_about(page: Page, fingers: Fingers) -> None:
    """The switcher, the help, the theme."""
    fingers.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    fingers.press("ArrowDown", "Escape")
    expect(page.locator("#switcher")).to_be_hidden()
    fingers.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    fingers.press("Escape")
    fingers.to(r"^A\s+ada$", back=True)
    fingers.press("Enter")
    fingers.to("^Dark")
    fingers.press("Space")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    fingers.look("the theme changed")
    fingers.press("Escape")
    assert fingers.at.endswith("ada")
