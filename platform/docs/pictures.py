"""Makes the pictures of the documentation anew, in a real Chromium, of a house with a small team in it.

    .venv/bin/python platform/docs/pictures.py [--all FOLDER]

With `--all` every page and state is drawn into that folder, on a desktop and a phone, light and dark, to be looked at.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(ROOT), str(ROOT / "platform")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from PIL import Image
from playwright.sync_api import FilePayload, Page, sync_playwright

from tests import servers
from tests.browsing import House, message, wait_connected

STORY = f"import sys; sys.path.insert(0, {str(HERE)!r}); import story; story.tell()"
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
COLOURS = 128
Act = Callable[[Page], None]


def nothing(page: Page) -> None:
    """Let the page be as it is."""


def thread(page: Page) -> None:
    """Open the first thread."""
    page.locator(".message__replies:visible").last.click()
    page.locator("#panel .message").first.wait_for()


def switcher(page: Page) -> None:
    """Look for a room."""
    page.keyboard.press("Control+k")
    page.keyboard.type("la")


def emoji(page: Page) -> None:
    """React to a message."""
    about = message(page, "Shall we look")
    about.hover()
    about.get_by_role("button", name="More").click()
    page.get_by_role("dialog", name="This message").get_by_role("button", name="React").click()
    page.get_by_label("Find an emoji").fill("tea")
    page.get_by_role("button", name="teapot").wait_for()


def writing(page: Page) -> None:
    """Write something long, with a preview and files."""
    files = {"minutes.txt": b"x" * 4000, "empty.txt": b""}
    page.locator("#file").set_input_files(
        [FilePayload(name=name, mimeType="text/plain", buffer=content) for name, content in files.items()]
    )
    page.locator("#text").fill("**Two** points for Thursday:\n\n1. the *landing page*\n2. `p99`, again")
    page.get_by_role("button", name="Preview").click()
    page.locator("#preview ol").wait_for()


def completion(page: Page) -> None:
    """Begin a name."""
    page.locator("#text").press_sequentially("Thank you @")
    page.locator("#completion [role=option]").first.wait_for()


def hover(page: Page) -> None:
    """Point at a message."""
    message(page, "Morning all").scroll_into_view_if_needed()
    message(page, "Read it on").hover()


def rooms(page: Page) -> None:
    """Draw the rooms in, where they are beside the page."""
    if (button := page.get_by_role("button", name="Rooms", exact=True)).is_visible():
        button.click()


def shortcuts(page: Page) -> None:
    """Open the help."""
    page.locator("#timeline").focus()
    page.keyboard.press("?")
    page.locator(".help-groups section").first.wait_for()


def offline(page: Page) -> None:
    """Lose the line and write on."""
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.locator("#text").fill("Does this arrive?")
    page.locator("#text").press("Enter")


VIEWS: dict[str, tuple[str | None, str, Act]] = {
    "room": ("ada", "/rooms/design/", nothing),
    "hover": ("ada", "/rooms/design/", hover),
    "thread": ("ada", "/rooms/design/", thread),
    "switcher": ("ada", "/rooms/design/", switcher),
    "emoji": ("ada", "/rooms/design/", emoji),
    "writing": ("ada", "/rooms/design/", writing),
    "completion": ("ada", "/rooms/design/", completion),
    "rooms": ("ada", "/rooms/design/", rooms),
    "shortcuts": ("ada", "/rooms/design/", shortcuts),
    "offline": ("ada", "/rooms/kitchen/", offline),
    "empty": ("ada", "/rooms/board/", nothing),
    "search": ("ada", "/search/?q=numbers", nothing),
    "pins": ("ada", "/rooms/design/pins/", nothing),
    "files": ("ada", "/rooms/design/files/", nothing),
    "home": ("ada", "/", nothing),
    "new": ("ada", "/rooms/new/", nothing),
    "settings": ("ada", "/rooms/design/settings/", nothing),
    "account": ("ada", "/accounts/profile/", nothing),
    "devices": ("ada", "/accounts/devices/", nothing),
    "tokens": ("ada", "/accounts/tokens/", nothing),
    "guest": (None, "/rooms/lobby/", nothing),
    "login": (None, "/accounts/login/", nothing),
    "signup": (None, "/accounts/signup/", nothing),
    "missing": ("ada", "/rooms/nowhere/", nothing),
}
KEPT = [
    *product(("room",), ("desk", "phone"), ("light", "dark")),
    *product(("empty", "thread"), ("desk",), ("light",)),
    *product(("switcher",), ("desk",), ("dark",)),
    ("rooms", "phone", "light"),
]


@contextmanager
def house() -> Iterator[House]:
    """The team's house, with a server and a Chromium."""
    with tempfile.TemporaryDirectory() as data, servers.parlor(Path(data)) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        house = House(server, browser)
        for username in ("ada", "grace", "katherine", "alan"):
            house.sign_up(username)
        house.run(STORY)
        yield house
        browser.close()


def draw(house: House, name: str, device: str, theme: str, to: Path) -> None:
    """Draw one view into a file."""
    who, path, act = VIEWS[name]
    options: dict[str, Any] = {
        **(DESK if device == "desk" else PHONE),
        "color_scheme": theme,
        "reduced_motion": "reduce",
    }
    page = house.window(who, path, **options)
    if path == "/rooms/design/":
        wait_connected(page, "ada")
    act(page)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    page.screenshot(path=to, full_page=not path.startswith("/rooms/") or path.count("/") > 3)
    page.context.close()


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="draw everything, into this folder")
    parser.add_argument("--only", nargs="*", choices=VIEWS, default=list(VIEWS), help="with --all: these views")
    options = parser.parse_args()
    folder: Path = options.all or HERE / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(product(options.only, ("desk", "phone"), ("light", "dark"))) if options.all else KEPT
    with house() as here, here.visit() as window:
        colleagues = [window(username, "/rooms/design/") for username in ("grace", "alan")]
        for page, username in zip(colleagues, ("grace", "alan"), strict=True):
            wait_connected(page, username)
        for name, device, theme in wanted:
            file = folder / f"{name}-{device}-{theme}.png"
            draw(here, name, device, theme, file)
            Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
        here.troubles.clear()


if __name__ == "__main__":
    main()
