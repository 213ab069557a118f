"""What the reader has asked their system for: its own few colours, less motion, more contrast."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import House, Window, message, panel, wait_connected

pytestmark = pytest.mark.browser
LIFE = """
from accounts.models import User
from chat.posting import post_message
from chat.reacting import react
from rooms.lifecycle import open_room
from rooms.membership import add_member
ada, grace = User.objects.get(username="ada"), User.objects.get(username="grace")
for name in ("Tea", "Busy", "Loud"):
    open_room(actor=ada, name=name, slug=name.lower())
    add_member(actor=ada, slug=name.lower(), username="grace")
post_message(actor=grace, slug="busy", text="Hello")
post_message(actor=grace, slug="loud", text="@ada: hello")
asked = post_message(actor=grace, slug="tea", text="Who is for tea, @ada?").message.seq
post_message(actor=ada, slug="tea", text="I am", reply_to=asked)
react(actor=ada, slug="tea", seq=asked, emoji="👍")
react(actor=grace, slug="tea", seq=asked, emoji="🎉")
"""
# The buttons, badges and fields that have neither an edge nor a surface of their own.
EDGELESS = """(selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility()).filter((each) => {
  const { borderTopStyle, borderTopWidth, forcedColorAdjust } = getComputedStyle(each);
  return (borderTopStyle === "none" || parseFloat(borderTopWidth) < 1) && forcedColorAdjust !== "none";
}).map((each) => each.outerHTML.slice(0, 120))"""
# What moves, or scrolls gently, for longer than a moment.
MOVING = """() => {
  const found = [], longest = (times) => Math.max(...times.split(",").map((each) => parseFloat(each) * (/ms$/.test(each.trim()) ? 1 : 1000)));
  for (const each of document.querySelectorAll("*")) {
    for (const part of [null, "::before", "::after", "::backdrop"]) {
      const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(each, part);
      if (longest(transitionDuration) > 1 || longest(animationDuration) > 1 || scrollBehavior === "smooth") {
        found.push(`${each.outerHTML.slice(0, 80)} ${part ?? ""}`);
      }
    }
  }
  for (const each of document.getAnimations()) if (each.effect.getComputedTiming().duration > 1) found.push(String(each.animationName));
  return found;
}"""


@pytest.fixture(scope="module", autouse=True)
def _life(house: House) -> None:
    house.run(LIFE)


def style(place: Locator, name: str) -> str:
    return str(place.evaluate("(each, name) => getComputedStyle(each)[name]", name))


def test_with_the_colours_of_the_system_everything_can_still_be_told_apart(window: Window, house: House) -> None:
    page = window("ada", "/rooms/tea/", forced_colors="active")
    wait_connected(page, "ada")
    message(page, "Who is for tea").hover()

    assert page.evaluate(EDGELESS, ".button, .badge, .avatar, .reaction, .message__text .mention") == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.set_viewport_size({"width": 1280, "height": 860})
    mine, theirs = (
        page.locator("#items .reaction[aria-pressed=true]"),
        page.locator("#items .reaction[aria-pressed=false]"),
    )
    here, elsewhere = page.locator("[data-room=tea]"), page.locator("[data-room=busy]")
    mentioned, unread = page.locator("[data-room=loud] .badge"), page.locator("[data-room=busy] .badge")
    for chosen, other in ((mine, theirs), (here, elsewhere), (mentioned, unread)):
        assert style(chosen, "backgroundColor") != style(other, "backgroundColor")
        assert style(chosen, "backgroundColor") == page.evaluate(
            "(() => { const each = document.createElement('i'); each.style.color = 'Highlight'; document.body.append(each);"
            "const { color } = getComputedStyle(each); each.remove(); return color; })()"
        )
    assert int(style(elsewhere.locator("bdi"), "fontWeight")) >= 600

    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") == 3
    page.locator("#text").focus()
    expect(page.locator(".composer__box").first).to_have_css("outline-width", "3px")
    page.locator("[popovertarget=account]").click()
    choices = page.locator("#account [aria-pressed]")
    assert len({style(each, "backgroundColor") for each in choices.all()}) == 2
    page.goto(f"{house.server.url}/rooms/tea/settings/")
    box = page.get_by_label("A favourite: first among my rooms")
    before = box.screenshot()
    box.check()
    assert box.screenshot() != before
    assert page.evaluate(EDGELESS, ".button, .input, .choice, .card") == []


def test_nothing_moves_for_whoever_asked_for_less_motion(window: Window) -> None:
    page = window("ada", "/rooms/tea/", reduced_motion="reduce")
    wait_connected(page, "ada")

    assert page.evaluate(MOVING) == []
    page.locator(".message__replies:visible").first.click()
    expect(panel(page).get_by_role("textbox", name="Reply")).to_be_focused()
    assert page.evaluate(MOVING) == []
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    assert page.evaluate(MOVING) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 320, "height": 640})
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Rooms").click()
    assert page.evaluate(MOVING) == []


def test_more_contrast_makes_what_is_quiet_as_strong_as_what_is_said(window: Window) -> None:
    page = window("ada", "/rooms/tea/")
    quiet, box = page.locator(".beginning .quiet"), page.locator(".composer__box")
    assert style(quiet, "color") != style(page.locator("body"), "color")

    page.emulate_media(contrast="more")

    assert_same(page, quiet, "color")
    assert_same(page, box, "borderTopColor")


def assert_same(page: Page, place: Locator, name: str) -> None:
    assert style(place, name) == style(page.locator("body"), "color")
