"""Writing in a real browser: what is completed, what is kept of a draft, and the outbox that all tabs share."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from chat.emoji_names import FILE, emoji_names
from chat.formatting import render
from tests.browsing import House, Window, choose, messages, said, say, wait_connected

browser = pytest.mark.browser


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


def chosen(name: str, size: int) -> FilePayload:
    return FilePayload(name=name, mimeType="text/plain", buffer=b"x" * size)


@browser
def test_an_upload_shows_how_far_it_is_is_cancelled_and_tried_again(window: Window, room: str, house: House) -> None:
    page = window("ada", room)
    wait_connected(page, "ada")
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    tools.send("Network.emulateNetworkConditions", slow)

    page.locator("#file").set_input_files([chosen("long.txt", 2_000_000)])
    upload = page.get_by_role("progressbar", name="Upload of long.txt")
    expect(page.locator("#files")).to_contain_text(re.compile(r"[1-9]\d? %"))
    assert 0 < float(upload.evaluate("(it) => it.value")) < 1
    page.locator("#text").fill("With a file")
    page.locator("#text").press("Enter")
    expect(page.get_by_text("The files are still on their way.")).to_be_visible()
    page.get_by_role("button", name="Cancel the upload of long.txt").click()
    expect(page.locator("#files li")).to_have_count(0)
    expect(page.locator("#text")).to_be_focused()

    tools.send("Network.emulateNetworkConditions", slow | {"offline": True})
    page.locator("#file").set_input_files([chosen("short.txt", 2_000)])
    expect(page.locator("#files .is-failed")).to_contain_text("the server cannot be reached")
    tools.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    page.get_by_role("button", name="Try short.txt again").click()
    expect(page.locator("#files")).to_contain_text("2 KiB")
    page.locator("#text").press("Enter")
    expect(page.locator(".message").last.locator(".file")).to_contain_text("short.txt")


@browser
def test_too_many_and_too_large_files_are_refused_in_words_and_the_others_are_kept(window: Window, room: str) -> None:
    page = window("ada", room)
    wait_connected(page, "ada")

    drop(page, [f"{number}.txt" for number in range(11)])

    expect(page.locator("#files .is-failed")).to_have_count(1)
    expect(page.locator("#files .is-failed")).to_contain_text("a message has at most 10 files")
    page.get_by_role("button", name="Try 10.txt again").click()
    expect(page.locator("#files .is-failed")).to_contain_text("a message has at most 10 files")
    page.get_by_role("button", name="Remove 9.txt").click()
    page.get_by_role("button", name="Try 10.txt again").click()
    expect(page.locator("#files .is-failed")).to_have_count(0)
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(26 * 1024 * 1024)], "huge.bin"));
          const event = new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true });
          document.getElementById("text").dispatchEvent(event);
        }"""
    )
    expect(page.locator("#files .is-failed")).to_contain_text("larger than 25.0 MiB")
    expect(page.get_by_role("button", name=re.compile("^Try .* again"))).to_have_count(0)  # it stays too large
    expect(page.locator("#files li:not(.is-failed)")).to_have_count(10)
    expect(page.locator("#files progress:visible")).to_have_count(0)
    page.locator("#text").press("Enter")
    expect(page.locator(".message .file")).to_have_count(10)


def drop(page: Page, names: list[str]) -> None:
    """Drag small files over the room, away, back, and let them go."""
    drag = """([kind, names]) => {
      const files = new DataTransfer();
      for (const name of names) files.items.add(new File(["tea"], name));
      const event = new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true });
      return document.getElementById("items").dispatchEvent(event);
    }"""
    for kind, is_shown in (("dragenter", True), ("dragleave", False), ("dragover", True), ("drop", False)):
        assert page.evaluate(drag, [kind, names]) is False  # the browser would open them
        expect(page.get_by_text("Drop files to attach them")).to_be_visible(visible=is_shown)


@browser
def test_a_preview_shows_what_the_message_will_look_like(window: Window, room: str, house: House) -> None:
    page = window("ada", room)
    wait_connected(page, "ada")
    box, pane = page.locator("#text"), page.get_by_role("region", name="Preview")
    button = page.get_by_role("button", name="Preview")
    expect(button).to_be_hidden()  # there is nothing to look at

    box.fill("**Strong** tea :tea: <img src=x onerror=alert(1)>")
    box.press("Control+Shift+P")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(pane.locator("strong")).to_have_text("Strong")
    expect(pane).to_contain_text("🍵 <img src=x")
    expect(pane.locator("img")).to_have_count(0)
    expect(box).to_be_focused()
    box.fill("plain")
    expect(pane.locator(".message__text")).to_have_text("plain")
    box.fill("x" * 10_001)
    expect(pane).to_contain_text("at most 10000 characters")
    house.troubles.remove(next(each for each in house.troubles if "413" in each))
    box.press("Escape")
    expect(pane).to_be_hidden()
    box.fill("*Tea*")
    button.click()
    expect(pane.locator("em")).to_have_text("Tea")
    page.context.set_offline(True)
    box.fill("*Milk*")
    expect(pane).to_contain_text("The server cannot be reached.")
    page.context.set_offline(False)
    box.press("Enter")
    expect(page.locator(".message em")).to_have_text("Milk")
    expect(pane).to_be_hidden()
