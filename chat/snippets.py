"""What a found message shows: a piece of its text, cut into parts of which some are what was searched.

The parts are plain text, and whoever shows them decides how a match looks: nothing here is HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.queries import Term
from chat.words import folded_in_place
from foundation.limits import SEARCH_SNIPPET_CHARS

LEAD_CHARS = 60  # before the first match
READ_CHARS = 1000  # of a long text so much is taken apart at once
SPANS_MAX = 50
CUT = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text, and whether it is what was searched."""

    text: str
    match: bool


def parts_of(text: str, terms: Sequence[Term]) -> list[Part]:
    """The piece of a text around its first match, with everything in it that matches; its beginning where none does."""
    spans = _spans(text, terms)
    start = max(spans[0][0] - LEAD_CHARS, 0) if spans else 0
    start = max(min(start, len(text) - SEARCH_SNIPPET_CHARS), 0)
    if start:
        space = re.compile(r"\s").search(text, start, start + LEAD_CHARS // 2)
        start = space.end() if space else start
    end = min(start + SEARCH_SNIPPET_CHARS, len(text))
    parts, at = [Part(CUT, False)] if start else [], start
    for begin, stop in spans:
        begin, stop = max(begin, at), min(stop, end)
        if begin < stop:
            parts += [Part(text[at:begin], False)] * (begin > at) + [Part(text[begin:stop], True)]
            at = stop
    parts += [Part(text[at:end], False)] * (at < end)
    return [*parts, Part(CUT, False)] if end < len(text) else parts


def _spans(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Where the text matches, in order; of a long one in the first piece that has something."""
    for offset in range(0, len(text), READ_CHARS):
        piece = text[offset : offset + READ_CHARS + SEARCH_SNIPPET_CHARS]
        plain, places = folded_in_place(piece)
        places.append(len(piece))
        found = []
        for term in terms:
            for match in term.pattern.finditer(plain):
                found.append((offset + places[match.start()], offset + places[match.end()]))
                if len(found) >= SPANS_MAX:
                    break
        if found:
            return sorted(found)
    return []
