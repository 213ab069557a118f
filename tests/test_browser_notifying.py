"""Notifications of the browser: asked for by a button, by the level of the room, of what nobody looks at, by one window."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsing import House, Window, said, say, wait_connected

pytestmark = pytest.mark.browser
# Chromium without a screen shows no notifications: what would be shown is written down, in every window of a context.
CAPTURE = """
globalThis.shown = [];
globalThis.answer = localStorage.getItem("test.answer") ?? "granted";
globalThis.Notification = class extends EventTarget {
  static get permission() { return localStorage.getItem("test.permission") ?? "default"; }
  static async requestPermission() {
    localStorage.setItem("test.permission", answer);
    return answer;
  }
  constructor(title, options) { super(); shown.push({ title, ...options, notification: this }); }
  close() {}
};
globalThis.tones = 0;
globalThis.AudioContext = class { constructor() { tones += 1; throw new Error("no sound here"); } };
"""
ROOMS = """
from accounts.models import User
from chat.models import Message
from rooms.direct import open_direct
from rooms.lifecycle import open_room
from rooms.membership import add_member
ada, grace = User.objects.get(username="ada"), User.objects.get(username="grace")
for slug in ("hall", "yard", "level", "quiet"):
    open_room(actor=grace, name=slug.title(), slug=slug)
    add_member(actor=grace, slug=slug, username="ada")
"""
POST = """
from accounts.models import User
from chat.posting import post_message
post_message(actor=User.objects.get(username="grace"), slug="{slug}", text="{text}")
"""


@pytest.fixture(scope="module", autouse=True)
def _rooms(house: House) -> None:
    house.run(ROOMS)


def prepared(window: Window, path: str = "/rooms/hall/") -> Page:
    page = window("ada", path)
    page.context.add_init_script(CAPTURE)
    page.reload()
    wait_connected(page, "ada")
    wait_for_inbox(page)
    return page


def wait_for_inbox(page: Page) -> None:
    """Until the page knows what was there before."""
    page.evaluate("fetch('/api/inbox/').then((answer) => answer.text())")
    expect(page.locator("[data-room=yard]")).to_have_count(1)
    page.wait_for_load_state("networkidle")


def switch_on(page: Page, name: str = "Notifications on this device") -> None:
    page.locator("[popovertarget=account]").click()
    page.get_by_role("switch", name=name).check()
    page.keyboard.press("Escape")


def shown(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate("shown.map(({ notification, ...rest }) => rest)"))


def post(house: House, slug: str, text: str) -> None:
    house.run(POST.format(slug=slug, text=text))


def test_only_a_button_asks_and_a_refusal_is_said(window: Window, house: House) -> None:
    page = prepared(window)
    page.evaluate("localStorage.setItem('test.answer', 'denied'); answer = 'denied'")
    assert page.evaluate("Notification.permission") == "default"
    hint = page.get_by_role("complementary", name="Notifications")
    expect(hint).to_be_hidden()

    post(house, "yard", "Are you there?")
    expect(hint).to_be_visible()
    expect(page.locator(":focus")).to_have_count(0)
    hint.get_by_role("button", name="No, thanks").click()
    expect(hint).to_be_hidden()
    post(house, "yard", "Hello?")
    expect(page.locator("[data-room=yard] .badge > span").first).to_have_text("2")
    expect(hint).to_be_hidden()

    page.locator("[popovertarget=account]").click()
    page.get_by_role("switch", name="Notifications on this device").click()
    expect(page.locator("#toast")).to_contain_text("The browser does not allow notifications")
    expect(page.get_by_role("switch", name="Notifications on this device")).not_to_be_checked()
    assert shown(page) == []


def test_what_i_do_not_look_at_is_told_once_and_opened_at_the_message(window: Window, house: House) -> None:
    page = prepared(window)
    switch_on(page)
    post(house, "hall", "I look at this")
    expect(said(page, "I look at this")).to_have_count(1)
    post(house, "yard", "**Tea**? <b>See</b> https://example.org/tea")
    page.wait_for_function("() => shown.length > 0")
    [told] = shown(page)
    assert (told["title"], told["body"]) == ("grace in Yard", "Tea? <b>See</b> link to example.org")
    assert told["tag"] == "ada yard"

    page.evaluate("shown[0].notification.dispatchEvent(new Event('click'))")
    page.wait_for_url("**/rooms/yard/**")
    expect(said(page, "Tea? <b>See</b> https://example.org/tea")).to_be_in_viewport()
    say(page, "My own words")
    expect(page.locator("[data-room=hall]")).to_have_count(1)
    wait_for_inbox(page)
    assert shown(page) == []


def test_each_room_is_told_by_its_level(window: Window, house: House) -> None:
    page = prepared(window)
    switch_on(page)
    page.evaluate(
        """async () => {
          const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
          const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': token };
          for (const [slug, wish] of [['level', { notify: 'mentions' }], ['quiet', { muted: true }]]) {
            await fetch(`/api/inbox/${slug}/`, { method: 'PATCH', headers, body: JSON.stringify(wish) });
          }
        }"""
    )
    expect(page.locator("[data-room=quiet].is-muted")).to_have_count(1)
    post(house, "quiet", "@ada: not a word")
    post(house, "level", "Not for ada")
    post(house, "level", "For @ada")
    page.wait_for_function("() => shown.length > 0")

    assert [each["body"] for each in shown(page)] == ["For @ada"]


# Windows have processes of their own, and what one of them stores is not in the other's copy at once.
HEARS_LATE_WHAT_IS_STORED = """() => {
  const { getItem } = Storage.prototype;
  Storage.prototype.getItem = function (key) { return key.startsWith("parlor.told.") ? null : getItem.call(this, key); };
}"""
# A window's requests of locks are answered in their order.
AFTER_ITS_LOCKS = """async () => {
  await navigator.locks.query();
  await navigator.locks.request("after", () => {});
}"""


def second_window(context: BrowserContext, house: House, path: str) -> Page:
    page = context.new_page()
    page.goto(f"{house.server.url}{path}")
    wait_connected(page, "ada")
    wait_for_inbox(page)
    return page


def test_of_two_windows_one_tells_and_none_where_either_is_looked_at(window: Window, house: House) -> None:
    first = prepared(window)
    switch_on(first)
    second = second_window(first.context, house, "/rooms/quiet/")
    post(house, "hall", "Seen in the first window")
    expect(said(first, "Seen in the first window")).to_have_count(1)
    for page in (first, second):
        page.evaluate(HEARS_LATE_WHAT_IS_STORED)
    post(house, "yard", "For one of the two")
    for page in (first, second):
        expect(page.locator("[data-room=yard].is-unread")).to_have_count(1)
        page.evaluate(AFTER_ITS_LOCKS)

    assert [each["body"] for each in shown(first) + shown(second)] == ["For one of the two"]


def test_the_tone_is_off_until_it_is_switched_on(window: Window, house: House) -> None:
    page = prepared(window)
    switch_on(page)
    post(house, "yard", "Silently")
    page.wait_for_function("() => shown.length === 1")
    assert page.evaluate("tones") == 0
    switch_on(page, "With a soft tone")
    page.wait_for_function("() => tones === 1")
    post(house, "yard", "With a tone")
    page.wait_for_function("() => shown.length === 2 && tones === 2")
