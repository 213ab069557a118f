"""Formatting: Markdown becomes the HTML that people expect, and what has none stays as it is."""

import unicodedata

import pytest
from emoji import EMOJI_DATA, STATUS
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import formatting
from chat.formatting import PLAIN, emoji_of, only_mentions, plain, read_markdown, render
from foundation.errors import ChatError
from foundation.limits import FORMATTING_MAX_DEPTH, MARKS_SHOWN

OUT = 'target="_blank" rel="noopener noreferrer nofollow ugc"'
# What is alike in Markdown and in words, and what is not seen.
WORDLY = "ab1 .,:;?!'\"()-+/#=|{}$%^\u00a0\u0085\u2028\u3000\u00e9\u0301\ufeff\u4f60\x0b\x1f"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and __bold__", "<p><strong>bold</strong> and <strong>bold</strong></p>"),
        ("*italic* and _italic_", "<p><em>italic</em> and <em>italic</em></p>"),
        ("***both*** and **bold *both***", None),
        ("~~strike~~", "<p><s>strike</s></p>"),
        ("*a*snake_case_word", "<p><em>a</em>snake_case_word</p>"),
        ("un*frigging*believable", "<p>un<em>frigging</em>believable</p>"),
        ("`a < b` `**c**` `` ` ``", "<p><code>a &lt; b</code> <code>**c**</code> <code>`</code></p>"),
        ("```python\nx = 1\n  y\n```", '<pre><code class="language-python">x = 1\n  y\n</code></pre>'),
        ("~~~c++ title\n*x*\n~~~", '<pre><code class="language-c++">*x*\n</code></pre>'),
        ("```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>"),
        ('```a"b<c\nx\n```', "<pre><code>x\n</code></pre>"),
        ("> quoted\n> too\n\nnot", "<blockquote>\n<p>quoted<br>too</p>\n</blockquote>\n<p>not</p>"),
        ("- a\n- b\n  - c", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("[x](https://x.test/a_b)", f'<p><a href="https://x.test/a_b" {OUT}>x</a></p>'),
        ("[**x** y](<https://x.test>)", f'<p><a href="https://x.test" {OUT}><strong>x</strong> y</a></p>'),
        ("[x](https://x.test 'so')", f'<p><a href="https://x.test" title="so" {OUT}>x</a></p>'),
        ("Mail [us](mailto:us@x.test)", f'<p>Mail <a href="mailto:us@x.test" {OUT}>us</a></p>'),
        ("<us@x.test>", f'<p><a href="mailto:us@x.test" {OUT}>us@x.test</a></p>'),
        (
            "(https://x.test/a_b_c?a=1&b=2).",
            f'<p>(<a href="https://x.test/a_b_c?a=1&amp;b=2" {OUT}>https://x.test/a_b_c?a=1&amp;b=2</a>).</p>',
        ),
        ("xxxxxxxx[http://x.test/", f'<p>xxxxxxxx[<a href="http://x.test/" {OUT}>http://x.test/</a></p>'),
        ("**a**\nb", "<p><strong>a</strong><br>b</p>"),
        ("**a**  b", "<p><strong>a</strong>  b</p>"),
        (":tada: and `:tada:`", "<p>🎉 and <code>:tada:</code></p>"),
        (":tada::heart:, \\:tada:", "<p>🎉\u2764\ufe0f, :tada:</p>"),
        ("std::x::y fe80::a:b: *z*", "<p>std::x::y fe80::a:b: <em>z</em></p>"),
        ("[:tada:](https://x.test)", f'<p><a href="https://x.test" {OUT}>🎉</a></p>'),
        ("https://x.test/:tada:", f'<p><a href="https://x.test/:tada:" {OUT}>https://x.test/:tada:</a></p>'),
        ("\\*a\\*", "<p>*a*</p>"),
        ("&amp; &copy; &lt;b&gt;", "<p>&amp; © &lt;b&gt;</p>"),
        ("a[0]() *b*", "<p>a[0]() <em>b</em></p>"),
    ],
)
def test_markdown_is_what_people_expect(text: str, html: str | None) -> None:
    expected = html or "<p><em><strong>both</strong></em> and <strong>bold <em>both</em></strong></p>"

    assert render(text) == (expected, ())


@pytest.mark.parametrize(
    "text",
    [
        *(
            "hello",
            "It is 5:30, isn't it?",
            "snake_case_word",
            "5 * 3 * 2",
            "1 < 2 & 3",
            "AT&T",
            "C:\\new\\file",
            "std::x",
        ),
        *(
            "# no heading",
            "no\n===",
            "---",
            "a\n---",
            "    no code",
            "| a | b |\n|---|---|",
            "[x]: /y",
            "[x][y]",
        ),
        *(
            "<b>x</b>",
            "<!-- x -->",
            "![x](y)",
            "[x](/rooms/)",
            "[x](//x.test)",
            "[x](javascript:x)",
            "[x](https://[)",
            "a[0]()",
        ),
        *(
            "www.x.test",
            "us@x.test",
            "main.rs",
            "ftp://x.test",
            "x://y",
            ":nothing:",
            "12:30:45",
            "@",
            "a@b",
            "@-",
            "@ada@x",
        ),
        *(
            "two\nlines",
            "  two \n   lines  \n",
            "two\r\nlines",
            "two\n\nparagraphs",
            "tab\tbed",
            "no\u00a0break\nhere",
            "\x1f\n.",
        ),
        *("-", "*", "+", "1.", ">", "> >", "- \n- ", "```", "```\n```", "[](https://x.test)", "\\"),
    ],
)
def test_what_has_no_formatting_has_no_html(text: str) -> None:
    assert render(text) == PLAIN


@settings(max_examples=500, deadline=None)
@given(st.text(st.one_of(st.sampled_from(WORDLY), st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_the_quick_way_for_plain_texts_is_no_other_way(text: str) -> None:
    if text.strip() and not formatting.may_have_formatting(text):
        assert read_markdown(text) == (plain(text), ())


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab *_`~[]()<>&\\\n:@-1.>\u0301\u00a0")))
def test_html_is_there_only_where_it_says_more_than_the_text(text: str) -> None:
    html = render(text).html

    assert html is None or "".join(html.split()) != "".join(plain(text).split())
    assert html is None or html.startswith("<")


def test_what_is_nested_deeper_than_anybody_writes_is_left_plain_with_all_its_words() -> None:
    deepest = FORMATTING_MAX_DEPTH // 2
    points = ["  " * level + f"- point {level}" for level in range(deepest + 1)]

    assert (render("\n".join(points[:deepest])).html or "").count("<li>") == deepest
    assert render("\n".join(points)) == PLAIN
    assert render("> " * FORMATTING_MAX_DEPTH + "word").html is not None
    assert render("> " * (FORMATTING_MAX_DEPTH + 1) + "word") == PLAIN


# Mentions


def test_mentions_are_marked_outside_of_code_and_addresses() -> None:
    html, names = render("@ada. `@bob` [@cy](https://x.test) **@Dee** @room https://x.test/?@eve a@b.test \\@fay")

    assert names == ("ada", "cy", "dee", "@room")
    assert html is not None
    assert html.count('<span class="mention">') == 4
    for name in ("@ada", "@cy", "@Dee", "@room"):
        assert f'<span class="mention">{name}</span>' in html


def test_only_those_stay_marked_who_are_mentioned() -> None:
    text = '@Dee, @room and *@bob*: `<span class="mention">@dee</span>`'
    html = render(text).html

    left = only_mentions(html, ["dee"], text)

    code = '<code>&lt;span class="mention"&gt;@dee&lt;/span&gt;</code>'
    assert left == f'<p><span class="mention">@Dee</span>, @room and <em>@bob</em>: {code}</p>'
    assert (
        only_mentions(html, ["@room"]) == f'<p>@Dee, <span class="mention">@room</span> and <em>@bob</em>: {code}</p>'
    )


def test_a_text_that_had_nothing_but_names_of_nobody_has_no_html() -> None:
    text = "@nobody,\n@noone"

    assert only_mentions(render(text).html, [], text) is None
    assert only_mentions(render(text).html, ["noone"], text) is not None
    assert only_mentions(None, ["noone"], "noone") is None


# Marks


@pytest.mark.parametrize("base", ["a", "*a*", "`a`", "@ada", "\u05d0", "👍", " "])
def test_of_many_marks_on_one_letter_some_are_shown(base: str) -> None:
    html = render(base + "\u0301\u0489\u20dd" * 300 + "b").html

    assert html is not None
    assert sum(unicodedata.category(sign) in {"Mn", "Me"} for sign in html) == MARKS_SHOWN
    assert "b" in html


def test_signs_that_are_not_seen_do_not_make_room_for_more() -> None:
    html = render("a" + ("\u0301" * 5 + "\u200d") * 100).html

    assert (html or "").count("\u0301") == MARKS_SHOWN


@pytest.mark.parametrize(
    "text",
    ["a" + "\u0301" * MARKS_SHOWN, "a\u0301" * 100, "\u0e01\u0e35\u0e48" * 9, "👩\u200d👧\u200d👦" * 9, "…" * 99],
)
def test_what_languages_need_is_left_alone(text: str) -> None:
    assert render(text) == PLAIN


def test_marks_are_taken_off_also_where_there_are_too_many_signs() -> None:
    html = render("*[" * 4000 + "a" + "\u0301" * 300).html

    assert html == "<p>" + "*[" * 4000 + "a" + "\u0301" * MARKS_SHOWN + "</p>"


# Emoji


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("\u2764", "\u2764\ufe0f"),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("👩\u200d👩\u200d👧\u200d👦", "👩\u200d👩\u200d👧\u200d👦"),
        ("🇩🇪", "🇩🇪"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",) * 2,
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("🏳\u200d🌈", "🏳\ufe0f\u200d🌈"),
        ("🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈"),
        ("\u00a9", "\u00a9\ufe0f"),
    ],
)
def test_an_emoji_is_written_in_one_way(text: str, emoji: str) -> None:
    assert emoji_of(text) == emoji == emoji_of(emoji)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "a",
            "1",
            "#",
            " 👍",
            "👍 ",
            "👍👍",
            "👍a",
            ":tada:",
            "tada",
            "\u200d",
            "\ufe0f",
            "🏽",
            "🇩",
            "🇩🇩",
            "\0",
            "<b>",
        ),
        *("👍" * 1000, "👍\u200d👍", "\u2764\ufe0e", "☺\u0301", "🐈\u200d🐈", "\ud83d"),
    ],
)
def test_anything_else_is_no_emoji(text: str) -> None:
    with pytest.raises(ChatError, match="validation_error") as refusal:
        emoji_of(text)

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/emoji", "no_emoji")]


def test_all_emoji_that_the_library_knows_are_taken() -> None:
    known = {sign: about["status"] for sign, about in EMOJI_DATA.items()}

    assert len(known) > 3_000
    for sign, status in known.items():
        if status != STATUS["component"]:
            assert known[emoji_of(sign)] == STATUS["fully_qualified"]
