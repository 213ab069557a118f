"""What the tests in real browsers begin with: a Chromium, a house with people, windows, a room, two people in it."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import servers
from tests.browsing import House, Window, choose, said, say, wait_connected


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real Chromium, driven by Playwright; skips where there is none.

    Playwright keeps an event loop running, in which no asynchronous test can run: hence one for each module."""
    program = Path("/usr/bin/chromium")
    if not program.exists():
        pytest.skip("/usr/bin/chromium is not installed")
    arguments = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server of its own where ada, the administrator, and grace have signed up in their browsers."""
    with servers.parlor(tmp_path_factory.mktemp("house")) as server:
        house = House(server, chromium)
        house.sign_up("ada")
        house.sign_up("grace")
        yield house


@pytest.fixture
def window(house: House) -> Iterator[Window]:
    """`window("ada", "/rooms/tea/")` opens a window of ada's; it is closed afterwards, and must not have complained."""
    with house.visit() as open_window:
        yield open_window


@pytest.fixture
def clipboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The permissions of a window that copies. All browsers of a machine share one clipboard: one test has it at a time."""
    with (tmp_path_factory.getbasetemp().parent / "clipboard.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield ["clipboard-read", "clipboard-write"]


@pytest.fixture
def room(house: House) -> str:
    """The address of a room of ada's that nobody used before."""
    return house.room("ada")


@pytest.fixture
def both(window: Window, room: str) -> tuple[Page, Page]:
    """Ada and grace in a room, both members, after one message of each."""
    ada, grace = _after_a_question(window, room)
    say(grace, "I am")
    expect(said(ada, "I am")).to_have_count(1)
    expect(grace.locator("#join")).to_have_count(0)
    return ada, grace


@pytest.fixture
def in_thread(window: Window, room: str) -> tuple[Page, Page]:
    """Ada and grace in a room, both members, after a question and a reply to it."""
    ada, grace = _after_a_question(window, room)
    choose(grace, "Who is for tea?", "Reply")
    say(grace, "I am")
    expect(said(ada, "I am")).to_have_count(1)
    return ada, grace


def _after_a_question(window: Window, room: str) -> tuple[Page, Page]:
    ada, grace = window("ada", room), window("grace", room)
    wait_connected(ada, "ada", "grace")
    say(ada, "Who is for tea?")
    expect(said(grace, "Who is for tea?")).to_have_count(1)
    return ada, grace
