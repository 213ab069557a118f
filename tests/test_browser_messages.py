"""What two people do with messages in real browsers: react, reply, edit, pin, link to one, attach files."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browsing import House, Window, choose, message, said, say, wait_connected
from tests.pictures import photo

pytestmark = pytest.mark.browser


def drawn(page: Page) -> list[str]:
    """The messages as they are drawn, without what differs from paint to paint."""
    return page.locator(".message").evaluate_all(
        """all => all.map((item) => {
          const clone = item.cloneNode(true);
          clone.querySelectorAll('[hidden], .toolbar, .day, .first-new').forEach((each) => each.remove());
          for (const link of clone.querySelectorAll('a')) link.setAttribute('href', link.href.split('#')[0]);
          for (const each of clone.querySelectorAll('*')) each.removeAttribute('title');
          return [item.className.replace('is-quoting', '').trim(), clone.innerHTML.replace(/\\s+/g, ' ')].join(' ');
        })"""
    )


def test_a_reaction_is_counted_in_every_window_and_taken_back(both: tuple[Page, Page]) -> None:
    ada, grace = both
    message(grace, "Who is for tea?").hover()
    message(grace, "Who is for tea?").get_by_role("button", name="React").click()
    grace.get_by_role("dialog", name="React").get_by_role("button", name="Thumbs up").click()

    theirs = message(ada, "Who is for tea?").get_by_role("button", name="👍 1")
    expect(theirs).to_have_attribute("aria-pressed", "false")
    expect(theirs).to_have_attribute("title", "grace")
    theirs.click()
    expect(message(grace, "Who is for tea?").get_by_role("button", name="👍 2")).to_have_attribute("title", "You, ada")
    grace.reload()
    mine = message(grace, "Who is for tea?").get_by_role("button", name="👍 2")
    expect(mine).to_have_attribute("aria-pressed", "true")
    message(grace, "Who is for tea?").hover()
    more = message(grace, "Who is for tea?").get_by_role("button", name="More")
    more.press("Enter")
    grace.get_by_role("dialog", name="This message").get_by_role("button", name="Who reacted").press("Enter")
    who = grace.get_by_role("dialog", name="Reactions")
    expect(who.get_by_role("definition")).to_have_text(["You, ada"])
    grace.keyboard.press("Escape")
    expect(who).to_be_hidden()
    expect(more).to_be_focused()
    mine.click()
    expect(message(ada, "Who is for tea?").get_by_role("button", name="👍 1")).to_be_visible()
    message(ada, "Who is for tea?").get_by_role("button", name="👍 1").click()

    for page in (ada, grace):
        expect(page.locator(".reaction")).to_have_count(0)


def test_any_emoji_can_be_written_and_what_is_none_is_refused_in_words(both: tuple[Page, Page]) -> None:
    ada, grace = both
    for sign in ("🫖", "§"):
        choose(ada, "I am", "React")
        ada.get_by_label("Find an emoji").fill(sign)
        ada.get_by_label("Find an emoji").press("Enter")

    expect(message(grace, "I am").locator(".reaction")).to_have_text(["🫖 1"])
    expect(ada.get_by_role("status").get_by_text("Use one emoji.")).to_be_visible()


def test_an_emoji_is_found_by_its_name_and_at_hand_the_next_time(both: tuple[Page, Page]) -> None:
    ada, grace = both
    menu = ada.get_by_role("dialog", name="React")
    field = menu.get_by_label("Find an emoji")
    choose(ada, "I am", "React")
    expect(menu.get_by_role("button", name="Thumbs up")).to_be_focused()
    field.fill("no such thing")
    expect(menu.get_by_role("status")).to_have_text("No emoji of that name.")
    field.press("Enter")
    expect(menu).to_be_visible()
    field.fill("teapo")
    expect(menu.get_by_role("button", name="teapot")).to_be_visible()
    expect(menu.get_by_role("button", name="Thumbs up")).to_be_hidden()
    field.press("ArrowDown")
    expect(menu.get_by_role("button", name="teapot")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(message(grace, "I am").locator(".reaction")).to_have_text(["🫖 1"])

    choose(ada, "I am", "React")
    for key, name in (("ArrowDown", "Thumbs up"), ("ArrowRight", "Heart"), ("ArrowDown", "Heart"), ("ArrowUp", "🫖")):
        ada.keyboard.press(key)
        expect(menu.get_by_role("button", name=name)).to_be_focused()
    ada.keyboard.press("Escape")
    choose(ada, "Who is for tea?", "React")
    menu.get_by_role("group", name="Used last").get_by_role("button", name="🫖").click()
    expect(message(grace, "Who is for tea?").locator(".reaction")).to_have_text(["🫖 1"])
    choose(ada, "Who is for tea?", "React")
    field.fill("honeybee")
    field.press("Enter")
    expect(message(grace, "Who is for tea?").locator(".reaction")).to_have_text(["🫖 1", "🐝 1"])


def test_a_reply_shows_what_it_answers_and_the_root_counts_it(both: tuple[Page, Page]) -> None:
    ada, grace = both
    choose(grace, "Who is for tea?", "Reply")
    expect(grace.locator("#purpose")).to_contain_text("Replying to \u2068ada\u2069: Who is for tea?")
    grace.keyboard.press("Escape")
    expect(grace.locator("#purpose")).to_be_hidden()
    message(grace, "Who is for tea?").get_by_role("button", name="Reply").click()
    say(grace, "With milk")

    for page in (ada, grace):
        expect(message(page, "With milk").locator(".message__quote")).to_contain_text("ada Who is for tea?")
        expect(message(page, "Who is for tea?").get_by_role("link", name="1 reply")).to_be_visible()
    expect(grace.locator("#purpose")).to_be_hidden()
    message(ada, "Who is for tea?").get_by_role("link", name="1 reply").click()
    expect(ada.get_by_role("heading", name="Thread")).to_be_visible()
    ada.get_by_role("textbox", name="Reply").fill("Milk?!")
    ada.get_by_role("button", name="Send reply").click()
    expect(said(ada, "Milk?!").first).to_be_in_viewport()
    expect(message(grace, "Who is for tea?").get_by_role("link", name="2 replies")).to_be_visible()
    expect(message(grace, "Milk?!").locator(".message__quote")).to_contain_text("Who is for tea?")


def test_an_edit_begins_with_the_arrow_and_keeps_what_was_being_written(both: tuple[Page, Page]) -> None:
    ada, grace = both
    box = ada.locator("#text")
    box.press("ArrowUp")
    expect(box).to_have_value("Who is for tea?")
    expect(ada.locator("#purpose")).to_contain_text("Editing")
    box.press("Escape")
    expect(box).to_have_value("")

    box.fill("half a thou")
    choose(ada, "Who is for tea?", "Edit")
    expect(box).to_have_value("Who is for tea?")
    say(ada, "Who is for **coffee**?")

    expect(box).to_have_value("half a thou")
    for page in (ada, grace):
        expect(page.locator(".message strong")).to_have_text("coffee")
    message(grace, "coffee").get_by_role("link", name="edited").click()
    expect(grace.locator(".versions .message__text")).to_have_text(["Who is for **coffee**?", "Who is for tea?"])
    grace.get_by_role("link", name="Show it in the room").click()
    expect(message(grace, "coffee")).to_have_css("background-color", "rgb(223, 240, 231)")


def test_an_edit_that_is_refused_stays_in_the_box(both: tuple[Page, Page], house: House) -> None:
    ada, _ = both
    ada.locator("#text").press("ArrowUp")
    expect(ada.locator("#text")).to_have_value("Who is for tea?")

    say(ada, "\u200b")

    expect(ada.get_by_role("status").get_by_text("A message needs something to read.")).to_be_visible()
    expect(ada.locator("#text")).to_have_value("\u200b")
    expect(ada.locator("#purpose")).to_contain_text("Editing")
    house.server.kill()
    expect(ada.get_by_role("status").get_by_text("Connection lost")).to_be_visible()
    say(ada, "Who is for milk?")
    expect(ada.get_by_role("status").get_by_text("There is no connection")).to_be_visible()
    expect(ada.locator("#text")).to_have_value("Who is for milk?")
    house.server.start()
    expect(ada.get_by_role("status").get_by_text("Connected again.")).to_be_visible()
    ada.locator("#text").press("Enter")
    expect(said(ada, "Who is for milk?")).to_have_count(1)


def test_a_pin_is_told_marked_and_listed(both: tuple[Page, Page]) -> None:
    ada, grace = both
    choose(ada, "I am", "Pin")

    for page in (ada, grace):
        expect(page.get_by_text("ada pinned a message")).to_be_visible()
        expect(message(page, "I am").locator(".message__pinned")).to_be_visible()
    live = drawn(grace)
    grace.reload()
    wait_connected(grace, "grace")
    assert drawn(grace) == live
    grace.get_by_role("link", name="Pinned messages").click()
    expect(said(grace, "I am")).to_be_visible()
    choose(ada, "I am", "Take the pin off")
    expect(ada.get_by_text("ada took the pin off a message")).to_be_visible()
    grace.reload()
    expect(grace.get_by_text("Nothing is pinned.")).to_be_visible()


def test_only_what_i_may_do_is_offered(both: tuple[Page, Page], window: Window) -> None:
    ada, grace = both
    offered = {}
    for name, page in (("ada", ada), ("grace", grace)):
        message(page, "I am").hover()
        message(page, "I am").get_by_role("button", name="More").click()
        menu = page.get_by_role("dialog", name="This message")
        offered[name] = [text.strip() for text in menu.get_by_role("button").all_inner_texts()]
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(message(page, "I am").get_by_role("button", name="More")).to_be_focused()

    assert offered["ada"] == ["React", "Reply", "Pin", "Open thread", "Copy link", "Mark unread", "Delete"]
    assert offered["grace"] == ["React", "Reply", "Edit", "Open thread", "Copy link", "Mark unread", "Delete"]


def test_files_are_uploaded_shown_and_sent_without_a_word(both: tuple[Page, Page], house: House) -> None:
    ada, grace = both
    ada.locator("#file").set_input_files(
        [
            FilePayload(name="pot.jpg", mimeType="image/jpeg", buffer=photo(size=(640, 320))),
            FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"x" * 5000),
            FilePayload(name="empty.txt", mimeType="text/plain", buffer=b""),
        ]
    )
    expect(ada.locator("#files li")).to_contain_text(["KiB", "5 KiB", "empty"])
    expect(ada.locator("#files .is-failed")).to_have_count(1)
    house.troubles.remove(next(each for each in house.troubles if "400 (Bad Request)" in each))
    expect(ada.locator("#files .is-failed").get_by_role("button", name="Try")).to_be_hidden()  # it would be empty again
    ada.get_by_role("button", name="Remove empty.txt").click()
    expect(ada.locator("#text")).to_be_focused()
    ada.keyboard.press("Enter")

    for page in (ada, grace):
        last = page.locator(".message").last
        expect(last.get_by_role("img", name="pot.jpg")).to_have_js_property("naturalWidth", 480)
        expect(last.get_by_role("img", name="pot.jpg")).to_have_js_property("width", 320)
        expect(last.locator(".file")).to_have_text(re.compile("notes.txt 5 KiB"))
    expect(ada.locator("#files li")).to_have_count(0)
    live = drawn(grace)
    grace.reload()
    wait_connected(grace, "grace")
    assert drawn(grace) == live


def test_the_keyboard_goes_through_the_toolbars_and_the_menus(both: tuple[Page, Page]) -> None:
    ada, _ = both
    more = message(ada, "I am").get_by_role("button", name="More")
    more.focus()
    ada.keyboard.press("ArrowLeft")
    expect(message(ada, "I am").get_by_role("button", name="Reply")).to_be_focused()
    ada.keyboard.press("ArrowUp")
    expect(message(ada, "Who is for tea?").get_by_role("button", name="Reply")).to_be_focused()
    ada.keyboard.press("ArrowRight")
    ada.keyboard.press("Enter")
    menu = ada.get_by_role("dialog", name="This message")
    expect(menu.get_by_role("button", name="React")).to_be_focused()
    ada.keyboard.press("ArrowDown")
    ada.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Edit")).to_be_focused()
    ada.keyboard.press("Enter")

    expect(ada.locator("#text")).to_have_value("Who is for tea?")
    expect(ada.locator("#text")).to_be_focused()


def test_every_button_has_a_name(both: tuple[Page, Page]) -> None:
    ada, _ = both
    nameless = """() => [...document.querySelectorAll('button, a[href], input:not([type=hidden]), textarea')]
      .filter((each) => !(each.ariaLabel || each.textContent.trim() || each.labels?.length || each.hidden
        || each.querySelector('img[alt]')))
      .map((each) => each.outerHTML)"""
    assert ada.evaluate(nameless) == []


def test_on_a_telephone_everything_is_in_a_menu_at_the_foot(window: Window, house: House, room: str) -> None:
    size = {"width": 360, "height": 740}
    ada = window("ada", room, viewport=size, has_touch=True, is_mobile=True)
    wait_connected(ada, "ada")
    ada.locator("#text").fill("From the train")
    ada.get_by_role("button", name="Send").tap()
    expect(said(ada, "From the train")).to_have_count(1)

    message(ada, "From the train").get_by_role("button", name="More").tap()
    menu = ada.get_by_role("dialog", name="This message")
    box = menu.bounding_box()
    assert box
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 360, 740)
    menu.get_by_role("button", name="React").tap()
    ada.get_by_role("dialog", name="React").get_by_role("button", name="Heart").tap()

    expect(message(ada, "From the train").locator(".reaction")).to_have_text(["❤️ 1"])
    assert ada.evaluate("document.documentElement.scrollWidth") == 360
