"""Slow mode and the archive in real browsers: what was written is kept."""

import pytest
from playwright.sync_api import expect

from tests.browsing import Window, said, say, wait_connected

pytestmark = pytest.mark.browser


def test_slow_mode_gives_the_text_back_and_says_how_long(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "grace")
    say(grace, "Hello")
    expect(said(ada, "Hello")).to_have_count(1)
    desk = window("ada", f"{room}settings/")
    desk.get_by_label("Slow mode").select_option("3600")
    desk.get_by_role("button", name="Save").click()
    expect(grace.locator("#hint")).to_contain_text("a message every hour")
    expect(grace.locator("#composer")).to_have_js_property("noValidate", True)  # the script has taken over

    say(grace, "Too soon")

    expect(grace.locator("#limit")).to_contain_text("Slow mode: wait 3")
    expect(grace.locator("#text")).to_have_value("Too soon")
    expect(said(grace, "Too soon")).to_have_count(0)
    say(ada, "I need not wait")
    expect(said(grace, "I need not wait")).to_have_count(1)


def test_an_archived_room_has_no_box_to_write_in_and_the_draft_waits(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "grace")
    say(grace, "Hello")
    expect(said(ada, "Hello")).to_have_count(1)
    grace.locator("#text").fill("Half a thou")
    desk = window("ada", f"{room}settings/")

    desk.get_by_role("button", name="Archive this room").click()
    expect(grace.get_by_text("This room is archived.")).to_be_visible()
    expect(grace.locator("#text")).to_have_count(0)

    desk.get_by_role("button", name="Open it again").click()
    expect(grace.locator("#text")).to_have_value("Half a thou")
