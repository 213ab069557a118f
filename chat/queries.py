"""What somebody asks search for: words, "phrases", and of the last word only the beginning."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from chat.words import AFTER, BEFORE, BETWEEN, WORD_MAX_CHARS, folded, is_unspaced, pairs_of, units_in
from foundation.errors import invalid
from foundation.limits import SEARCH_MAX_CHARS, SEARCH_MAX_WORDS

PREFIX_MIN_CHARS = 2
PAIRS_MAX = 20  # of a longer run the text itself is asked
_QUOTES = str.maketrans("“”„‟«»＂", '"""""""')


@dataclass(frozen=True)
class Term:
    """A word, or words one after the other. With `prefix` the last one may go on."""

    units: tuple[str, ...]
    prefix: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds it in a folded text."""
        units = [re.escape(unit) if is_unspaced(unit) else f"{BEFORE}{unit}{AFTER}" for unit in self.units]
        if self.prefix:
            units[-1] = units[-1].removesuffix(AFTER)
        return re.compile(f"{BETWEEN}*".join(units))

    @cached_property
    def whole(self) -> re.Pattern[str]:
        """What finds it where the last word does not go on."""
        return Term(self.units).pattern

    @property
    def keys(self) -> list[tuple[str, bool]]:
        """The words of the index that a text with it has, and whether they are only beginnings."""
        found: list[tuple[str, bool]] = []
        for index, unit in enumerate(self.units, 1):
            if is_unspaced(unit):
                found += [(pair, False) for pair in pairs_of(unit)[:PAIRS_MAX]]
            else:
                goes_on = len(unit) > WORD_MAX_CHARS or (self.prefix and index == len(self.units))
                found.append((unit[:WORD_MAX_CHARS], goes_on))
        return found


@lru_cache(maxsize=64)
def together(terms: tuple[Term, ...]) -> Term:
    """These terms one after the other."""
    return Term(tuple(unit for term in terms for unit in term.units), prefix=terms[-1].prefix)


def terms_of(q: str) -> list[Term]:
    """What a text must have to be found. Signs mean nothing but quotes, and one that is never closed means nothing.

    Raises `validation_error`: too_long, too_many_words, null_character."""
    if len(q) > SEARCH_MAX_CHARS:
        raise invalid("q", "too_long", f"At most {SEARCH_MAX_CHARS} characters.")
    if "\0" in q:
        raise invalid("q", "null_character", "The text has a NUL character.")
    pieces = q.translate(_QUOTES).split('"')
    terms: list[Term] = []
    for index, piece in enumerate(pieces):
        units = units_in(folded(piece))
        if index % 2 and index < len(pieces) - 1:
            terms += [Term(tuple(units))] if units else []
            continue
        terms += [Term((unit,)) for unit in units]
        if units and index == len(pieces) - 1 and len(units[-1]) >= PREFIX_MIN_CHARS and not is_unspaced(units[-1]):
            terms[-1] = Term((units[-1],), prefix=True)
    if sum(len(term.units) for term in terms) > SEARCH_MAX_WORDS:
        raise invalid("q", "too_many_words", f"At most {SEARCH_MAX_WORDS} words.")
    return list(dict.fromkeys(terms))
