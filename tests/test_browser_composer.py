"""Writing in a real browser: what is completed, what is kept of a draft, and the outbox that all tabs share."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from chat.emoji_names import FILE, emoji_names
from chat.formatting import render
from tests.browsing import House, Window, choose, messages, said, say, wait_connected

browser = pytest.mark.browser


@pytest.fixture
def room(house: House, window: Window) -> str:
    return house.room("ada")


@pytest.fixture
def running(house: House) -> Iterator[House]:
    """A house whose server may be stopped, and runs again for the next test."""
    yield house
    if house.server.process is None or house.server.process.poll() is not None:
        house.server.start()


def options(page: Page) -> list[str]:
    return page.locator("#completion [role=option]").all_inner_texts()


@browser
def test_people_and_emoji_are_completed_by_keys_and_nothing_is_sent_by_that(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    say(grace, "I am in")  # only members are mentioned
    expect(said(ada, "I am in")).to_have_count(1)
    box = ada.locator("#text")

    box.press_sequentially("Hello @gr")
    expect(ada.locator("#completion")).to_be_visible()
    expect(ada.get_by_role("option", name="@grace")).to_have_attribute("aria-selected", "true")
    active = box.get_attribute("aria-activedescendant")
    assert "@grace" in ada.locator(f"#{active}").inner_text()
    box.press("Enter")
    expect(box).to_have_value("Hello @grace ")
    box.press_sequentially(":tad")
    expect(ada.get_by_role("option", name="party popper")).to_be_visible()
    box.press("Tab")
    expect(box).to_have_value("Hello @grace 🎉 ")
    assert messages(ada).count() == 1
    box.press_sequentially("@")
    expect(ada.locator("#completion")).to_be_visible()
    box.press("Escape")
    expect(ada.locator("#completion")).to_be_hidden()
    box.press("Backspace")
    box.press("Enter")

    expect(grace.locator(".message .mention")).to_have_text("@grace")
    expect(messages(grace).last).to_have_text("Hello @grace 🎉")


@browser
def test_everybody_is_offered_to_whoever_may_call_them_and_a_pointer_chooses(window: Window, room: str) -> None:
    page = window("ada", room)
    wait_connected(page, "ada")

    page.locator("#text").press_sequentially("@roo")
    page.get_by_role("option", name="@room").click()

    expect(page.locator("#text")).to_have_value("@room ")
    expect(page.locator("#text")).to_be_focused()
    page.locator("#text").press_sequentially("ada@roo 10:30 a:b")
    expect(page.locator("#completion")).to_be_hidden()


@browser
def test_a_draft_stays_with_what_it_answers_and_goes_when_one_signs_out(
    house: House, window: Window, room: str
) -> None:
    house.sign_up("linus")
    page = window("linus", room)
    wait_connected(page, "linus")
    say(page, "Tea?")
    expect(said(page, "Tea?")).to_have_count(1)
    choose(page, "Tea?", "Reply")
    page.locator("#text").fill("I would rather have")
    page.close()

    later = page.context.new_page()
    later.goto(page.url)
    expect(later.locator("#text")).to_have_value("I would rather have")
    expect(later.locator("#purpose-words")).to_contain_text("Tea?")
    later.locator("#rooms").get_by_role("button", name="linus").click()
    later.get_by_role("button", name="Sign out", exact=True).click()
    later.wait_for_url("**/")
    assert later.evaluate("Object.keys(localStorage).filter((key) => /draft|outbox/.test(key))") == []


@browser
def test_what_was_written_without_a_server_is_sent_once_and_in_order_when_the_browser_comes_back(
    running: House, window: Window, room: str
) -> None:
    page = window("ada", room)
    wait_connected(page, "ada")
    running.server.stop()
    for text in ("one", "two", "three"):
        say(page, text)
    expect(page.locator(".is-pending")).to_have_count(3)
    context, address = page.context, page.url
    page.close()
    running.server.start()

    later = context.new_page()
    later.goto(address)

    expect(later.locator(".is-pending")).to_have_count(0)
    assert messages(later).all_inner_texts() == ["one", "two", "three"]
    later.reload()
    assert messages(later).all_inner_texts() == ["one", "two", "three"]


@browser
def test_two_tabs_show_the_same_outbox_and_the_other_sends_what_one_left_behind(
    running: House, window: Window, room: str
) -> None:
    one = window("ada", room)
    wait_connected(one, "ada")
    other = one.context.new_page()
    other.goto(one.url)
    wait_connected(other, "ada")
    running.server.stop()
    say(one, "from the first")
    say(other, "from the second")
    for page in (one, other):
        expect(page.locator(".is-pending .message__text")).to_have_text(["from the first", "from the second"])
    one.close()
    running.server.start()

    expect(other.locator(".is-pending")).to_have_count(0)
    assert messages(other).all_inner_texts() == ["from the first", "from the second"]
    other.reload()
    assert messages(other).all_inner_texts() == ["from the first", "from the second"]


def test_the_names_of_emoji_are_those_that_messages_take() -> None:
    assert FILE.read_text() == emoji_names(), "run: manage.py contracts"
    named = json.loads(FILE.read_text())

    assert len(named) > 1500
    assert "tada" in named["🎉"] and "thumbs_up" in named["👍"]
    for sign, names in ((sign, names) for sign, names in named.items() if re.fullmatch(r"[a-z0-9_]+", names[0])):
        assert names[0] not in (render(f"**x** :{names[0]}:").html or ""), sign
