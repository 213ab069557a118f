"""What a screen reader is told: new messages of others in one line, and neither history, nor my own, nor what is small."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, choose, message, said, say, wait_connected

pytestmark = pytest.mark.browser
# Every text that enters a live region which speaks, once it is loaded. A region inside one that is off is off.
LISTEN = """
globalThis.heard = [];
const ROLES = { status: "polite", log: "polite", alert: "assertive" };
const loudness = (element) => {
  for (let each = element; each instanceof Element; each = each.parentElement) {
    const live = each.getAttribute("aria-live") ?? ROLES[each.getAttribute("role")];
    if (live) return live;
  }
  return "off";
};
const listening = new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
    if (!(element instanceof Element) || !element.checkVisibility() || loudness(element) === "off") continue;
    const nodes = addedNodes.length ? [...addedNodes] : [];
    const words = nodes.map((node) => node.textContent.replace(/\\s+/g, " ").trim()).filter(Boolean);
    heard.push(...words);
  }
});
// What a page is loaded with is not told.
document.addEventListener("DOMContentLoaded",
  () => listening.observe(document, { childList: true, characterData: true, subtree: true }));
"""
TALK = """
from accounts.models import User
from chat.posting import post_message
grace = User.objects.get(username="grace")
for number in range({count}):
    post_message(actor=grace, slug="{slug}", text="{text} %d" % number)
"""

EDIT = """
from accounts.models import User
from chat.editing import edit_message
from chat.models import Message
grace = User.objects.get(username="grace")
last = Message.objects.get(room__slug="{slug}", text="Old 59")
edit_message(actor=grace, slug="{slug}", seq=last.seq, text="Old 59, edited")
"""


def slug_of(room: str) -> str:
    return room.split("/")[2]


def listener(window: Window, who: str | None, room: str) -> Page:
    """A window whose live regions are written down from its beginning."""
    page = window(who, room)
    page.add_init_script(LISTEN)
    page.reload()
    return page


def heard(page: Page) -> list[str]:
    return list(page.evaluate("heard"))


def wait_heard(page: Page, words: str) -> None:
    page.wait_for_function("(words) => heard.includes(words)", arg=words)


def test_new_messages_of_others_are_read_in_one_line_and_nothing_else(window: Window, room: str, house: House) -> None:
    house.run(TALK.format(count=60, slug=slug_of(room), text="Old"))
    ada, grace = listener(window, "ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    ada.locator("#timeline").evaluate("(log) => { log.scrollTop = -log.scrollHeight; }")
    expect(said(ada, "Old 0")).to_have_count(1)
    ada.locator("#timeline").evaluate("(log) => { log.scrollTop = 0; }")

    say(ada, "My own words")
    expect(said(grace, "My own words")).to_have_count(1)
    choose(grace, "My own words", "React")
    grace.get_by_role("dialog", name="React").get_by_role("button", name="Thumbs up").click()
    expect(message(ada, "My own words").locator(".reaction")).to_have_count(1)
    house.run(EDIT.format(slug=slug_of(room)))
    expect(said(ada, "Old 59, edited")).to_have_count(1)
    grace.locator("#text").press_sequentially("**Two**")
    say(grace, "**Two** `cups`,\nsee https://example.org/tea\n```\nx = 1\ny = 2\n```")
    wait_heard(ada, "grace: Two cups, see link to example.org code of 2 lines: x = 1")
    say(grace, "Last")
    wait_heard(ada, "grace: Last")

    assert heard(ada) == ["grace: Two cups, see link to example.org code of 2 lines: x = 1", "grace: Last"]


def test_of_many_messages_at_once_only_their_number_is_read(window: Window, room: str, house: House) -> None:
    ada = listener(window, "ada", room)
    wait_connected(ada, "ada")
    ada.evaluate(
        """() => { const late = globalThis.setTimeout;
          globalThis.setTimeout = (act, wait, ...rest) => late(act, wait === 700 ? 6000 : wait, ...rest); }"""
    )
    house.run(TALK.format(count=12, slug=slug_of(room), text="Many"))

    wait_heard(ada, "12 new messages")
    assert not [words for words in heard(ada) if words.startswith("grace:")]


def test_a_guests_own_message_is_not_read_to_them(window: Window, house: House) -> None:
    house.run("from rooms.models import Guests, Room; Room.objects.filter(slug='lobby').update(guests=Guests.WRITE)")
    guest, other = listener(window, None, "/rooms/lobby/"), window(None, "/rooms/lobby/")
    expect(guest.locator("#guests-here")).to_have_text("2 guests")
    say(guest, "From me")
    expect(said(other, "From me")).to_have_count(1)
    say(other, "From another")
    wait_heard(guest, "Guest: From another")

    assert heard(guest) == ["Guest: From another"]


def test_of_the_log_nothing_is_live_but_its_frame(window: Window, room: str, house: House) -> None:
    house.run(TALK.format(count=3, slug=slug_of(room), text="Old"))
    ada = window("ada", room)
    wait_connected(ada, "ada")
    say(ada, "Mine")
    expect(said(ada, "Mine")).to_have_count(1)

    nodes = ada.context.new_cdp_session(ada).send("Accessibility.getFullAXTree")["nodes"]
    live = [each for each in nodes if any(given["name"] == "live" for given in each.get("properties", []))]
    names = {each["nodeId"]: each for each in nodes}
    [log] = [each for each in live if each["role"]["value"] == "log"]
    inside, found = list(log["childIds"]), []
    while inside:
        each = names[inside.pop()]
        inside += each.get("childIds", [])
        found.append(each)
    assert [each for each in found if each.get("name", {}).get("value") == "Old 2"]
    assert not [each for each in found if each in live]


def test_the_state_of_the_line_is_said_once(window: Window, room: str, house: House) -> None:
    ada = listener(window, "ada", room)
    wait_connected(ada, "ada")
    ada.wait_for_load_state("networkidle")
    house.server.kill()
    expect(ada.get_by_role("status").get_by_text("Connection lost")).to_be_visible()
    house.server.start()
    expect(ada.get_by_role("status").get_by_text("Connected again.")).to_be_visible()

    said_of_it = [words for words in heard(ada) if words.startswith("Connect")]
    assert [words.split(".")[0] for words in said_of_it] == ["Connection lost", "Connected again"]


def test_a_room_has_its_landmarks_and_headings_in_order(window: Window, room: str) -> None:
    ada = window("ada", room)
    wait_connected(ada, "ada")

    for role, name in (("navigation", "Rooms"), ("main", None), ("log", "Messages"), ("complementary", "People")):
        expect(ada.get_by_role(role, name=name) if name else ada.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    levels = ada.locator("h1, h2, h3, h4").evaluate_all(
        "all => all.filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))"
    )
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), levels
    ada.emulate_media(forced_colors="active", reduced_motion="reduce")
    ada.keyboard.press("Control+k")
    chosen = ada.locator(".place[aria-selected=true]")
    expect(chosen).to_have_css("outline-style", "solid")
    expect(ada.locator("#switcher")).to_have_css("animation-name", "none")
