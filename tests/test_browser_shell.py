"""What stands around a conversation, in real browsers: the sidebar, the title, the theme, the drawers of a phone."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browsing import House, Window, said, say, wait_connected

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 700}, "has_touch": True, "is_mobile": True}


def row(page: Page, room: str) -> Locator:
    """A room in the sidebar."""
    return page.locator(f'[data-room="{room.split("/")[2]}"]')


def listed(page: Page, heading: str) -> Locator:
    """The names under a heading of the sidebar."""
    return page.get_by_role("region", name=heading, exact=True).locator(".side__item bdi")


def icon(page: Page) -> str:
    """The name of the file, without its hash."""
    name = str(page.locator("#favicon").get_attribute("href")).rsplit("/", 1)[-1]
    return re.sub(r"\.[0-9a-f]{12}\.", ".", name)


def test_rooms_come_move_and_go_in_the_sidebar_as_it_happens(house: House, window: Window) -> None:
    here, there = house.room("ada"), house.room("ada")
    slug = there.split("/")[2]
    grace = window("grace", here)
    grace.get_by_role("button", name="Join").click()
    wait_connected(grace, "grace")
    expect(row(grace, there)).to_have_count(0)
    expect(grace.get_by_role("region", name="Favourites")).to_have_count(0)

    house.ask("ada", "PUT", f"rooms/{slug}/members/grace/")
    expect(listed(grace, "Rooms").filter(has_text=slug.replace("-", " ").title())).to_have_count(1)
    house.ask("ada", "PATCH", f"rooms/{slug}/", name="Attic", kind="private")
    expect(listed(grace, "Rooms").first).to_have_text("Attic")
    expect(row(grace, there).locator("use")).to_have_attribute("href", re.compile("#lock$"))

    row(grace, there).focus()
    house.ask("grace", "PATCH", f"inbox/{slug}/", favourite=True)
    expect(listed(grace, "Favourites")).to_have_text(["Attic"])
    expect(row(grace, there)).to_be_focused()
    house.ask("ada", "POST", "direct/", people=["grace"])
    expect(listed(grace, "Direct messages")).to_have_text(["ada"])
    live = grace.locator("#rooms .side__scroll").inner_text()
    grace.reload()
    assert grace.locator("#rooms .side__scroll").inner_text() == live, "the server draws what the script drew"

    house.ask("ada", "PATCH", f"rooms/{slug}/", archived=True)
    expect(row(grace, there)).to_have_count(0)
    expect(grace.get_by_role("region", name="Favourites")).to_have_count(0)
    house.ask("ada", "PATCH", f"rooms/{slug}/", archived=False)
    expect(listed(grace, "Favourites")).to_have_text(["Attic"])
    house.ask("grace", "DELETE", f"rooms/{slug}/members/grace/")
    expect(row(grace, there)).to_have_count(0)


def test_invitations_and_rooms_come_to_the_page_of_rooms(house: House, window: Window) -> None:
    room = house.room("ada")
    slug = room.split("/")[2]
    grace = window("grace", "/")
    expect(grace.locator(f'[data-other="{slug}"]')).to_have_count(1)

    house.ask("ada", "PATCH", f"rooms/{slug}/", kind="private")
    house.ask("ada", "POST", f"rooms/{slug}/invitations/", username="grace")
    accept = grace.get_by_role("button", name="Accept")
    expect(accept).to_be_visible()
    side = window("grace", "/rooms/lobby/")
    expect(side.get_by_role("link", name="Invitations")).to_contain_text("1")
    accept.click()

    expect(grace).to_have_url(re.compile(room))
    expect(row(side, room)).to_have_count(1)
    expect(side.get_by_role("link", name="Invitations")).to_have_count(0)


def test_the_title_and_the_icon_say_what_waits(house: House, window: Window) -> None:
    here, there = house.room("ada"), house.room("ada")
    for room in (here, there):
        house.ask("ada", "PUT", f"rooms/{room.split('/')[2]}/members/grace/")
    grace, ada = window("grace", here), window("ada", there)
    wait_connected(grace, "grace")
    bare = "Room " + here.split("-")[1].strip("/") + " · Parlor"
    expect(grace).to_have_title(bare)
    assert icon(grace) == "icon.svg"

    say(ada, "Hello")
    expect(grace).to_have_title(f"• {bare}")
    expect(row(grace, there)).to_have_class(re.compile("is-unread"))
    assert icon(grace) == "icon-unread.svg"
    say(ada, "@grace: hello?")
    expect(grace).to_have_title(f"(1) {bare}")
    expect(row(grace, there).locator(".badge--mention")).to_contain_text("1")
    assert icon(grace) == "icon-mention.svg"
    direct = house.ask("ada", "POST", "direct/", people=["grace"])
    house.ask("ada", "POST", f"rooms/{direct['slug']}/messages/", value="x")
    expect(grace).to_have_title(f"(2) {bare}")

    house.ask("grace", "PATCH", f"inbox/{there.split('/')[2]}/", muted=True)
    expect(row(grace, there)).to_have_class("side__item is-muted")
    weight = "getComputedStyle(document.querySelector('.side__item.is-muted')).fontWeight"
    assert grace.evaluate(weight) == "400"
    ada.goto(f"{house.server.url}{here}")
    say(ada, "And here")
    expect(said(grace, "And here")).to_have_count(1)
    expect(row(grace, here)).not_to_have_class(re.compile("is-unread"))
    expect(grace).to_have_title(f"(2) {bare}")


def test_the_theme_is_chosen_at_once_in_every_window_and_kept(window: Window) -> None:
    ada = window("ada", "/", color_scheme="light")
    other = ada.context.new_page()
    other.goto(ada.url)
    wall = "getComputedStyle(document.body).backgroundColor"
    light = ada.evaluate(wall)

    ada.get_by_role("button", name="Your account").click()
    with ada.expect_response("**/theme/"):
        ada.get_by_role("button", name="Dark").click()

    expect(ada.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = ada.evaluate(wall)
    assert dark != light
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    ada.reload()
    assert ada.evaluate(wall) == dark
    ada.get_by_role("button", name="Your account").click()
    with ada.expect_response("**/theme/"):
        ada.get_by_role("button", name="System").click()
    assert ada.evaluate(wall) == light
    ada.emulate_media(color_scheme="dark")
    assert ada.evaluate(wall) == dark


def test_the_theme_works_without_a_script(house: House, window: Window) -> None:
    guest = window(None, "/rooms/lobby/", java_script_enabled=False)

    guest.get_by_role("button", name="Dark").click()

    expect(guest).to_have_url(f"{house.server.url}/rooms/lobby/")
    # No script mends anything after the first paint, so nothing flashes with one either.
    expect(guest.locator("html")).to_have_attribute("data-theme", "dark")
    expect(guest.locator('meta[name="color-scheme"]')).to_have_attribute("content", "dark")
    expect(guest.locator("body")).to_have_css("background-color", "rgb(16, 21, 18)")


def swipe(page: Page, *, across: int, start: tuple[int, int], down: int = 0) -> None:
    """Draw a finger over the page, slowly enough not to be a flick."""
    session: CDPSession = page.context.new_cdp_session(page)
    x, y = start

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (x, y))
    for step in range(1, 11):
        touch("touchMove", (x + across * step / 10, y + down * step / 10))
        page.evaluate("new Promise((done) => setTimeout(done, 20))")
    touch("touchEnd")
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")


def test_a_finger_draws_the_sides_in_and_out_and_leaves_the_edge_to_the_browser(house: House, window: Window) -> None:
    page = window("ada", house.room("ada"), **PHONE)
    wait_connected(page, "ada")
    rooms, people = page.locator("#rooms"), page.locator("#people")
    expect(rooms).to_be_hidden()

    swipe(page, start=(60, 200), across=220)
    expect(rooms).to_be_visible()
    swipe(page, start=(200, 300), across=-180)
    expect(rooms).to_be_hidden()
    swipe(page, start=(300, 200), across=-220)
    expect(people).to_be_visible()
    swipe(page, start=(150, 300), across=180)
    expect(people).to_be_hidden()

    swipe(page, start=(8, 200), across=220)  # where the browser goes back
    swipe(page, start=(60, 500), across=100, down=-200)  # scrolling
    swipe(page, start=(60, 200), across=90)  # let go too early
    expect(rooms).to_be_hidden()
    expect(people).to_be_hidden()
    page.locator("#text").fill(f"```\n{'wide ' * 60}\n```")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#items .message:not(.is-pending) pre")).to_be_visible()
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    code = page.locator("#items pre").bounding_box()
    assert code is not None
    swipe(page, start=(240, int(code["y"] + code["height"] / 2)), across=-200)
    expect(people).to_be_hidden()  # what can be scrolled sideways is
    assert page.evaluate("document.querySelector('#items pre').scrollLeft") > 0


def test_the_drawers_work_by_keyboard_and_a_room_is_opened_from_one(house: House, window: Window) -> None:
    here = house.room("ada")
    house.room("ada")
    page = window("ada", here, viewport={"width": 320, "height": 640})
    wait_connected(page, "ada")

    button = page.get_by_role("button", name="Rooms", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(row(page, here)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#rooms")).to_be_hidden()
    expect(button).to_be_focused()
    page.get_by_role("button", name="Who is here").press("Enter")
    expect(page.locator("#people").get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#people")).to_be_hidden()
    page.set_viewport_size({"width": 900, "height": 640})
    expect(page.locator("#rooms")).to_be_visible()
    expect(page.locator("#people")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 640})
    expect(page.locator("#people")).to_be_visible()


def test_being_offline_is_said_calmly_and_taken_back(house: House, window: Window) -> None:
    page = window("ada", house.room("ada"))
    wait_connected(page, "ada")

    page.context.set_offline(True)
    expect(page.get_by_role("status").get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)

    expect(page.locator("#connection")).to_be_empty()


def test_a_page_of_the_past_takes_the_theme_of_now(window: Window) -> None:
    """A page that comes back out of the browser's memory reads the cookie again."""
    page = window("ada", "/")
    page.context.add_cookies([{"name": "parlor_theme", "value": "dark", "url": page.url}])

    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert (
        json.loads(page.evaluate("JSON.stringify(document.querySelector('meta[name=color-scheme]').content)")) == "dark"
    )
