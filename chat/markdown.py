"""Markdown: markdown-it-py reads it without HTML in it, nh3 lets through only what is listed here: what the one overlooks,
the other stops.

Reading counts its steps: about one for each line and each sign that may mean something outside of code. It is given up
where there are more than any message needs, so that no text keeps the server for longer than some 15 ms.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Any

import emoji
import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token

from foundation.limits import FORMATTING_MAX_DEPTH, FORMATTING_MAX_STEPS

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
ATTRIBUTES = {"a": {"href", "title", "target"}, "code": {"class"}, "ol": {"start"}}
CLASSES = {"span": {"mention"}}
SCHEMES = {"http", "https", "mailto"}
LINK_REL = "noopener noreferrer nofollow ugc"
EVERYBODY = "@room"
SEARCHED_PER_STEP = 40  # characters
# Whole addresses only: a browser would take `http:a` and `//a` for pages of this site.
_ADDRESS = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s?])", re.IGNORECASE)
_LANGUAGE = re.compile(r"language-[\w+#.-]{1,32}")
# Not inside of a word, an address or a path; a dot or hyphen at the end belongs to the sentence.
_MENTION = re.compile(r"(?<![\w.@/-])@([A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9_])?)(?![\w@])")
_SHORTCODES = re.compile(r"(?<![\w:])(?::[^\s:]{1,80}:)+(?![\w:])")
_RUN = re.compile(r"[*_~]+")
_SPACE = re.compile(r"\s")


class TooMuch(Exception):
    """The text takes more steps, or goes deeper, than any message needs."""


def read(text: str) -> tuple[str, tuple[str, ...]]:
    """The HTML of a text and whom it may mention, in small letters, each once. Raises `TooMuch`."""
    environment: dict[str, Any] = {"names": {}, "steps": 0}
    html = _cleaner.clean(_reader.render(text, environment)).strip()
    return html, tuple(environment["names"])


def name_of(mention: str) -> str:
    """`@Ada` as `ada`, and `@room` as it is."""
    name = mention.lower()
    return name if name == EVERYBODY else name[1:]


def _count_block(state: StateBlock, *_: Any) -> bool:
    # Deeper than its own limit the reader would leave words out.
    if state.level > FORMATTING_MAX_DEPTH:
        raise TooMuch
    _count(state, 1)
    return False


def _count_inline(state: StateInline, silent: bool) -> bool:
    """Count by what the sign here costs: a run for each of its signs, and addresses, which are searched for their end."""
    if not silent and (run := _RUN.match(state.src, state.pos)):
        _count(state, len(run[0]))
    elif state.src.startswith("](", state.pos):
        _count(state, 1 + _to_space(state) // SEARCHED_PER_STEP)
    else:
        _count(state, 5 if state.src[state.pos] == "<" else 1)
    return False


def _count(state: StateBlock | StateInline, steps: int) -> None:
    state.env["steps"] += steps
    if state.env["steps"] > FORMATTING_MAX_STEPS:
        raise TooMuch


def _to_space(state: StateInline) -> int:
    space = _SPACE.search(state.src, state.pos)
    return (space.start() if space else len(state.src)) - state.pos


def _address(state: StateInline, silent: bool) -> bool:
    """An address as it stands. It is looked for in all of what came before the `://` and in all of the word after."""
    # What is only looked over has not been put down, where the rule looks for `http`.
    if silent or not state.src.startswith("://", state.pos):
        return False
    _count(state, 4 + (len(state.pending) + _to_space(state)) // SEARCHED_PER_STEP)
    return linkify(state, silent)


def _is_address(url: str) -> bool:
    """Whether this may be a link; what the cleaner would take away stays text."""
    return bool(_ADDRESS.match(url)) and "href=" in _cleaner.clean(f'<a href="{escape(url)}">')


def _without_empty_links(state: StateCore) -> None:
    """Leave `a[0]()` as it is."""
    for block in state.tokens:
        if block.type == "inline" and "](" in block.content and block.children:
            is_empty = False
            for token in block.children:
                if token.type == "link_open":
                    is_empty = not token.attrs["href"]
                if token.tag == "a" and is_empty:
                    token.content = "[" if token.nesting > 0 else "]()"
                    token.type, token.tag, token.nesting = "text", "", 0


def _with_emoji(state: StateCore) -> None:
    """Turn `:tada:` into the sign, outside of code and addresses."""
    for block in state.tokens:
        if block.type == "inline" and ":" in block.content:
            for token in _words(block.children or []):
                token.content = _SHORTCODES.sub(_emojized, token.content)


def _emojized(found: re.Match[str]) -> str:
    return emoji.emojize(found[0], language="alias")


def _with_mentions(state: StateCore) -> None:
    """Mark every `@name` outside of code and addresses."""
    for block in state.tokens:
        if block.type == "inline" and "@" in block.content:
            words = set(map(id, _words(block.children or [])))
            parts = [
                _parted(token, state.env["names"]) if id(token) in words else [token] for token in block.children or []
            ]
            block.children = [part for each in parts for part in each]


def _words(tokens: list[Token]) -> Iterator[Token]:
    """The texts that are no address."""
    in_address = False
    for token in tokens:
        if token.info == "auto":
            in_address = token.nesting > 0
        elif token.type == "text" and not in_address:
            yield token


def _parted(token: Token, names: dict[str, None]) -> list[Token]:
    """A text as the mentions in it and what is between them."""
    parts, end = [], 0
    for found in _MENTION.finditer(token.content):
        names[name_of(found[0])] = None
        parts += [_text(token.content[end : found.start()]), Token("mention", "span", 0, content=found[0])]
        end = found.end()
    return [*parts, _text(token.content[end:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _draw_mention(renderer: Any, tokens: list[Token], index: int, options: Any, environment: Any) -> str:
    return f'<span class="mention">{tokens[index].content}</span>'


def _draw_break(renderer: Any, tokens: list[Token], index: int, options: Any, environment: Any) -> str:
    return "<br>"


def _new_reader() -> MarkdownIt:
    options = {"html": False, "linkify": True, "breaks": True, "maxNesting": FORMATTING_MAX_DEPTH + 4}
    reader = MarkdownIt("commonmark", options)
    reader.enable("strikethrough")
    reader.disable(["image", "heading", "lheading", "hr", "html_block", "html_inline", "reference", "code"])
    # Addresses that begin with their scheme, and no others: file.py and readme.md would be such.
    reader.inline.ruler.at("linkify", _address)
    reader.inline.ruler.enable("linkify")
    reader.inline.ruler.before("text", "count", _count_inline)
    reader.block.ruler.before("fence", "count", _count_block, {"alt": ["paragraph", "blockquote", "list"]})
    reader.core.ruler.before("text_join", "links", _without_empty_links)
    reader.core.ruler.before("text_join", "emoji", _with_emoji)
    reader.core.ruler.before("text_join", "mentions", _with_mentions)
    reader.add_render_rule("mention", _draw_mention)
    reader.add_render_rule("softbreak", _draw_break)
    reader.add_render_rule("hardbreak", _draw_break)
    reader.validateLink = _is_address  # type: ignore[method-assign]
    return reader


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("code", "class"):
        return value if _LANGUAGE.fullmatch(value) else None
    return value


_reader = _new_reader()
_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=_allowed,
    allowed_classes=CLASSES,
    set_tag_attribute_values={"a": {"target": "_blank"}},
    url_schemes=SCHEMES,
    url_relative="deny",
    link_rel=LINK_REL,
)
