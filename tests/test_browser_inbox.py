"""What waits, deleting and bans in real browsers: two people, each with their own window."""

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browsing import House, Window, choose, said, say, wait_connected

pytestmark = pytest.mark.browser


@pytest.fixture
def rooms(house: House) -> tuple[str, str]:
    """Two rooms that ada owns."""
    return house.room("ada"), house.room("ada")


def badge(page: Page, room: str) -> Locator:
    """What the sidebar says of a room."""
    return page.locator(f'[data-room="{room.split("/")[2]}"] .badge > span:first-child')


def test_the_sidebar_counts_what_is_unread_until_it_is_read(window: Window, rooms: tuple[str, str]) -> None:
    here, there = rooms
    ada, grace = window("ada", there), window("grace", there)
    wait_connected(ada, "grace")
    say(grace, "I am in")
    expect(said(ada, "I am in")).to_have_count(1)
    grace.goto(grace.url.replace(there, here))
    expect(badge(grace, there)).to_be_hidden()

    say(ada, "One")
    say(ada, "Two")
    expect(badge(grace, there)).to_have_text("2")
    say(ada, "Three, @grace")
    expect(badge(grace, there)).to_have_text("1")
    expect(grace).to_have_title("(1) " + grace.title().removeprefix("(1) "))

    grace.reload()
    expect(badge(grace, there)).to_have_text("1")
    phone = window("grace", there)
    expect(said(phone, "Three, @grace")).to_have_count(1)
    phone.bring_to_front()
    expect(badge(grace, there)).to_be_hidden()


def test_a_muted_room_stays_quiet_and_a_favourite_comes_first(window: Window, rooms: tuple[str, str]) -> None:
    first, second = rooms
    ada = window("ada", f"{second}settings/")
    ada.get_by_label("A favourite").check()
    ada.get_by_label("Muted").check()
    ada.get_by_role("button", name="Set for me").click()
    expect(ada.get_by_text("Saved.")).to_be_visible()

    ada.goto(ada.url.replace(f"{second}settings/", first))

    item = ada.locator(".side__item[data-room]").first
    expect(item).to_have_attribute("data-room", second.split("/")[2])
    expect(item).to_have_class("side__item is-muted")


def test_a_deleted_message_leaves_a_tombstone_in_every_window(window: Window, rooms: tuple[str, str]) -> None:
    room, _ = rooms
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "grace")
    say(grace, "A slip")
    say(ada, "A thought")
    expect(said(ada, "A slip")).to_have_count(1)
    grace.on("dialog", lambda dialog: dialog.accept())

    choose(grace, "A slip", "Delete")

    for page in (ada, grace):
        expect(said(page, "A slip")).to_have_count(0)
        expect(said(page, "Message deleted")).to_have_count(1)
    ada.reload()
    expect(said(ada, "Message deleted")).to_have_count(1)


def test_somebody_who_is_banned_is_told_and_stays_out(window: Window, rooms: tuple[str, str]) -> None:
    room, _ = rooms
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "grace")
    desk = window("ada", f"{room}settings/")
    desk.get_by_label("Ban a person").fill("grace")
    desk.get_by_label("Why").fill("Spam")

    desk.get_by_role("button", name="Ban", exact=True).click()

    expect(desk.get_by_text("Grace is banned.", exact=False).or_(desk.get_by_text("grace is banned."))).to_be_visible()
    expect(grace.locator("#connection")).not_to_be_empty()
    expect(ada.locator(".change").last).to_contain_text("banned")
    desk.get_by_role("button", name="Lift").click()
    expect(desk.get_by_text("The ban is lifted.")).to_be_visible()


def test_a_room_that_was_lost_while_nobody_listened_is_gone_afterwards(
    house: House, window: Window, rooms: tuple[str, str]
) -> None:
    here, there = rooms
    window("grace", there).get_by_role("button", name="Join").click()
    grace = window("grace", here)
    open_sockets: list[WebSocketRoute] = []

    def deafen(socket: WebSocketRoute) -> None:
        open_sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda frame: None if "inbox.gone" in str(frame) else socket.send(frame))

    grace.route_web_socket("**/ws/inbox/", deafen)
    grace.reload()
    item = grace.locator(f'[data-room="{there.split("/")[2]}"]')
    expect(item).to_have_count(1)
    house.run(
        "from rooms.membership import leave_room; from accounts.models import User; "
        f"leave_room(actor=User.objects.get(username='grace'), slug='{there.split('/')[2]}')"
    )
    expect(item).to_have_count(1)
    open_sockets[-1].close()

    expect(item).to_have_count(0)
