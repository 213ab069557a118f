"""A long log in a real browser: a bounded number of items on the page, nothing that jumps, the keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, message, messages, said, say, wait_connected

pytestmark = pytest.mark.browser
LINES = 900
ITEMS_MAX = 350 + 2  # and what arrives before the page is tidied
SCROLL = "([by]) => { const log = document.getElementById('timeline'); log.scrollTop += by; }"


@pytest.fixture(scope="module")
def long_room(house: House) -> str:
    """A room with 900 lines of ada's, in the midst of which it got a topic."""
    with house.visit():
        address = house.room("ada")
    slug = address.split("/")[2]
    house.run(
        "from accounts.models import User; from chat.posting import post_message; from rooms.lifecycle import update_room\n"
        "ada = User.objects.get(username='ada')\n"
        f"for n in range({LINES}):\n"
        f"    post_message(actor=ada, slug='{slug}', text=f'line {{n:03}}')\n"
        f"    if n == 500: update_room(actor=ada, slug='{slug}', topic='Halfway')\n"
    )
    return address


def shown(page: Page) -> list[str]:
    return messages(page).all_inner_texts()


def numbers(page: Page) -> list[int]:
    return [int(text.removeprefix("line ")) for text in shown(page) if text.startswith("line ")]


def height_of(page: Page, text: str) -> float:
    box = said(page, text).bounding_box()
    assert box
    return box["y"]


def climb(page: Page, until: str) -> None:
    """Scroll up, a screen at a time, until a line is there; what one reads does not jump meanwhile."""
    for _ in range(200):
        if said(page, until).count():
            return
        page.evaluate(SCROLL, [-1500])
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        here = numbers(page)
        assert here == list(range(here[0], here[-1] + 1))
        assert page.locator("#items > li").count() <= ITEMS_MAX
    raise AssertionError(f"{until} never came")


def test_a_long_log_keeps_a_few_hundred_items_and_has_all_of_them(window: Window, long_room: str) -> None:
    page = window("grace", long_room)
    wait_connected(page, "grace")

    climb(page, "line 000")
    expect(page.get_by_text("This is the beginning of")).to_be_attached()
    assert numbers(page)[-1] < LINES - 200
    page.get_by_role("button", name="Jump to the newest").click()
    expect(said(page, f"line {LINES - 1}")).to_be_in_viewport()


def test_what_happened_among_old_messages_is_told_there(window: Window, long_room: str) -> None:
    page = window("grace", f"{long_room}?before=700")

    climb(page, "line 480")

    told = page.locator(".change__text", has_text="Halfway")
    expect(told).to_have_count(1)
    assert "line 500" in told.locator("xpath=../preceding-sibling::li[1]").inner_text()


def test_what_was_taken_off_below_comes_back_and_what_is_said_meanwhile_too(window: Window, long_room: str) -> None:
    ada, grace = window("ada", long_room), window("grace", long_room)
    wait_connected(ada, "ada", "grace")
    climb(grace, f"line {LINES - 450:03}")
    assert f"line {LINES - 1}" not in shown(grace)
    reading = numbers(grace)[20]
    said(grace, f"line {reading:03}").scroll_into_view_if_needed()
    before = height_of(grace, f"line {reading:03}")

    say(ada, "News from below")
    expect(grace.get_by_role("button", name="1 new message")).to_be_visible()
    assert said(grace, "News from below").count() == 0
    assert abs(height_of(grace, f"line {reading:03}") - before) < 2
    for _ in range(200):
        if said(grace, "News from below").count():
            break
        grace.evaluate(SCROLL, [1500])
        grace.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert grace.locator("#items > li").count() <= ITEMS_MAX

    here = numbers(grace)
    assert here == list(range(here[0], LINES))
    assert shown(grace)[-1] == "News from below"
    say(ada, "And one more")
    expect(said(grace, "And one more")).to_have_count(1)


def test_the_keyboard_goes_from_message_to_message_and_acts_on_them(window: Window, house: House) -> None:
    page = window("ada", house.room("ada"))
    wait_connected(page, "ada")
    for text in ("one", "two", "three"):
        say(page, text)
    expect(page.locator(".message[data-seq]")).to_have_count(3)

    page.get_by_role("log").focus()
    page.keyboard.press("ArrowUp")
    expect(message(page, "three")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("p")
    expect(message(page, "two").locator(".message__pinned")).to_be_visible()
    page.keyboard.press("Home")
    expect(message(page, "one")).to_be_focused()
    page.keyboard.press("+")
    page.keyboard.press("Enter")
    expect(message(page, "one").locator(".reaction")).to_have_text(["👍 1"])
    expect(message(page, "one")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(message(page, "one").get_by_role("button", name="Reply")).to_be_focused()
    page.keyboard.press("Escape")
    expect(message(page, "one")).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("#text")).to_have_value("one")
    page.keyboard.press("Escape")
    page.get_by_role("log").focus()
    page.keyboard.press("End")
    page.keyboard.press("r")
    expect(page.locator("#purpose-words")).to_contain_text("three")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("log").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#text")).to_be_focused()
