"""Words, as search knows them: without capitals and accents, and for scripts that write no spaces pairs of letters.

`Caffè` is the word `caffe`. Of `喝茶吧` every letter and every pair of neighbours is kept, so that any part of it is
found by the pairs it is made of. The index and whoever checks a text against a search both read them here.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WORD_MAX_CHARS = 64  # of a longer one the index keeps so much

# Scripts without spaces, and emoji: Thai to Tibetan, Burmese, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0e7f\u0e80-\u0fff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001f300-\U0001faff\U00020000-\U0003ffff"
)
# Letters, digits and, for the scripts of India, the signs of vowels, which are no letters to Python.
_LETTER = rf"(?:[^\W_{UNSPACED}]|[\u0900-\u0963\u0970-\u0dff])"
_UNITS = re.compile(rf"{_LETTER}+|[{UNSPACED}]+")
_ASCII = re.compile(r"[0-9a-z]+")
_IS_UNSPACED = re.compile(rf"[{UNSPACED}]")
# What is written above and below letters; not the marks of Thai, kana and India, which are letters by themselves.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u200b-\u200f\u00ad\ufeff]"
)
_APART = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h"})

BEFORE, AFTER = rf"(?<!{_LETTER})", rf"(?!{_LETTER})"
BETWEEN = rf"(?:(?!{_LETTER})[^{UNSPACED}])"  # what may stand between the words of a phrase


def folded(text: str) -> str:
    """The text without capitals, accents and other shapes of the same letter."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_APART)).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def folded_in_place(text: str) -> tuple[str, list[int]]:
    """The folded text and, for each of its letters, which letter of the text it is from."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    pieces, places = [], []
    for start, end in _clusters(text):
        piece = _folded_cluster(text[start:end])
        pieces.append(piece)
        places += [start] * len(piece)
    return "".join(pieces), places


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Where each letter with its marks begins and ends."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or not (unicodedata.combining(text[index]) or "\u1160" <= text[index] <= "\u11ff"):
            yield start, index
            start = index


@lru_cache(maxsize=4096)
def _folded_cluster(text: str) -> str:
    return folded(text)


def units_in(text: str) -> list[str]:
    """The words of a folded text; a run of letters of a script without spaces is one."""
    return _UNITS.findall(text)


def is_unspaced(unit: str) -> bool:
    return _IS_UNSPACED.match(unit) is not None


def pairs_of(unit: str) -> list[str]:
    """What finds a run of letters without spaces: its pairs of neighbours, or its only letter."""
    return [unit[index : index + 2] for index in range(len(unit) - 1)] or [unit]


def words_of(text: str) -> set[str]:
    """Everything that a text can be found by."""
    plain = folded(text)
    if plain.isascii():
        return {word[:WORD_MAX_CHARS] for word in _ASCII.findall(plain)}
    words: set[str] = set()
    for unit in units_in(plain):
        if is_unspaced(unit):
            words.update(unit)
            words.update(pairs_of(unit))
        else:
            words.add(unit[:WORD_MAX_CHARS])
    return words
