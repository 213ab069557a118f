"""Formatting under attack: nothing of the corpus gets through, and no text takes long to read."""

import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import markdown
from chat.formatting import PLAIN, only_mentions, render
from foundation.limits import MESSAGE_MAX_CHARS
from tests.xss_corpus import CORPUS, faults_of

SIGNS = [
    *"[]()*_`~<>!@:/.\\&#\n -+|=\"'1a\t",
    *("http://", "https://x.test", "www.", "@ada", ":tada:", "```", "javascript:", "](", "mailto:", "- ", "> ", "1. "),
    *("<script>", "onclick=", "&#x6A;", "&lt;", "\u202e", "\u0301", "\u00a0", "你"),
]
CALLS_MAX = 150_000
# Each fills a message, alone or after the other.
BOMBS = [
    *(
        "[",
        "![",
        "[]",
        "[](",
        "[a](b",
        "[a](<b",
        '[a](b "',
        "[a](http://x) ",
        "[a][b]",
        "[[[]]]",
        "[x]: http://a\n",
        "](a",
    ),
    *("*", "*a", "**a", "***a***", "*_", "*[", "_a", "_a_ ", "a_b_", "~", "~~a", "`", "`a", "``a` ", "\\*", "\\"),
    *(">", "> ", "> a\n\n", ">-", "- ", "-\n", "- a\n", "- a\n  - b\n", "1. a\n", "1) ", "+ *a*\n", "- > 1. ", "```\n"),
    *(
        "\n",
        "a\n",
        "a  \n",
        "\t",
        "=\n",
        "<",
        "<a",
        "</",
        "<!--",
        "<http://",
        "<http://a>",
        "<a@b>",
        "&",
        "&amp;",
        "&#x26;",
    ),
    *(
        "http://",
        "http://x ",
        "http://[",
        "http://a.b/(",
        "x ://",
        "://",
        "//",
        "www.a.b ",
        "a.b ",
        "a@b.cc ",
        "a@",
        "a-.b@",
    ),
    *(
        ":a",
        ":a:",
        "::",
        ":tada:",
        ":tada: ",
        "@a ",
        "@a.",
        "@",
        "@room ",
        "e\u0301",
        "\u0301",
        "👩\u200d",
        "a",
        "你",
        "\u202e",
    ),
]
PAIRS = [
    ("a'[](", "!"),
    ("](**'[", ":a:**"),
    ("1. [>", "a-#"),
    ("[", "]"),
    ("*a ", " a*"),
    ("[" * 20 + "a", "](b)"),
    ("`", "`a"),
]


@pytest.mark.parametrize("text", CORPUS)
def test_nothing_of_the_corpus_gets_through(text: str) -> None:
    assert faults_of(render(text).html or "") == []


def test_the_corpus_is_large_and_its_reader_finds_what_it_looks_for() -> None:
    assert len(set(CORPUS)) > 300
    for bad in (
        "<p>x",
        "<img>",
        "<p onclick=x></p>",
        "<a>x</a>",
        '<a href="/x" rel="noopener noreferrer nofollow ugc">x</a>',
        '<a href="https://x.test">x</a>',
        '<a href="javascript:x" rel="noopener noreferrer nofollow ugc">x</a>',
        '<code class="mention">x</code>',
        '<span class="message">x</span>',
        "<span>x</span>",
        "<!--x-->",
        "<!x>",
        "<?x>",
    ):
        assert faults_of(bad), bad


def test_nor_do_ten_thousand_random_texts() -> None:
    chance = random.Random(5)
    formatted = 0
    for _ in range(10_000):
        text = "".join(chance.choices(SIGNS, k=chance.randint(1, 40)))
        html = render(text).html
        formatted += html is not None
        assert faults_of(html or "") == [], text
        assert faults_of(only_mentions(html, ()) or "") == [], text
    assert formatted > 3_000


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SIGNS), st.text(max_size=3)), max_size=30).map("".join))
def test_nor_does_any_text_of_all_characters(text: str) -> None:
    assert faults_of(render(text).html or "") == []


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_text_takes_long_to_read(bomb: str) -> None:
    """Counted in calls, of which Python makes some ten million a second: far from what 20 ms have room for."""
    assert max(calls_of(filled(bomb, length)) for length in (1_000, 3_000, MESSAGE_MAX_CHARS)) < CALLS_MAX


@pytest.mark.parametrize("pair", PAIRS)
def test_nor_do_two_kinds_after_each_other(pair: tuple[str, str]) -> None:
    for first in (100, 1_000, 5_000):
        text = filled(pair[0], first) + filled(pair[1], MESSAGE_MAX_CHARS - first)
        assert calls_of(text) < CALLS_MAX


def test_what_bounds_them_is_the_count_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "FORMATTING_MAX_STEPS", 10**9)

    assert calls_of(filled("[", MESSAGE_MAX_CHARS)) > 2 * CALLS_MAX
    assert render(filled("[a](http://x) ", MESSAGE_MAX_CHARS)).html is not None


@pytest.mark.parametrize("bomb", ["http://[", "x ://", "http://a.b/(", "](a"])
def test_what_is_only_searched_through_counts_as_well(bomb: str) -> None:
    assert render(filled(bomb, MESSAGE_MAX_CHARS)) == PLAIN


def test_the_largest_messages_that_people_write_are_formatted() -> None:
    prose = (
        "It *is* what `it` is, as [they](https://x.test/) say; **really**: no more, no less, and so on and so forth.\n"
    )
    code = "```\n" + "x = [1, 2, 3]  # **not** <this>\n" * 300 + "```"
    points = "- first *one*\n- second `one`\n  - and a third which is somewhat longer than the others are\n" * 80

    for text in (prose * 70, code, points):
        assert len(text) > 7_000
        assert render(text).html is not None


def filled(bomb: str, length: int) -> str:
    return (bomb * length)[:length]


def calls_of(text: str) -> int:
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        render(text)
    finally:
        sys.setprofile(None)
    return calls
