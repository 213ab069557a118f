"""The panel beside the room in real browsers: pins, files, search, and the cards of people."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browsing import House, Window, choose, inside, message, open_thread, panel, say, wait_connected
from tests.pictures import photo

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


def test_pins_come_and_go_in_the_panel(in_thread: tuple[Page, Page]) -> None:
    ada, grace = in_thread
    grace.get_by_role("link", name="Pinned messages").first.click()
    expect(panel(grace).get_by_text("Nothing is pinned.")).to_be_visible()
    ada.get_by_role("link", name="Pinned messages").first.click()

    choose(ada, "Who is for tea?", "Pin")

    expect(inside(grace, "Who is for tea?")).to_have_count(1)
    expect(panel(grace).get_by_text("Nothing is pinned.")).to_be_hidden()
    expect(panel(grace).get_by_role("button", name="Take the pin off")).to_have_count(0)
    panel(ada).get_by_role("button", name="Take the pin off").click()
    for page in in_thread:
        expect(inside(page, "Who is for tea?")).to_have_count(0)
        expect(panel(page).get_by_text("Nothing is pinned.")).to_be_visible()


def test_files_appear_as_they_are_sent_and_go_with_their_message(in_thread: tuple[Page, Page]) -> None:
    ada, grace = in_thread
    grace.get_by_role("link", name="Files").first.click()
    expect(panel(grace).get_by_text("No files yet.")).to_be_visible()
    pot: FilePayload = {"name": "pot.jpg", "mimeType": "image/jpeg", "buffer": photo(size=(640, 320))}
    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Darjeeling"}
    ada.locator("#file").set_input_files([pot, notes])
    expect(ada.locator("#files li")).to_have_count(2)
    expect(ada.locator("#files progress:visible")).to_have_count(0)
    say(ada, "The pot")

    picture = panel(grace).get_by_role("img", name="pot.jpg")
    expect(picture).to_have_attribute("width", "640")
    expect(picture).to_have_js_property("complete", True)
    expect(panel(grace).get_by_role("link", name=re.compile("notes.txt"))).to_be_visible()
    grace.reload()
    expect(panel(grace).get_by_role("img", name="pot.jpg")).to_be_visible()  # what was open is open again
    ada.on("dialog", lambda dialog: dialog.accept())
    choose(ada, "The pot", "Delete")
    expect(panel(grace).get_by_text("No files yet.")).to_be_visible()


def test_a_search_goes_on_by_itself_while_its_pages_are_short(in_thread: tuple[Page, Page], house: House) -> None:
    ada, _ = in_thread
    asked: list[str] = []

    def answer(route: Route) -> None:
        if "cursor" in route.request.url:
            asked.append(route.request.url)
            return route.continue_(url=route.request.url.split("&cursor")[0])
        return route.fulfill(json={"next": f"{route.request.url}&cursor=further", "results": []})

    ada.route("**/api/search/**", answer)
    ada.get_by_role("link", name="Search this room").click()
    box = panel(ada).get_by_role("searchbox", name="Search messages")
    box.fill("tea")
    box.press("Enter")

    expect(panel(ada).locator(".hit")).to_contain_text("Who is for tea?")
    expect(panel(ada).get_by_role("status").filter(has_text="1 message")).to_be_visible()
    expect(panel(ada).get_by_role("button", name="More")).to_be_hidden()
    assert len(asked) == 1
    ada.unroute_all()


def test_search_finds_marks_filters_and_jumps_and_back_brings_it_again(
    in_thread: tuple[Page, Page], house: House
) -> None:
    ada, _ = in_thread
    ada.get_by_role("link", name="Search this room").click()
    box = panel(ada).get_by_role("searchbox", name="Search messages")
    expect(box).to_be_focused()
    box.fill("te")
    box.press("Enter")
    hit = panel(ada).locator(".hit")
    expect(hit.locator("mark")).to_have_text(["te"])
    expect(hit).to_contain_text("Who is for tea?")
    panel(ada).get_by_text("Filters").click()
    panel(ada).get_by_label("From").fill("@Grace")
    panel(ada).get_by_label("From").press("Enter")
    expect(panel(ada).get_by_role("status").filter(has_text="Nothing was found.")).to_be_visible()
    panel(ada).get_by_label("From").fill("")
    box.fill("?!")
    box.press("Enter")
    expect(panel(ada).get_by_role("status").filter(has_text="There is no word to search for.")).to_be_visible()
    [refused] = house.troubles
    assert "400" in refused, "what Chromium itself writes"
    house.troubles.clear()
    box.fill("tea")
    box.press("Enter")

    hit.get_by_role("link").click()

    expect(ada).to_have_url(re.compile(r"#m\d+$"))
    expect(ada.locator("#items .item:target .message__text")).to_have_text("Who is for tea?")
    ada.go_back()
    expect(panel(ada)).to_be_visible()
    expect(hit).to_have_count(1)
    ada.go_back()
    expect(panel(ada)).to_be_hidden()


def test_on_a_phone_the_panel_is_a_sheet_that_back_and_escape_close(
    window: Window, in_thread: tuple[Page, Page]
) -> None:
    ada = window("ada", urlsplit(in_thread[0].url).path, **PHONE)
    wait_connected(ada, "ada")
    link = ada.locator("#items").get_by_role("link", name="1 reply")
    open_thread(ada)
    assert panel(ada).evaluate("(e) => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight]") == [0, 0, 320, 640]
    expect(ada.locator("#content")).to_have_attribute("inert", "")
    assert ada.evaluate("document.documentElement.scrollWidth") == 320

    ada.go_back()
    expect(panel(ada)).to_be_hidden()
    expect(link).to_be_focused()
    open_thread(ada)
    ada.keyboard.press("Escape")
    expect(panel(ada)).to_be_hidden()
    expect(link).to_be_focused()
    open_thread(ada)
    panel(ada).get_by_role("link", name="Show in the room").click()
    expect(panel(ada)).to_be_hidden()
    expect(message(ada, "Who is for tea?")).to_be_in_viewport()

    ada.get_by_role("button", name="Who is here").click()
    ada.locator("#people").get_by_role("link", name="Files").click()
    expect(panel(ada).get_by_text("No files yet.")).to_be_visible()
    expect(ada.locator("#people")).to_be_hidden()


def test_a_person_has_a_card_to_mention_and_to_write_to(in_thread: tuple[Page, Page]) -> None:
    ada, grace = in_thread
    ada.locator("#text").fill("Hello")
    ada.locator("#people").get_by_role("button", name="grace").click()
    card = ada.get_by_role("dialog", name="grace")
    expect(card).to_contain_text("@grace · member")
    expect(card.get_by_role("link", name="Role and membership")).to_be_visible()
    card.get_by_role("button", name="Mention").click()
    expect(ada.locator("#text")).to_have_value("Hello @grace ")
    expect(ada.locator("#text")).to_be_focused()

    grace.locator("#people").get_by_role("button", name="grace").click()
    mine = grace.get_by_role("dialog", name="grace")
    expect(mine.get_by_role("button", name="Message")).to_have_count(0)
    expect(mine.get_by_role("link", name="Role and membership")).to_have_count(0)
    grace.keyboard.press("Escape")
    grace.locator("#people").get_by_role("button", name="ada").click()
    grace.get_by_role("dialog", name="ada").get_by_role("button", name="Message").click()
    grace.wait_for_url(re.compile("/rooms/dm-"))
    expect(grace.get_by_role("heading", name="ada", exact=True)).to_be_visible()


def test_a_crowd_is_filtered_by_name(window: Window, house: House, room: str) -> None:
    slug = room.split("/")[2]
    house.run(
        "from accounts.models import User; from rooms.models import Membership, Room\n"
        f"room = Room.objects.get(slug='{slug}')\n"
        "for n in range(14): Membership.objects.create(room=room, user=User.objects.create(username=f'{room.slug}-guest{n}'))\n"
    )
    ada = window("ada", room)
    wait_connected(ada, "ada")
    ada.get_by_label("Find somebody in this room").fill("GUEST13")
    expect(ada.locator("#people .person:visible")).to_have_count(1)
    ada.get_by_label("Find somebody in this room").fill("")
    expect(ada.locator("#people .person:visible")).to_have_count(15)


def test_without_a_script_the_same_links_are_pages(window: Window, in_thread: tuple[Page, Page]) -> None:
    ada = window("ada", urlsplit(in_thread[0].url).path, java_script_enabled=False)
    for name, heading in (("Pinned messages", "Pinned messages"), ("Files", "Files"), ("1 reply", "Thread")):
        ada.get_by_role("link", name=name).first.click()
        expect(ada.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        ada.go_back()
    ada.get_by_role("link", name="Search this room").click()
    ada.get_by_role("searchbox").fill("tea")
    ada.get_by_role("button", name="Search").click()
    ada.get_by_role("link", name=re.compile("Who is for tea")).click()
    expect(ada).to_have_url(re.compile(r"around=\d+#m\d+$"))
