"""One's own account in real browsers: by keyboard, seen at once by others in a room, and ended on another device."""

import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browsing import PASSWORD, House, Window, message, said, say, wait_connected
from tests.pictures import photo

pytestmark = pytest.mark.browser


def press_until(page: Page, name: str, key: str = "Tab") -> None:
    """Move with the keyboard until what has the focus is called so."""
    what = "() => { const at = document.activeElement; return (at.ariaLabel ?? at.labels?.[0]?.textContent ?? at.textContent).trim(); }"
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate(what) == name:
            return
    pytest.fail(f"the keyboard does not reach {name}")


def picture_of(page: Page, text: str) -> Any:
    return message(page, text).locator(".avatar__picture")


def test_a_name_and_a_picture_are_changed_by_keyboard_and_seen_live(house: House, window: Window) -> None:
    room = house.room("ada")
    ada, grace, desk = window("ada", room), window("grace", room), window("ada", "/accounts/profile/")
    wait_connected(grace, "ada", "grace")
    say(ada, "Who am I?")
    expect(said(grace, "Who am I?")).to_be_visible()

    press_until(desk, "Name")
    desk.keyboard.type("Ada Lovelace")
    press_until(desk, "Save")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Saved.")).to_be_visible()
    expect(message(grace, "Who am I?").locator(".message__author")).to_have_text("Ada Lovelace")

    press_until(desk, "Your picture")
    with desk.expect_file_chooser() as chooser:
        desk.keyboard.press("Space")
    chooser.value.set_files(FilePayload(name="me.jpg", mimeType="image/jpeg", buffer=photo(size=(300, 200))))
    expect(desk.get_by_text("That is how others see you now.")).to_be_visible()
    expect(picture_of(grace, "Who am I?")).to_have_attribute("src", re.compile("^/files/avatars/"))
    expect(grace.locator("#people-here .avatar__picture")).to_have_count(1)
    assert (
        picture_of(grace, "Who am I?").evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 256
    )

    say(ada, "It is me.")
    expect(said(grace, "It is me.")).to_be_visible()
    expect(picture_of(ada, "Who am I?")).to_have_count(1)
    grace.reload()
    expect(picture_of(grace, "Who am I?")).to_be_visible()

    desk.get_by_role("button", name="Remove the picture").click()
    expect(desk.get_by_text("The picture is removed.")).to_be_visible()
    expect(picture_of(grace, "Who am I?")).to_have_count(0)
    expect(message(grace, "Who am I?").locator(".avatar")).to_have_text("AL")


def test_a_token_is_made_and_copied_and_another_device_is_signed_out(
    house: House, window: Window, clipboard: list[str]
) -> None:
    room = house.room("ada")
    desk = window("ada", "/accounts/tokens/", permissions=clipboard)
    press_until(desk, "New token")
    desk.keyboard.type("tea bot")
    desk.keyboard.press("Enter")
    secret = desk.get_by_label("The new token")
    expect(secret).to_be_focused()
    desk.get_by_role("button", name="Copy").click()
    expect(desk.get_by_role("button", name="Copied")).to_be_visible()
    assert desk.evaluate("navigator.clipboard.readText()") == secret.input_value()
    desk.get_by_role("button", name="Revoke tea bot").click()
    expect(desk.get_by_text("No tokens yet.")).to_be_visible()

    other = window(None, f"/accounts/login/?next={room}", user_agent="Mozilla/5.0 (iPhone) Version/18 Safari/604.1")
    other.get_by_label("Username").fill("ada")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    wait_connected(other, "ada")
    desk.get_by_role("link", name="Devices").click()
    desk.get_by_role("button", name="Sign out Safari on an iPhone").press("Enter")

    expect(desk.get_by_text("That device is signed out.")).to_be_visible()
    expect(other.get_by_text("You are signed out")).to_be_visible()
    other.goto(f"{house.server.url}/accounts/profile/")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_picture_is_changed_without_a_script(house: House, window: Window) -> None:
    desk = window("grace", "/accounts/profile/", java_script_enabled=False, viewport={"width": 320, "height": 640})
    picture = FilePayload(name="me.png", mimeType="image/png", buffer=photo("PNG"))

    desk.get_by_label("Your picture").set_input_files(picture)
    desk.get_by_role("button", name="Use it").click()

    expect(desk.get_by_text("That is how others see you now.")).to_be_visible()
    expect(desk.locator(".portrait .avatar__picture")).to_be_visible()
