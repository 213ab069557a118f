"""Threads in the panel beside the room, in real browsers."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import House, Window, choose, inside, open_thread, panel, said, say, wait_connected

pytestmark = pytest.mark.browser


def reply_box(page: Page) -> Locator:
    return panel(page).get_by_role("textbox", name="Reply")


def reply(page: Page, text: str) -> None:
    reply_box(page).fill(text)
    reply_box(page).press("Enter")


def test_two_people_talk_in_a_thread_and_it_is_in_the_room_too(in_thread: tuple[Page, Page]) -> None:
    ada, grace = in_thread
    open_thread(ada)
    choose(grace, "Who is for tea?", "Open thread")
    expect(reply_box(grace)).to_be_focused()

    reply(ada, "With **milk**?")
    expect(inside(grace, "With milk?")).to_have_count(1)
    reply(grace, "Never!")
    expect(inside(ada, "Never!")).to_have_count(1)

    for page in in_thread:
        expect(panel(page).locator(".message__text")).to_have_text(["Who is for tea?", "I am", "With milk?", "Never!"])
        expect(panel(page).locator(".thread__count")).to_contain_text("3 replies")
        expect(panel(page).locator(".message__quote:visible")).to_have_count(0)
        expect(said(page, "Never!")).to_have_count(2)
        assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size") == page.evaluate(
            "document.querySelectorAll('[id]').length"
        ), "no id is there twice"
    say(ada, "Something else")
    expect(said(grace, "Something else")).to_have_count(1)
    expect(inside(grace, "Something else")).to_have_count(0)


def test_edits_reactions_and_deletions_reach_the_thread_and_its_toolbar_works(in_thread: tuple[Page, Page]) -> None:
    ada, grace = in_thread
    open_thread(ada)
    open_thread(grace)
    theirs = panel(grace).locator(".message").filter(has_text="I am")

    mine = panel(ada).locator(".message").filter(has_text="I am")
    mine.hover()
    mine.get_by_role("button", name="React").click()
    ada.get_by_role("dialog", name="React").get_by_role("button", name="Heart").click()
    theirs.get_by_role("button", name="❤️ 1").click()
    expect(mine.get_by_role("button", name="❤️ 2")).to_have_attribute("title", "You, grace")

    theirs.hover()
    theirs.get_by_role("button", name="More").click()
    grace.get_by_role("dialog", name="This message").get_by_role("button", name="Edit").click()
    expect(grace.locator("#text")).to_have_value("I am")
    grace.locator("#text").fill("I am, and Ada too")
    grace.locator("#text").press("Enter")
    expect(inside(ada, "I am, and Ada too")).to_have_count(1)

    grace.on("dialog", lambda dialog: dialog.accept())
    theirs = panel(grace).locator(".message").filter(has_text="Ada too")
    theirs.hover()
    theirs.get_by_role("button", name="More").click()
    grace.get_by_role("dialog", name="This message").get_by_role("button", name="Delete").click()
    expect(inside(ada, "Message deleted")).to_have_count(1)
    ada.on("dialog", lambda dialog: dialog.accept())
    choose(ada, "Who is for tea?", "Delete")
    expect(reply_box(grace)).to_be_disabled()
    expect(panel(grace).get_by_text("This message was deleted.")).to_be_visible()


def test_a_long_thread_is_read_page_by_page_and_leads_into_the_room(window: Window, house: House, room: str) -> None:
    slug = room.split("/")[2]
    ada = window("ada", room)
    wait_connected(ada, "ada")
    say(ada, "Count with me")
    expect(said(ada, "Count with me")).to_have_count(1)
    house.run(
        "from chat.posting import post_message; from chat.models import Message; from accounts.models import User\n"
        f"from rooms.models import Room\nada = User.objects.get(username='ada'); room = Room.objects.get(slug='{slug}')\n"
        "root = Message.objects.filter(room=room).first().seq\n"
        f"for n in range(60): post_message(actor=ada, slug='{slug}', text=f'count {{n}}', reply_to=root)\n"
    )
    ada.goto(f"{house.server.url}{room}?around=2")
    wait_connected(ada, "ada")
    ada.locator("#items").get_by_role("link", name="60 replies").click()
    expect(inside(ada, "count 59")).to_have_count(1)
    expect(inside(ada, "count 9")).to_have_count(0)

    panel(ada).get_by_role("button", name="Earlier replies").click()

    expect(inside(ada, "count 0")).to_have_count(1)
    expect(panel(ada).locator(".message__text")).to_have_text(["Count with me", *(f"count {n}" for n in range(60))])
    expect(panel(ada).get_by_role("button", name="Earlier replies")).to_have_count(0)
    panel(ada).get_by_role("link", name="Show in the room").click()
    expect(ada).to_have_url(re.compile(r"#m\d+$"))
    expect(panel(ada)).to_be_visible()


def test_what_the_server_does_not_take_comes_back_into_the_box(
    in_thread: tuple[Page, Page], house: House, room: str
) -> None:
    grace = in_thread[1]
    open_thread(grace)
    slug = room.split("/")[2]
    reply(grace, "One")
    expect(inside(grace, "One")).to_have_count(1)
    house.run(f"from rooms.models import Room; Room.objects.filter(slug='{slug}').update(slow_mode_s=3600)")

    reply(grace, "Too soon")

    expect(reply_box(grace)).to_have_value("Too soon")
    expect(panel(grace).get_by_role("status").filter(has_text="Not sent:")).to_be_visible()
    expect(said(grace, "Too soon")).to_have_count(0)
    expect(grace.locator("#text")).to_have_value("")
    grace.locator("#panel-close").click()
    expect(panel(grace)).to_be_hidden()
    open_thread(grace)
    expect(reply_box(grace)).to_have_value("Too soon")
