"""Reading in a real browser: older messages, staying put, small windows, the keyboard alone, colours, no script."""

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import House, Window, messages, said, say, wait_connected

pytestmark = pytest.mark.browser
SCROLLER = "document.getElementById('timeline')"
PLACES = [
    "/",
    "/rooms/new/",
    "/direct/new/",
    "/rooms/lobby/",
    "/rooms/lobby/settings/",
    "/accounts/password/change/",
    "/accounts/email/",
]
STRANGERS_PLACES = [
    "/",
    "/rooms/lobby/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/nowhere/",
]

CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return rgba("Canvas");
  };
  const poor = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const style = getComputedStyle(element);
    const seen = texts.currentNode.data.trim() && element.checkVisibility({ opacityProperty: true })
      && style.clipPath === "none" && !element.closest(":disabled, script, template");
    if (!seen) continue;
    const [one, other] = [luminance(rgba(style.color)), luminance(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${texts.currentNode.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def long_room(house: House) -> str:
    """A room with 120 messages of ada's, numbered from 000."""
    with house.visit():
        address = house.room("ada")
    slug = address.split("/")[2]
    house.run(
        "from accounts.models import User; from chat.posting import post_message\n"
        "ada = User.objects.get(username='ada')\n"
        f"for n in range(120): post_message(actor=ada, slug='{slug}', text=f'line {{n:03}}')"
    )
    return address


def scroll_to_top(page: Page) -> None:
    page.evaluate(f"{SCROLLER}.scrollTop = -{SCROLLER}.scrollHeight")


def height_of(page: Page, text: str) -> float:
    box = said(page, text).bounding_box()
    assert box
    return box["y"]


def test_older_messages_come_while_scrolling_and_nothing_jumps(window: Window, long_room: str) -> None:
    page = window("grace", long_room)
    wait_connected(page, "grace")
    expect(said(page, "line 119")).to_be_in_viewport()
    with page.expect_response(lambda response: "?before=" in response.url):
        # Far enough to load, and then look at one line while older ones are put above it.
        page.evaluate(f"{SCROLLER}.scrollTop = -({SCROLLER}.scrollHeight - {SCROLLER}.clientHeight - 350)")
        before = height_of(page, "line 080")
    expect(said(page, "line 060")).to_have_count(1)

    assert abs(height_of(page, "line 080") - before) < 2
    scroll_to_top(page)
    expect(said(page, "line 000")).to_have_count(1)
    scroll_to_top(page)
    expect(page.get_by_text("This is the beginning of")).to_be_visible()
    assert messages(page).all_inner_texts()[:120] == [f"line {n:03}" for n in range(120)]


def test_a_new_message_does_not_move_who_reads_old_ones(window: Window, house: House) -> None:
    address = house.room("ada")
    ada, grace = window("ada", address), window("grace", address)
    wait_connected(ada, "ada", "grace")
    for number in range(40):
        say(ada, f"line {number}")
    expect(said(grace, "line 39")).to_be_in_viewport()

    scroll_to_top(grace)
    before = height_of(grace, "line 5")
    say(ada, "news\nof two lines")
    expect(grace.get_by_role("button", name="1 new message")).to_be_visible()
    assert abs(height_of(grace, "line 5") - before) < 2

    grace.get_by_role("button", name="1 new message").click()
    expect(messages(grace).last).to_be_in_viewport()
    expect(grace.locator("#newer")).to_be_hidden()


def test_long_text_is_counted_near_the_limit_and_kept_from_being_sent_beyond(window: Window, house: House) -> None:
    page = window("ada", house.room("ada"))
    wait_connected(page, "ada")
    box = page.locator("#text")

    box.fill("é" * 9_990)
    expect(page.locator("#limit")).to_have_text("10 characters left")
    box.fill("😀" * 10_001)
    expect(page.locator("#limit")).to_have_text("1 character too many")
    box.press("Enter")
    expect(messages(page)).to_have_count(0)
    box.fill("😀" * 10_000)
    box.press("Enter")

    expect(messages(page)).to_have_count(1)
    expect(page.locator(".is-pending, .is-failed")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 740, 1280])
def test_no_page_is_wider_than_its_window(window: Window, house: House, long_room: str, width: int) -> None:
    size = {"width": width, "height": 640}
    inside, outside = window("ada", "/", viewport=size), window(None, "/", viewport=size)

    for page, places in ((inside, [*PLACES, long_room, f"{long_room}settings/"]), (outside, STRANGERS_PLACES)):
        for place in places:
            page.goto(f"{house.server.url}{place}")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{place} is {wide} px too wide at {width}"
    house.troubles[:] = [trouble for trouble in house.troubles if "404" not in trouble]


def test_on_a_phone_the_sides_open_and_close(window: Window, house: House) -> None:
    page = window("ada", house.room("ada"), viewport={"width": 320, "height": 640}, has_touch=True)
    rooms, people = page.get_by_role("navigation", name="Rooms"), page.get_by_role("complementary", name="People")
    expect(rooms).to_be_hidden()

    page.get_by_role("button", name="Rooms").tap()
    expect(rooms).to_be_in_viewport()
    page.get_by_role("button", name="Close").tap()
    page.get_by_role("button", name="Who is here").tap()
    expect(people.get_by_text("ada", exact=True)).to_be_in_viewport()
    page.keyboard.press("Escape")

    expect(people).to_be_hidden()
    page.locator("#text").fill("From the train")
    page.get_by_role("button", name="Send").tap()
    expect(said(page, "From the train")).to_be_in_viewport()


def test_the_keyboard_alone_is_enough(window: Window, house: House) -> None:
    page = window("ada", house.room("ada"))
    wait_connected(page, "ada")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the message box")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")

    expect(messages(page)).to_have_text(["one\ntwo"])
    expect(page.locator("#text")).to_be_focused()


def test_an_arriving_message_takes_no_focus_and_is_told_politely(window: Window, house: House) -> None:
    address = house.room("ada")
    ada, grace = window("ada", address), window("grace", address)
    wait_connected(ada, "ada", "grace")
    ada.get_by_role("link", name="Room settings").focus()

    say(grace, "Hello")

    expect(ada.get_by_role("log").get_by_text("Hello")).to_be_visible()
    expect(ada.get_by_role("link", name="Room settings")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(window: Window, house: House, long_room: str, scheme: str) -> None:
    inside, outside = window("ada", "/", color_scheme=scheme), window(None, "/", color_scheme=scheme)
    say_and_typing = window("grace", "/rooms/lobby/")
    say(say_and_typing, "Hello")

    for page, places in ((inside, [*PLACES, long_room, f"{long_room}settings/"]), (outside, STRANGERS_PLACES)):
        for place in places:
            page.goto(f"{house.server.url}{place}")
            page.evaluate("document.querySelector('#account')?.showPopover()")
            assert page.evaluate(CONTRASTS) == [], f"{place} in {scheme}"
    house.troubles[:] = [trouble for trouble in house.troubles if "404" not in trouble]


def test_without_a_script_the_room_is_read_and_written(window: Window, house: House, long_room: str) -> None:
    page = window("grace", long_room, java_script_enabled=False)

    expect(said(page, "line 119")).to_be_in_viewport()
    page.get_by_role("link", name="Earlier messages").click()
    expect(messages(page)).to_have_count(50)
    page.get_by_role("link", name="To the newest messages").click()
    page.get_by_role("textbox").fill("By hand")
    page.get_by_role("button", name="Send").click()

    expect(said(page, "By hand")).to_be_in_viewport()
