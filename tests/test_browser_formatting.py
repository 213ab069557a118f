"""Formatting in a real Chromium: it looks as written, and nothing of the corpus does anything."""

import json
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from chat.formatting import render
from foundation.limits import MARKS_SHOWN
from tests.browsing import House, Window, messages, said, say, wait_connected
from tests.xss_corpus import CORPUS

pytestmark = pytest.mark.browser
# What must not be in the page, whatever people write: programs, handlers, frames, and links that lead elsewhere than out.
# Only the page itself puts a frame with a button around code: what people write has no such class.
FAULTS = """() => [...document.querySelectorAll('.message__text *')].flatMap((element) => {
  if (element.matches('.code, .code > .code__copy, .code > .code__copy *')) return [];
  const faults = element.getAttributeNames().filter((name) => name.startsWith('on') || name === 'style');
  if (!['P','BR','STRONG','EM','S','CODE','PRE','BLOCKQUOTE','UL','OL','LI','A','SPAN'].includes(element.tagName)) {
    faults.push(element.tagName);
  }
  if (element.tagName === 'A' && !['http:', 'https:', 'mailto:'].includes(element.protocol)) faults.push(element.href);
  return faults;
})"""


WIDE = [
    "```\n" + "x = 1; " * 100 + "\n```",
    "- https://x.test/" + "a" * 500 + "\n- `" + "b" * 500 + "`\n  - **" + "c" * 500 + "**",
    "> " * 12 + "*deep* " + "d" * 200,
    "`" + "several words " * 40 + "`",
]


def post(page: Page, room: str, texts: list[str]) -> None:
    """Post over REST as the page's reader, many at once."""
    status = page.evaluate(
        """async ([address, texts]) => {
          const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
          const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': token };
          for (const value of texts) {
            const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ value }) });
            if (answer.status !== 201) return `${answer.status} ${await answer.text()}`;
          }
          return 201;
        }""",
        [f"/api{room}messages/", texts],
    )
    assert status == 201


def test_nothing_of_the_corpus_does_anything(house: House, window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    dialogs: list[str] = []
    foreign: list[str] = []
    for page in (ada, grace):
        listen(page, house.server.url, dialogs, foreign)
    harmless = [text for text in CORPUS if text.strip() and "\0" not in text]

    for start in range(0, len(harmless), 40):
        post(ada, room, harmless[start : start + 40])
        expect(messages(grace)).to_have_count(min(start + 40, len(harmless)))
    live = grace.evaluate(FAULTS)
    grace.reload()
    wait_connected(grace, "grace")

    assert (live, grace.evaluate(FAULTS), dialogs) == ([], [], [])
    assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []


def test_nor_would_it_where_no_policy_forbids_scripts(window: Window) -> None:
    """What the server makes of the corpus as a whole page of its own, where everything may run: the canary does."""
    page = window()
    dialogs: list[str] = []
    foreign: list[str] = []
    page.goto("about:blank")
    listen(page, "about:", dialogs, foreign)
    page.set_content('<svg onload="alert(1)"></svg>')
    while not dialogs:
        page.wait_for_timeout(20)
    dialogs.clear()
    foreign.clear()

    page.set_content("".join(f"<div class=message__text>{render(text).html or ''}</div>" for text in CORPUS))
    links = page.locator("a")
    for number in range(links.count()):
        links.nth(number).hover(force=True)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    assert links.count() > 30
    assert (page.evaluate(FAULTS), dialogs, foreign) == ([], [], [])


def listen(page: Page, own: str, dialogs: list[str], foreign: list[str]) -> None:
    """Take down what a page opens and asks for that it should not."""

    def hear(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", hear)
    page.on("request", lambda request: None if request.url.startswith(own) else foreign.append(request.url))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_long_scrolls_or_wraps_on_a_telephone(window: Window, room: str, scheme: str) -> None:
    ada = window("ada", room, color_scheme=scheme, viewport={"width": 360, "height": 800})
    post(ada, room, WIDE)
    expect(messages(ada)).to_have_count(len(WIDE))

    assert ada.evaluate("document.documentElement.scrollWidth") == 360
    assert ada.evaluate("document.getElementById('timeline').scrollWidth") == 360
    sticking_out = """() => [...document.querySelectorAll('.message__text *')].filter((element) => !element.closest('pre')
      && element.getBoundingClientRect().right > innerWidth).map((element) => element.outerHTML)"""
    assert ada.evaluate(sticking_out) == []
    assert ada.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)(document.querySelector('pre'))")


def test_letters_and_lines_stay_with_their_message(window: Window, room: str) -> None:
    ada = window("ada", room)
    towers, turned = "*Z*" + "\u0301" * 500, "\u202e*abc*"
    post(ada, room, [towers, turned, "\u05d0 *b*\n\nc"])
    expect(messages(ada)).to_have_count(3)

    assert len(messages(ada).nth(0).inner_text()) == 1 + MARKS_SHOWN
    assert messages(ada).nth(0).evaluate("(text) => getComputedStyle(text).overflowY") == "clip"
    assert ada.locator(".message__author").nth(1).evaluate("(name) => getComputedStyle(name).unicodeBidi") == "isolate"
    sides = "(text) => [...text.children].map((line) => getComputedStyle(line).unicodeBidi)"
    assert messages(ada).nth(2).evaluate(sides) == ["plaintext", "plaintext"]


def test_both_paints_of_a_message_are_the_same(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    say(grace, "hello")  # and is a member now
    expect(said(ada, "hello")).to_have_count(1)
    texts = [
        "**bold** and `code`",
        "```python\nx = 1\n```",
        "> quoted\n\n- one\n- two",
        "plain\nlines",
        "@grace: hello",
    ]
    for text in texts:
        say(ada, text)
    expect(grace.locator(".mention")).to_have_text("@grace")
    expect(ada.locator(".mention")).to_have_text("@grace")

    def drawn(page: Page) -> list[Any]:
        return [
            json.loads(each)
            for each in messages(page).evaluate_all(
                "all => all.map((text) => JSON.stringify([text.className, text.innerHTML]))"
            )
        ]

    live = [drawn(page) for page in (ada, grace)]
    grace.reload()
    wait_connected(grace, "grace")

    assert live == [drawn(grace)] * 2
    expect(grace.locator(".message strong")).to_have_text("bold")


def test_an_edit_shows_at_once_and_says_that_it_is_one(window: Window, room: str) -> None:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    say(ada, "before")
    expect(said(grace, "before")).to_have_count(1)
    expect(ada.locator(".message__edited")).to_be_hidden()

    seq = ada.locator(".message").get_attribute("data-seq")
    ada.evaluate(
        """async (address) => {
          const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
          const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': token };
          await fetch(address, { method: 'PATCH', headers, body: JSON.stringify({ value: '*after*' }) });
        }""",
        f"/api{room}messages/{seq}/",
    )

    for page in (ada, grace):
        expect(page.locator(".message em")).to_have_text("after")
        expect(page.locator(".message__edited")).to_be_visible()
    grace.reload()
    expect(grace.locator(".message em")).to_have_text("after")
    expect(grace.locator(".message__edited")).to_be_visible()
