"""A house with people in it, each in a real Chromium: what the browser tests share."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.servers import ROOT, ParlorServer

PASSWORD = "correct horse battery"
WAIT_MS = 20_000
# What Chromium itself writes when a server is away, which is what some tests are about.
AWAY = (
    *("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET", "net::ERR_INTERNET_DISCONNECTED"),
    *("Error during WebSocket handshake", "Connection closed before receiving a handshake response"),
)
expect.set_options(timeout=WAIT_MS)
Window = Callable[..., Page]


class House:
    """A running server and the windows that are open on it. `troubles` collects what their consoles complained of."""

    def __init__(self, server: ParlorServer, browser: Browser) -> None:
        self.server = server
        self.browser = browser
        self.troubles: list[str] = []
        self._clients: dict[str, httpx.Client] = {}
        self._sessions: dict[str, Any] = {}
        self._contexts: list[BrowserContext] = []
        self._rooms = 0

    def window(self, who: str | None = None, path: str = "/", **options: Any) -> Page:
        """A window of its own for somebody who is signed in, or for a guest, at this address."""
        context = self.browser.new_context(storage_state=self._sessions.get(who or ""), **options)
        context.set_default_timeout(WAIT_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.goto(f"{self.server.url}{path}")
        return page

    def sign_up(self, username: str) -> None:
        """Open an account, and keep its session for windows to come. No window is needed: the form has tests of its own."""
        client = self._clients[username] = httpx.Client(base_url=self.server.url, timeout=WAIT_MS / 1000)
        client.get("/accounts/signup/")
        fields = {"username": username, "password1": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post("/accounts/signup/", data=fields)
        assert "sessionid" in client.cookies, answer.text
        about = {
            "domain": "127.0.0.1",
            "path": "/",
            "expires": -1,
            "httpOnly": True,
            "secure": False,
            "sameSite": "Lax",
        }
        self._sessions[username] = {
            "cookies": [{"name": name, "value": value, **about} for name, value in client.cookies.items()]
        }

    def room(self, owner: str, **fields: str) -> str:
        """Open a room nobody used before, and give its address."""
        self._rooms += 1
        room = self.ask(owner, "POST", "rooms/", name=f"Room {self._rooms}", **fields)
        return f"/rooms/{room['slug']}/"

    def ask(self, who: str, method: str, path: str, **body: Any) -> Any:
        """Do something over REST as somebody, who may have it open in a window, too."""
        client = self._clients[who]
        csrf = {"X-CSRFToken": client.cookies["csrftoken"]}
        answer = client.request(method, f"/api/{path}", json=body or None, headers=csrf)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def run(self, program: str) -> None:
        """Run a few commands on the server's data, as another process."""
        environment = {**os.environ, "PARLOR_DATA": str(self.server.data_dir)}
        command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", program]
        subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)

    @contextmanager
    def visit(self) -> Iterator[Window]:
        """Windows for one test: closed afterwards, and none may have complained."""
        self.troubles.clear()
        try:
            yield self.window
        finally:
            for context in self._contexts:
                context.close()
            self._contexts.clear()
        assert self.troubles == [], self.troubles

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(sign in message.text for sign in AWAY):
            self.troubles.append(f"{message.text} at {message.location}")


def say(page: Page, text: str) -> None:
    """Write a message and send it with Enter."""
    box = page.locator("#text")
    box.fill(text)
    box.press("Enter")


def messages(page: Page) -> Locator:
    return page.locator(".message__text")


def said(page: Page, text: str) -> Locator:
    """The messages with exactly this text."""
    return messages(page).get_by_text(text, exact=True)


def message(page: Page, text: str) -> Locator:
    """The last message with this text, with all that belongs to it."""
    return page.locator(".message").filter(has=page.locator(".message__text", has_text=text)).last


def choose(page: Page, text: str, action: str) -> None:
    """Choose something from the menu of a message."""
    message(page, text).hover()
    message(page, text).get_by_role("button", name="More").click()
    page.get_by_role("dialog", name="This message").get_by_role("button", name=action, exact=True).click()


def wait_connected(page: Page, *usernames: str) -> None:
    """Wait until the page is live and shows these people as here."""
    for username in usernames:
        expect(page.locator(f"#people-here [title='@{username}']")).to_have_count(1)


def panel(page: Page) -> Locator:
    return page.locator("#panel")


def inside(page: Page, text: str) -> Locator:
    """The messages in the panel with exactly this text."""
    return panel(page).locator(".message__text").get_by_text(text, exact=True)


def open_thread(page: Page) -> None:
    page.locator("#items").get_by_role("link", name=re.compile("repl(y|ies)$")).first.click()
    expect(panel(page).get_by_role("heading", name="Thread")).to_be_visible()
    expect(inside(page, "Who is for tea?")).to_have_count(1)
