"""What a file is called: safe to show, to write into a header, and to save."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.file_names import is_image_by_name, name_of_image, shown_name, type_of
from foundation.limits import FILE_NAME_MAX_CHARS


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\tea.png", "tea.png"),
        ("a\0b.txt", "ab.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("line\nbreak\r\n.txt", "line break.txt"),
        ("茶 ☕.png", "茶 ☕.png"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.pdf",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.pdf",
        ),
        ("e\u0301.txt", "é.txt"),
        (".htaccess", "htaccess"),
        ("dots...", "dots"),
        ("half \ud800.txt", "half.txt"),
        *((nothing, "file") for nothing in ("", " ", ".", "..", "/", "\\", "\0", "\u202e", "...")),
    ],
)
def test_a_name_is_made_safe(given: str, shown: str) -> None:
    assert shown_name(given) == shown


def test_a_long_name_keeps_its_ending() -> None:
    assert shown_name("x" * 300 + ".tar") == "x" * (FILE_NAME_MAX_CHARS - 4) + ".tar"
    assert shown_name("x." + "y" * 300) == ("x." + "y" * 300)[:FILE_NAME_MAX_CHARS]


@given(st.text(max_size=300))
def test_every_name_is_short_plain_and_not_empty(given: str) -> None:
    name = shown_name(given)

    assert 1 <= len(name) <= FILE_NAME_MAX_CHARS
    assert not {"/", "\\", "\0", "\n", "\r"} & set(name) and not name.startswith(".")
    assert all(
        unicodedata.bidirectional(char) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"} for char in name
    )
    assert shown_name(name) == name
    name.encode()


@pytest.mark.parametrize(
    ("name", "content_type", "becomes"),
    [
        ("a.jpg", "image/jpeg", "a.jpg"),
        ("a.JPEG", "image/jpeg", "a.JPEG"),
        ("a.png", "image/jpeg", "a.jpg"),
        ("a.gif", "image/webp", "a.webp"),
        ("page.html", "image/png", "page.html.png"),
        ("photo", "image/png", "photo.png"),
        ("x" * 96 + ".bin", "image/webp", "x" * 95 + ".webp"),
    ],
)
def test_an_image_is_named_as_what_it_is(name: str, content_type: str, becomes: str) -> None:
    assert name_of_image(name, content_type) == becomes


def test_the_type_is_what_the_name_says() -> None:
    assert [type_of(name) for name in ("a.pdf", "a.HTML", "a", "a.b c", "http://x/y.zip")] == [
        "application/pdf",
        "text/html",
        "application/octet-stream",
        "application/octet-stream",
        "application/zip",
    ]
    assert is_image_by_name("a.PNG") and not is_image_by_name("png")
