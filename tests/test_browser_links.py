"""Links to messages in real browsers: old ones shown in their place, read on from there, copied, and read without a
script; and the place where the reader was."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, choose, message, said, say, wait_connected

pytestmark = pytest.mark.browser


def fill(house: House, room: str) -> None:
    """A hundred and twenty lines of ada's."""
    slug = room.split("/")[2]
    house.run(
        "from accounts.models import User; from chat.posting import post_message\n"
        "ada = User.objects.get(username='ada')\n"
        f"for n in range(120): post_message(actor=ada, slug='{slug}', text=f'line {{n:03}}')"
    )


def test_a_link_to_an_old_message_shows_it_and_reads_on_to_the_present(window: Window, house: House, room: str) -> None:
    fill(house, room)
    ada, grace = window("ada", room), window("grace", f"{room}30/")
    wait_connected(grace, "ada", "grace")
    expect(said(grace, "line 029")).to_be_in_viewport()
    expect(message(grace, "line 029")).to_have_css("background-color", "rgb(223, 240, 231)")
    expect(grace.get_by_role("button", name="Jump to the newest")).to_be_visible()

    say(ada, "the latest")
    expect(grace.get_by_role("button", name="1 new message")).to_be_visible()
    expect(said(grace, "the latest")).to_have_count(0)
    seen = [text for text in grace.locator(".message__text").all_inner_texts() if text.startswith("line")]
    assert seen == [f"line {number:03}" for number in range(int(seen[0][-3:]), int(seen[-1][-3:]) + 1)]

    while said(grace, "the latest").count() == 0:
        grace.evaluate("document.getElementById('timeline').scrollTop = 0")
        grace.wait_for_timeout(20)
    grace.evaluate("document.getElementById('timeline').scrollTop = 0")
    expect(grace.locator("#newer")).to_be_hidden()
    say(ada, "and more")
    expect(said(grace, "and more")).to_be_in_viewport()
    texts = grace.locator(".message__text").all_inner_texts()
    assert texts[-5:] == ["line 117", "line 118", "line 119", "the latest", "and more"]
    assert len(texts) == len(set(texts))


def test_whoever_writes_on_a_page_of_old_messages_is_led_to_the_end(window: Window, house: House, room: str) -> None:
    fill(house, room)
    ada = window("ada", f"{room}30/")
    wait_connected(ada, "ada")

    say(ada, "from the past")

    ada.wait_for_url(f"**{room}")
    expect(said(ada, "from the past")).to_be_in_viewport()
    expect(ada.locator(".is-pending")).to_have_count(0)
    expect(said(ada, "from the past")).to_have_count(1)


def test_a_link_is_copied(both: tuple[Page, Page], house: House, room: str, clipboard: list[str]) -> None:
    ada, _ = both
    ada.context.grant_permissions(clipboard)
    choose(ada, "I am", "Copy link")

    expect(ada.get_by_role("status").get_by_text("The link is copied.")).to_be_visible()
    seq = message(ada, "I am").get_attribute("data-seq")
    assert ada.evaluate("navigator.clipboard.readText()") == f"{house.server.url}{room}{seq}/"


def test_what_is_marked_unread_stays_so_until_one_comes_back(both: tuple[Page, Page], room: str) -> None:
    ada, _ = both
    badge = ada.locator(f"[data-room='{room.split('/')[2]}'] .badge")
    expect(badge).to_be_hidden()

    choose(ada, "I am", "Mark unread")

    expect(badge).to_contain_text("1")
    expect(message(ada, "I am").locator(".first-new")).to_be_visible()
    ada.reload()
    expect(message(ada, "I am").locator(".first-new")).to_be_visible()
    expect(badge).to_be_hidden()


def test_without_a_script_threads_pins_and_links_are_read(both: tuple[Page, Page], window: Window, room: str) -> None:
    ada, grace = both
    choose(grace, "Who is for tea?", "Reply")
    say(grace, "With milk")
    choose(ada, "Who is for tea?", "Pin")
    expect(grace.get_by_text("ada pinned a message")).to_be_visible()

    page = window("grace", room, java_script_enabled=False)
    expect(page.get_by_role("button", name="More")).to_have_count(0)
    page.get_by_role("link", name="1 reply").click()
    page.get_by_label("Reply").fill("By hand")
    page.get_by_role("button", name="Send").click()
    expect(said(page, "By hand")).to_be_in_viewport()
    message(page, "By hand").locator(".message__at").click()
    expect(page).to_have_url(re.compile(r"\?around=\d+#m\d+$"))
    page.locator("#content").get_by_role("link", name="Pinned messages").click()
    expect(said(page, "Who is for tea?")).to_be_visible()
    expect(message(ada, "By hand").locator(".message__quote")).to_contain_text("Who is for tea?")
