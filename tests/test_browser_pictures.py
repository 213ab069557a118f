"""What helps reading in a real browser: code is copied, pictures are looked at, quotes and unread messages are found."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browsing import House, Window, choose, message, said, say, wait_connected
from tests.pictures import photo

pytestmark = pytest.mark.browser
# It lights up and goes out again: that is heard, not seen.
LISTEN = """() => {
  globalThis.lit = '';
  addEventListener('animationstart', ({ animationName, target }) => { if (animationName === 'found') lit = target.id; });
}"""
CODE = "```python\ndef tea(cups):\n    return " + "cups + " * 40 + "1\n```"


@pytest.fixture
def ada(house: House, window: Window) -> Page:
    page = window("ada", house.room("ada"))
    wait_connected(page, "ada")
    return page


def test_code_is_copied_as_it_was_written_by_mouse_and_by_keyboard(ada: Page, clipboard: list[str]) -> None:
    ada.context.grant_permissions(clipboard)
    say(ada, CODE)
    button = message(ada, "def tea").get_by_role("button", name="Copy code")
    expect(button).to_have_count(1)
    pre = ada.locator(".code pre")
    assert pre.evaluate(
        "(it) => it.scrollWidth > it.clientWidth && it.clientWidth <= it.closest('.message').clientWidth"
    )
    for how in ("live", "edited", "reloaded"):
        if how == "edited":
            choose(ada, "def tea", "Edit")
            expect(ada.locator("#purpose")).to_be_visible()
            say(ada, "See:\n" + CODE)
            expect(message(ada, "See:")).to_have_count(1)
        if how == "reloaded":
            ada.reload()
            wait_connected(ada, "ada")
        expect(button).to_have_count(1)
        ada.evaluate("() => navigator.clipboard.writeText('')")
        button.focus()
        expect(button).to_have_css("opacity", "1")
        ada.keyboard.press("Enter")
        expect(ada.get_by_text("The code is copied.")).to_be_visible()
        assert ada.evaluate("() => navigator.clipboard.readText()") == CODE.removeprefix("```python\n").removesuffix(
            "\n```"
        )


def test_a_picture_opens_large_and_the_arrows_go_to_the_others(ada: Page) -> None:
    for name, size in (("pot.jpg", (640, 320)), ("cup.jpg", (300, 900))):
        ada.locator("#file").set_input_files([FilePayload(name=name, mimeType="image/jpeg", buffer=photo(size=size))])
        expect(ada.locator("#files li")).to_contain_text(["KiB"])
        ada.locator("#text").press("Enter")
        expect(ada.get_by_role("img", name=name)).to_have_count(1)
    expect(ada.locator(".is-pending")).to_have_count(0)
    viewer = ada.get_by_role("dialog", name="Picture")

    ada.get_by_role("img", name="pot.jpg").click()

    expect(viewer.get_by_role("img", name="pot.jpg")).to_have_js_property("naturalWidth", 640)
    expect(viewer.locator(".viewer__top")).to_contain_text("pot.jpg640 × 320 · 5 KiB")
    expect(viewer.locator(".viewer__place")).to_have_text("1 of 2")
    ada.keyboard.press("ArrowLeft")
    expect(viewer.get_by_role("img", name="pot.jpg")).to_be_visible()
    ada.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img", name="cup.jpg")).to_have_js_property("naturalHeight", 900)
    box = viewer.get_by_role("img").bounding_box()
    assert box
    assert box["y"] + box["height"] <= ada.evaluate("innerHeight")
    viewer.get_by_role("button", name="Picture before").click()
    expect(viewer.locator(".viewer__place")).to_have_text("1 of 2")
    viewer.get_by_role("button", name="Next picture").click()
    with ada.expect_download() as download:
        viewer.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "cup.jpg"
    ada.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(ada.locator(".message .picture").last).to_be_focused()
    ada.keyboard.press("Enter")
    expect(viewer.locator(".viewer__place")).to_have_text("2 of 2")
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()


def test_a_picture_that_is_deleted_meanwhile_ends_the_looking(ada: Page, window: Window) -> None:
    ada.locator("#file").set_input_files([FilePayload(name="pot.jpg", mimeType="image/jpeg", buffer=photo())])
    expect(ada.locator("#files li")).to_contain_text(["bytes"])
    ada.locator("#text").press("Enter")
    expect(ada.locator(".message[data-seq] .picture")).to_have_count(1)
    other = window("ada", ada.url.removeprefix(ada.url.split("/rooms/")[0]))
    wait_connected(other, "ada")
    ada.get_by_role("img", name="pot.jpg").click()
    viewer = ada.get_by_role("dialog", name="Picture")
    expect(viewer).to_be_visible()
    other.once("dialog", lambda dialog: dialog.accept())
    choose(other, "", "Delete")
    expect(ada.locator("#items .picture")).to_have_count(0)

    ada.keyboard.press("ArrowRight")

    expect(viewer).to_be_hidden()


def test_a_quote_leads_to_its_message_which_lights_up(house: House, ada: Page, window: Window) -> None:
    slug = ada.url.split("/")[-2]
    say(ada, "Who is for tea?")
    expect(ada.locator(".is-pending")).to_have_count(0)
    house.run(
        "from accounts.models import User; from chat.posting import post_message\n"
        f"ada = User.objects.get(username='ada'); post = lambda **f: post_message(actor=ada, slug='{slug}', **f).message\n"
        "[post(text=f'line {n}') for n in range(40)]\n"
    )
    expect(said(ada, "line 39")).to_have_count(1)
    choose(ada, "line 39", "Reply")
    say(ada, "The last")
    ada.evaluate(LISTEN)
    quote = message(ada, "The last").locator(".message__quote a")
    for _ in range(2):
        quote.click()
        expect(message(ada, "line 39")).to_be_focused()
        expect(message(ada, "line 39")).to_be_in_viewport()
        ada.wait_for_function("id => lit === id && !(lit = '')", arg=message(ada, "line 39").get_attribute("id"))
    link = f"/rooms/{slug}/1/"
    say(ada, f"{ada.url.split('/rooms/')[0]}{link}")
    ada.locator(".message__text a").last.click()
    expect(said(ada, "Who is for tea?")).to_be_in_viewport()


def test_the_first_unread_message_is_one_press_away(house: House, ada: Page, window: Window) -> None:
    slug = ada.url.split("/")[-2]
    grace = window("grace", f"/rooms/{slug}/")
    button = grace.get_by_role("button", name="Jump to the first unread")
    for word, count in (("few", 30), ("many", 120)):  # on the page that comes, and above it
        wait_connected(grace, "grace")
        say(grace, f"Not a {word}")  # whoever writes has read
        expect(said(ada, f"Not a {word}")).to_have_count(1)
        grace.goto("about:blank")
        house.run(
            "from accounts.models import User; from chat.posting import post_message\n"
            "ada = User.objects.get(username='ada')\n"
            f"for n in range({count}): post_message(actor=ada, slug='{slug}', text=f'{word} {{n}}')\n"
        )

        grace.goto(f"{house.server.url}/rooms/{slug}/")
        expect(button).to_be_visible()
        button.focus()
        grace.keyboard.press("Enter")

        expect(said(grace, f"{word} 0")).to_be_in_viewport()
        expect(button).to_be_hidden()
        grace.goto(f"{house.server.url}/rooms/{slug}/")
