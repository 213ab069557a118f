"""The page of the founding tutorial (`tests/tutorial.html`), unchanged, in a real browser against the lobby."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import House, Window

pytestmark = pytest.mark.browser
PAGE = Path(__file__).with_name("tutorial.html").read_text()


def open_tutorial(page: Page, house: House) -> list[str]:
    """Show the tutorial's page as a view of this server would; gives what it writes to the console."""
    host = house.server.url.removeprefix("http://")
    body = PAGE.replace("{{ request.get_host }}", host)
    page.route("**/tutorial/", lambda route: route.fulfill(body=body, content_type="text/html"))
    written: list[str] = []
    page.on("console", lambda message: written.append(message.text))
    with page.expect_console_message(lambda message: message.text == "connected"):
        page.goto(f"{house.server.url}/tutorial/")
    return written


@pytest.mark.parametrize("who", [None, "grace"], ids=["a guest", "somebody signed in"])
def test_what_one_window_of_the_tutorial_sends_both_show(window: Window, house: House, who: str | None) -> None:
    # Chromium does not know where a page handed to it comes from, and would keep it from the loopback address.
    one, other = (window(each, permissions=["local-network-access"]) for each in (who, None))
    written = open_tutorial(one, house) + open_tutorial(other, house)
    text = f"hello from {who or 'a guest'}"

    one.get_by_placeholder("Type your message here").fill(text)
    one.get_by_role("button", name="Send").click()

    for page in (one, other):
        expect(page.locator("#history p")).to_have_text([text])
    assert set(written) == {"connected"}
