"""Two people in two real browsers: talking, going offline and coming back, reading what is old."""

import json
import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browsing import PASSWORD, House, Window, messages, said, say, wait_connected
from tests.servers import wait_until

pytestmark = pytest.mark.browser
ALL_READ = "async () => (await (await fetch('/api/inbox/')).json()).totals.unread === 0"


def at_end(page: Page) -> bool:
    return bool(page.evaluate("Math.abs(document.getElementById('timeline').scrollTop) < 2"))


def test_somebody_signs_up_opens_a_room_and_signs_out(house: House, window: Window) -> None:
    page = window()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("link", name="New room").click()
    page.get_by_label("Name").fill("Garden")
    page.get_by_label("Topic").fill("Green things")
    page.get_by_role("button", name="Open the room").click()

    expect(page.get_by_role("heading", name="Garden", level=1)).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Green things")).to_be_visible()
    wait_connected(page, "newcomer")

    page.locator("#rooms").get_by_role("button", name="newcomer").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{house.server.url}/rooms/garden/")

    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/rooms/garden/"))


def test_two_people_talk_and_a_reload_shows_the_same(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")

    say(grace, "Is this <b>bold</b>?")
    expect(said(ada, "Is this <b>bold</b>?")).to_have_count(1)
    say(ada, "No.")
    say(ada, "Never.")

    for page in (ada, grace):
        expect(said(page, "Never.")).to_have_count(1)
        expect(page.locator(".change__text")).to_contain_text(["grace joined"])
        expect(page.locator(".message").nth(2)).to_have_class(re.compile("is-continued"))
        expect(page.locator(".is-pending")).to_have_count(0)
        live = page.locator("#items").inner_text()
        wait_until(partial(page.evaluate, ALL_READ), "all is read")
        page.reload()
        assert page.locator("#items").inner_text() == live


def test_changes_of_the_room_are_told_live_in_the_words_of_the_page(house: House, window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "grace")
    say(grace, "Hello")
    expect(said(ada, "Hello")).to_have_count(1)
    desk = window("ada", f"{room}settings/")
    desk.get_by_label("Name").fill("Salon")
    desk.get_by_label("Topic").fill("Everything")
    desk.get_by_label("People without an account").select_option("read")
    desk.get_by_role("button", name="Save").click()
    desk.get_by_label("Role of grace").select_option("moderator")
    desk.get_by_role("button", name="Set the role of grace").click()
    desk.get_by_role("button", name="Remove grace").click()

    expect(ada.get_by_text("ada removed grace")).to_be_visible()
    expect(ada).to_have_title("Salon · Parlor")
    expect(ada.locator("#room-topic")).to_have_text("Everything")
    live = ada.locator(".change__text").all_inner_texts()
    assert len(live) == 4
    ada.reload()
    assert ada.locator(".change__text").all_inner_texts() == live


def test_typing_is_shown_until_the_message_comes(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")

    grace.locator("#text").press_sequentially("He")
    expect(ada.locator("#typing")).to_have_text("grace is typing…")
    expect(grace.locator("#typing")).to_be_empty()
    say(grace, "Hello")

    expect(said(ada, "Hello")).to_have_count(1)
    expect(ada.locator("#typing")).to_be_empty()


def test_the_page_shows_who_is_here_and_who_left(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    say(grace, "I am a member now")
    expect(said(ada, "I am a member now")).to_have_count(1)

    grace.close()

    expect(ada.locator("#people-away")).to_contain_text("grace")
    expect(ada.locator("#people-here .person__name")).to_have_text(["ada"])


def test_the_page_counts_a_crowd_and_then_lists_who_is_left(window: Window, room: str) -> None:
    ada = window("ada", room)
    of_server: list[WebSocketRoute] = []
    greeted: list[str | bytes] = []

    def between(page_side: WebSocketRoute) -> None:
        def pass_on(frame: str | bytes) -> None:
            page_side.send(frame)
            if '"hello"' in str(frame):
                greeted.append(frame)

        of_server.append(page_side)
        page_side.connect_to_server().on_message(pass_on)

    def tell(event: str, **fields: Any) -> None:
        frame = {"type": "presence", "room": "crowd", "event": event, "user": None, "guests_here": 2, **fields}
        of_server[-1].send(json.dumps(frame))

    ada.route_web_socket("**/ws/chat/**", between)
    ada.reload()
    while not greeted:  # the page names ada before that, as the server drew it
        ada.wait_for_timeout(20)

    tell("count", here_count=400)
    expect(ada.locator("#more-here")).to_have_text("and 399 more")
    expect(ada.locator("#here-count")).to_have_text("402")

    tell("here", here=[{"id": 9, "username": "mary", "name": "Mary", "avatar": None}], here_count=1)
    expect(ada.locator("#people-here .person__name")).to_have_text(["Mary"])
    expect(ada.locator("#people-away")).to_contain_text("ada")
    expect(ada.locator("#more-here")).to_be_hidden()
    expect(ada.locator("#guests-here")).to_have_text("2 guests")


def test_what_is_written_while_the_server_is_away_is_sent_once(house: House, window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    say(ada, "before")
    expect(said(grace, "before")).to_have_count(1)

    house.server.kill()
    expect(ada.get_by_role("status").get_by_text("Connection lost")).to_be_visible()
    say(ada, "while away")
    say(ada, "and another")
    expect(ada.get_by_text("Not sent yet")).to_have_count(2)
    house.server.start()

    for page in (ada, grace):
        expect(said(page, "and another")).to_have_count(1)
        expect(page.locator(".is-pending")).to_have_count(0)
        assert messages(page).all_inner_texts() == ["before", "while away", "and another"]
    expect(ada.get_by_text("Connection lost")).to_have_count(0)
    ada.reload()
    assert messages(ada).all_inner_texts() == ["before", "while away", "and another"]


def test_what_waits_survives_a_reload(house: House, window: Window, room: str) -> None:
    ada = window("ada", room)
    wait_connected(ada, "ada")
    house.server.kill()
    say(ada, "kept")
    expect(ada.locator(".is-pending")).to_have_count(1)

    house.server.start()
    ada.goto(f"{house.server.url}{room}")

    expect(said(ada, "kept")).to_have_count(1)
    expect(ada.locator(".is-pending")).to_have_count(0)
    ada.reload()
    assert messages(ada).all_inner_texts() == ["kept"]


def test_a_refused_message_says_why_and_can_be_tried_again(house: House, window: Window) -> None:
    desk = window("ada", "/rooms/lobby/settings/")
    guest, grace = window(None, "/rooms/lobby/"), window("grace", "/rooms/lobby/")
    wait_connected(grace, "grace")
    expect(grace.locator("#guests-here")).to_have_text("1 guest")

    desk.get_by_label("People without an account").select_option("read")
    desk.get_by_role("button", name="Save").click()
    expect(guest.get_by_text("let guests read the room")).to_be_visible()
    say(guest, "May I?")
    expect(guest.get_by_text("Not sent: you may not do this.")).to_be_visible()
    expect(said(grace, "May I?")).to_have_count(0)
    desk.get_by_label("People without an account").select_option("write")
    desk.get_by_role("button", name="Save").click()
    expect(guest.get_by_text("let guests read and write")).to_be_visible()
    guest.get_by_role("button", name="Try again").click()

    expect(guest.get_by_text("Not sent")).to_have_count(0)
    for page in (guest, grace):
        expect(said(page, "May I?")).to_have_count(1)


def test_a_page_from_before_a_restore_loads_itself_again(house: House, window: Window, room: str) -> None:
    ada = window("ada", room)
    wait_connected(ada, "ada")
    old = ada.locator("#start").text_content()

    house.server.stop()
    house.run("from foundation.deployment import change_epoch; change_epoch()")
    house.server.start()

    expect(ada.locator("#start")).not_to_have_text(old or "")
    say(ada, "We are back")
    expect(said(ada, "We are back")).to_have_count(1)
    expect(ada.locator(".is-pending")).to_have_count(0)


def test_whoever_loses_the_room_is_told_and_can_write_no_more(house: House, window: Window, room: str) -> None:
    ada, grace, desk = window("ada", room), window("grace", room), window("ada", f"{room}settings/")
    say(grace, "Hello")
    expect(said(ada, "Hello")).to_have_count(1)

    desk.reload()
    desk.get_by_role("button", name="Remove grace").click()
    expect(grace.get_by_role("status").get_by_text("You are not in this room any more.")).to_be_visible()
    expect(grace.locator("#text")).to_be_disabled()

    desk.get_by_label("To be sure, type what it is called").fill(desk.locator("#name").input_value())
    desk.get_by_role("button", name="Delete this room").click()
    expect(ada.get_by_role("status").get_by_text("This room was deleted.")).to_be_visible()


def test_signing_out_in_one_window_ends_the_other(window: Window, house: House, room: str) -> None:
    house.sign_up("leaver")
    page = window("leaver", room)
    other = page.context.new_page()
    other.goto(f"{house.server.url}{room}")
    wait_connected(page, "leaver")

    other.locator("#rooms").get_by_role("button", name="leaver").click()
    other.get_by_role("button", name="Sign out", exact=True).click()

    expect(page.get_by_role("status").get_by_text("You are signed out.")).to_be_visible()


def test_a_new_password_in_one_window_leaves_the_other_live(window: Window, house: House, room: str) -> None:
    house.sign_up("renewer")
    page = window("renewer", room)
    wait_connected(page, "renewer")
    other = page.context.new_page()
    other.goto(f"{house.server.url}/accounts/password/change/")
    other.locator("[name=oldpassword]").fill(PASSWORD)
    other.locator("[name=password1]").fill("another battery staple")
    other.locator("[name=password2]").fill("another battery staple")
    other.get_by_role("button", name="Change password").click()
    expect(other.get_by_text("Password successfully changed")).to_be_visible()

    say(page, "still me")

    expect(said(page, "still me")).to_have_count(1)
    expect(page.locator(".is-pending")).to_have_count(0)
    expect(page.get_by_text("You are signed out.")).to_have_count(0)
    room_of_all = house.room("ada").split("/")[2]
    house.ask("ada", "PUT", f"rooms/{room_of_all}/members/renewer/")
    expect(page.locator(f"#rooms [data-room={room_of_all}]")).to_have_count(1)
