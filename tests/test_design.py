"""The design language: every colour of words can be read on every surface it stands on, in both themes; sizes come from
the scales; nothing is wider than the narrowest phone."""

import math
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browsing import House, Window

CSS = Path(__file__).parents[1] / "chat" / "static" / "chat" / "css"
TOKENS = (CSS / "tokens.css").read_text()
THEMES = ("light", "dark")
TEXT, SHAPE = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11
HUES = dict(re.findall(r"\.hue-(\d) \{ --hue: (\d+); \}", TOKENS))
Colour = tuple[float, float, float]  # linear light

# What is written on what.
WORDS = {
    **dict.fromkeys(("ink", "quiet"), ("wall", "paper", "raised", "hover")),
    "accent": ("wall", "paper", "raised"),
    "accent-strong": ("wall", "paper", "raised", "accent-tint"),
    "danger": ("wall", "paper", "raised", "danger-tint"),
    "on-accent": ("accent", "accent-strong"),
    "on-danger": ("danger",),
    "caution": ("caution-tint",),
}
MORE_WORDS = [("ink", "accent-tint"), ("ink", "line"), ("quiet", "accent-tint")]
# The bounds of what is pressed and filled in, and the ring around what has the focus.
SHAPES = [("edge", "wall"), ("edge", "paper"), ("accent", "wall"), ("accent", "paper"), ("accent", "raised")]


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def from_hex(text: str) -> Colour:
    red, green, blue = (linear(int(text[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return red, green, blue


def from_oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """The sRGB colour of an oklch() one, as CSS Color 4 defines it."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return tuple(min(1, max(0, each)) for each in (red, green, blue))  # type: ignore[return-value]


def contrast(one: Colour, other: Colour) -> float:
    """How far apart two colours are: from 1, the same, to 21, black and white."""
    high, low = sorted(
        (0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (one, other)), reverse=True
    )
    return (high + 0.05) / (low + 0.05)


def tokens() -> dict[str, tuple[Colour, Colour]]:
    """The colours of the tokens, light and dark."""
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)
    return {name: (from_hex(light), from_hex(dark)) for name, light, dark in found}


def rules() -> Iterator[tuple[str, str, str]]:
    """The rules of all style sheets: file, selector, declarations."""
    for sheet in CSS.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
            yield sheet.name, selector.strip(), body


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_on_every_surface(theme: str) -> None:
    colours, at = tokens(), THEMES.index(theme)
    pairs = [(words, surface) for words, surfaces in WORDS.items() for surface in surfaces] + MORE_WORDS

    for words, surface in pairs:
        found = contrast(colours[words][at], colours[surface][at])
        assert found >= TEXT, f"{words} on {surface}: {found:.2f}"
    for shape, surface in SHAPES:
        found = contrast(colours[shape][at], colours[surface][at])
        assert found >= SHAPE, f"{shape} on {surface}: {found:.2f}"


def test_every_rule_that_sets_words_and_surface_can_be_read() -> None:
    colours, seen = tokens(), 0

    for sheet, selector, body in rules():
        words = re.search(r"(?<![\w-])color: var\(--([\w-]+)\)", body)
        surface = re.search(r"background(?:-color)?: var\(--([\w-]+)\)", body)
        if words and surface:
            seen += 1
            for at, theme in enumerate(THEMES):
                found = contrast(colours[words[1]][at], colours[surface[1]][at])
                assert found >= TEXT, f"{sheet}: {selector}, {theme}: {found:.2f}"
    assert seen > 20


def test_initials_can_be_read_on_every_hue() -> None:
    [body] = [body for _, selector, body in rules() if selector == ".avatar"]
    pairs = re.findall(r"oklch\(([\d.]+) ([\d.]+) var\(--hue", body)
    back_light, back_dark, words_light, words_dark = [(float(light), float(chroma)) for light, chroma in pairs]

    assert len(HUES) == 8
    for hue, (back, words) in product(HUES.values(), [(back_light, words_light), (back_dark, words_dark)]):
        assert contrast(from_oklch(*back, float(hue)), from_oklch(*words, float(hue))) >= TEXT, hue


def test_colours_are_named_once() -> None:
    for sheet, selector, body in rules():
        if sheet != "tokens.css":
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b", body), f"{sheet}: {selector}"


def test_words_have_sizes_of_the_scale() -> None:
    scale = {*re.findall(r"--text-\w+: ([\d.]+rem);", TOKENS), "1rem"}

    for sheet, selector, body in rules():
        for size in re.findall(r"font-size: ([^;]+);", body):
            assert size in scale or re.fullmatch(r"var\(--text-\w+\)|[\d.]+em|inherit", size), f"{sheet}: {selector}"


def test_no_style_sheet_is_endless() -> None:
    sizes = {sheet.name: len(sheet.read_text().splitlines()) for sheet in CSS.glob("*.css")}
    assert sizes["tokens.css"] < 100
    assert all(sizes[name] <= 300 for name in ("base.css", "controls.css", "parts.css", "shell.css", "sidebar.css"))


def wider(page: Page) -> int:
    """By how much the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.browser
def test_no_page_is_wider_than_the_narrowest_phone(house: House, window: Window) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitaensmuetze"
    room = house.room("ada", topic=long * 2)
    house.run(
        "from accounts.models import User; from chat.posting import post_message; from rooms.lifecycle import *; "
        f"ada = User.objects.get(username='ada'); update_room(actor=ada, slug='{room.split('/')[2]}', name='{long}'); "
        f"post_message(actor=ada, slug='{room.split('/')[2]}', text='{long * 4}')"
    )
    phone = window("ada", "/", viewport={"width": 320, "height": 568}, has_touch=True)
    guest = window(None, "/", viewport={"width": 320, "height": 568})
    account = [f"/accounts/{name}/" for name in ("profile", "email", "password/change", "logout")]
    room_pages = [f"{room}{name}" for name in ("", "settings/", "pins/", "audit/", "2/revisions/", "threads/2/")]

    for path in ["/", "/?archived=true", "/?q=x", "/rooms/new/", "/direct/new/", *account, *room_pages]:
        phone.goto(f"{house.server.url}{path}")
        assert wider(phone) <= 0, path
    for path in ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/rooms/lobby/"]:
        guest.goto(f"{house.server.url}{path}")
        assert wider(guest) <= 0, path
    for text_size in ("200%",):  # 1.4.4: words twice as large
        phone.goto(f"{house.server.url}{room}")
        phone.evaluate("size => { document.documentElement.style.fontSize = size; }", text_size)
        assert wider(phone) <= 0, text_size
