"""Formatting: the safe HTML of a message, made once, when it is written.

Most messages are plain words and cost nothing: they have no HTML of their own.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from html import escape
from typing import NamedTuple

import emoji
from markdown_it.common.utils import mdTrim

from chat.markdown import TooMuch, name_of, read
from foundation.errors import invalid
from foundation.limits import MARKS_SHOWN

# What may mean more than itself: signs of Markdown, entities, several lines, `:names:` and addresses, and what begins a
# list.
_SIGNS = re.compile(r"[\\`*_~\[\]<>&@\n\r\t]|:(?=\S)|\A(?:[-+]|\d+[.)])")
_MENTION_SPAN = re.compile(r'<span class="mention">(@[A-Za-z0-9._-]+)</span>')
# What may be a base with too many marks: a mark is neither a letter nor a space.
_MAYBE_MARKED = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_SHOWN + 1},}}")
_LAYOUT = re.compile(r"</?p>|<br>|\s")
_NOTHING = re.compile(r"(?:<[^>]*>|\s)*")
_EMOJI_STYLE = "\ufe0f"


class Formatted(NamedTuple):
    """The HTML of a text, None where it has no formatting; and whom it may mention, in small letters, each once."""

    html: str | None
    names: tuple[str, ...]


PLAIN = Formatted(None, ())


def render(text: str) -> Formatted:
    """Format a text. Every `@name` outside of code and addresses is marked: `only_mentions` takes back those that
    mention nobody.

    Of more than MARKS_SHOWN combining marks on one base the rest is left out. What takes more than
    FORMATTING_MAX_STEPS to read, or is nested deeper than FORMATTING_MAX_DEPTH, has no formatting and mentions nobody.
    Nor has what would show nothing, such as a lone `-`.
    """
    if not may_have_formatting(text):
        return PLAIN
    html, names = read_markdown(_with_few_marks(text))
    return Formatted(html if _says_more(html, text) else None, names)


def may_have_formatting(text: str) -> bool:
    """False for most messages; then `read_markdown` would find nothing."""
    return bool(_SIGNS.search(text)) or _with_few_marks(text) != text


def read_markdown(text: str) -> tuple[str, tuple[str, ...]]:
    """The HTML of a text whatever it is, and whom it may mention."""
    try:
        return read(text)
    except TooMuch:
        return plain(text), ()


def only_mentions(html: str | None, mentioned: Collection[str], text: str = "") -> str | None:
    """The HTML in which only those are marked who are mentioned (`ada`, or `@room` for everybody).

    With the text it is None where no formatting is left.
    """
    if html is None:
        return None
    html = _MENTION_SPAN.sub(lambda found: found[0] if name_of(found[1]) in mentioned else found[1], html)
    return None if text and not _says_more(html, text) else html


def _says_more(html: str, text: str) -> bool:
    """Whether this HTML shows anything, and anything but the text and its lines, which the text itself shows better."""
    return not _NOTHING.fullmatch(html) and _LAYOUT.sub("", html) != _LAYOUT.sub("", plain(text))


def plain(text: str) -> str:
    """A text without formatting as HTML."""
    body = escape(mdTrim(text), quote=False).replace("\xa0", "&nbsp;")
    return f"<p>{body}</p>".replace("\n", "<br>")


def emoji_of(text: str) -> str:
    """The one emoji that the text is, as Unicode recommends to write it. Raises `validation_error`."""
    found = _emoji().get(text.replace(_EMOJI_STYLE, ""))
    if found is None:
        raise invalid("emoji", "no_emoji", "Use one emoji.")
    return found


@cache
def _emoji() -> dict[str, str]:
    """Every emoji with the signs that may be missing left out, and how it is written in full."""
    full = emoji.STATUS["fully_qualified"]
    return {sign.replace(_EMOJI_STYLE, ""): sign for sign, about in emoji.EMOJI_DATA.items() if about["status"] == full}


def _with_few_marks(text: str) -> str:
    return text if text.isascii() else _MAYBE_MARKED.sub(_few_marks, text)


def _few_marks(found: re.Match[str]) -> str:
    """What was found with at most MARKS_SHOWN marks in a row; signs that are not seen do not end a row."""
    kept, row = [], 0
    for sign in found[0]:
        category = unicodedata.category(sign)
        row = row + 1 if category[0] == "M" else row if category == "Cf" else 0
        if row <= MARKS_SHOWN or category == "Cf":
            kept.append(sign)
    return "".join(kept)
