"""Asking the index: the newest messages that may be what is searched, by their primary keys, in bounded time."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

from chat.indexing import TABLE, VOCABULARY
from foundation.errors import ChatError
from foundation.limits import SEARCH_BUDGET_S

LAST_CHAR = "\U0010ffff"
COMPLETIONS_MAX = 200
VOCABULARY_READ = 500
PAGE_SHARE = 1 / 6  # of the time until a statement is ended, after which a page is given with what it has
STEPS = 1000  # of SQLite's machine, between looks at the clock
READ_ANYWAY = 1200  # the GIN index has found all of them by then
NEWEST = (2000, 20_000)  # of so many keys PostgreSQL reads the rows before it asks the GIN index

# Seeks from word to word; to read the vocabulary would count every message with each of them.
_COMPLETE = f"""
WITH RECURSIVE found(word) AS (
    SELECT (SELECT term FROM {VOCABULARY} WHERE term >= %s LIMIT 1)
    UNION ALL SELECT (SELECT term FROM {VOCABULARY} WHERE term >= found.word || char(0) LIMIT 1)
    FROM found WHERE found.word < %s
) SELECT word FROM found WHERE word < %s LIMIT {VOCABULARY_READ}
"""


@dataclass
class Match:
    """What the index is asked for: all of `every`, one of each group in `some`, and nothing of `none`.

    `every` are words, and whether they are only beginnings; `only` is a query for the rooms besides, with its values.
    `narrow`: the rooms in `some` have few messages."""

    every: list[tuple[str, bool]] = field(default_factory=list)
    some: list[list[str]] = field(default_factory=list)
    none: list[str] = field(default_factory=list)
    only: tuple[str, Sequence[Any]] | None = None
    narrow: bool = False


@contextmanager
def in_time() -> Iterator[Callable[[], bool]]:
    """Give what tells when to come to an end, which is before a statement that still runs is ended by force.

    That raises `query_too_costly`. On SQLite it is our own work that counts, not what the machine does besides."""
    database = connections[DEFAULT_DB_ALIAS]
    clock = time.thread_time if database.vendor == "sqlite" else time.monotonic
    database.ensure_connection()
    begun = clock()

    def spent(share: float) -> bool:
        return clock() - begun > share * SEARCH_BUDGET_S

    try:
        with _ended_by_force(database, lambda: spent(1)):
            yield lambda: spent(PAGE_SHARE)
    except OperationalError as error:
        if "interrupted" in str(error) or "statement timeout" in str(error):
            raise ChatError("query_too_costly") from None
        raise


@contextmanager
def _ended_by_force(database: Any, spent: Callable[[], bool]) -> Iterator[None]:
    if database.vendor != "sqlite":
        is_inner = database.in_atomic_block
        with transaction.atomic(), _statement_timeout(restored=is_inner):
            yield
        return
    raw = database.connection
    raw.set_progress_handler(spent, STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, STEPS)


@contextmanager
def _statement_timeout(*, restored: bool) -> Iterator[None]:
    """For this transaction; what it was before is set again for those that are around it."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        set_to = "set_config('statement_timeout', %s, true)"
        cursor.execute(f"SELECT current_setting('statement_timeout'), {set_to}", [str(round(SEARCH_BUDGET_S * 1000))])
        before, _ = cursor.fetchone()
        yield
        if restored:
            cursor.execute(f"SELECT {set_to}", [before])


def newest(match: Match, *, below: int, floor: int, count: int) -> list[int]:
    """The newest `count` candidates with floor <= key < below, downward; more where they cost nothing. Fewer are all."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        ask = _from_sqlite if cursor.db.vendor == "sqlite" else _from_postgresql
        return ask(cursor, match, below, floor, count)


def _from_sqlite(cursor: Any, match: Match, below: int, floor: int, count: int) -> list[int]:
    groups = []
    for word, is_prefix in match.every:
        group = _completions(cursor, word) if is_prefix else [word]
        if not group:
            return []
        groups.append(group)
    wanted = " AND ".join(_any(group) for group in [*groups, *match.some])
    if match.none:
        wanted = f"({wanted}) NOT {_any(match.none)}"
    rooms, values = _in_rooms(match, "s.rowid")
    cursor.execute(
        f"SELECT s.rowid FROM {TABLE} s WHERE {TABLE} MATCH %s AND s.rowid < %s AND s.rowid >= %s {rooms}"
        " ORDER BY s.rowid DESC LIMIT %s",
        [wanted, below, floor, *values, count],
    )
    return [key for (key,) in cursor.fetchall()]


def _any(words: list[str]) -> str:
    # Letters, digits and marks in quotes: no operator of FTS5 comes in here.
    return "(" + " OR ".join([f'"{word}"' for word in words]) + ")"


def _completions(cursor: Any, prefix: str) -> list[str]:
    """Words of the index that begin so, the shortest if there are many."""
    end = prefix + LAST_CHAR
    cursor.execute(_COMPLETE, [prefix, end, end])
    found = sorted((word for (word,) in cursor.fetchall()), key=len)
    return found[:COMPLETIONS_MAX]


def _from_postgresql(cursor: Any, match: Match, below: int, floor: int, count: int) -> list[int]:
    """A common word is found among the newest messages, a rare one by the GIN index, which reads all that it finds."""
    cursor.execute(f"SELECT max(id) FROM {TABLE} WHERE id < %s", [below])
    [newest_id] = cursor.fetchone()
    if newest_id is None:
        return []
    wanted, values = _conditions(match)
    found, below = list[int](), newest_id + 1
    for size in NEWEST[:1] if match.narrow else NEWEST:
        start = max(below - size, floor)
        cursor.execute(
            f"SELECT s.id FROM (SELECT id, words FROM {TABLE} WHERE id >= %s AND id < %s ORDER BY id DESC OFFSET 0) s"
            f" WHERE {wanted} ORDER BY s.id DESC LIMIT %s",
            [start, below, *values, count - len(found)],
        )
        found += [key for (key,) in cursor.fetchall()]
        if len(found) == count or start == floor:
            return found
        below = start
    cursor.execute(
        f"WITH hits AS MATERIALIZED (SELECT s.id FROM {TABLE} s WHERE {wanted})"
        " SELECT id FROM hits WHERE id < %s AND id >= %s ORDER BY id DESC LIMIT %s",
        [*values, below, floor, max(count - len(found), READ_ANYWAY)],
    )
    return found + [key for (key,) in cursor.fetchall()]


def _conditions(match: Match) -> tuple[str, list[Any]]:
    """What holds for a row `s`. The GIN index reads everything that begins with a beginning; in few messages it is
    quicker to look at each, for which the condition is one that no index serves."""
    # As above: nothing in the quotes can end them.
    begun = [f"'{word}':*" for word, is_prefix in match.every if is_prefix]
    parts = [f"'{word}'" for word, is_prefix in match.every if not is_prefix]
    parts += ["(" + " | ".join([f"'{word}'" for word in group]) + ")" for group in match.some]
    if match.none:
        parts.append("!(" + " | ".join([f"'{word}'" for word in match.none]) + ")")
    rooms, values = _in_rooms(match, "s.id")
    if begun and match.narrow:
        looked_at = "(s.words @@ %s::tsquery) IS TRUE"
        return f"s.words @@ %s::tsquery AND {looked_at} {rooms}", [" & ".join(parts), " & ".join(begun), *values]
    return f"s.words @@ %s::tsquery {rooms}", [" & ".join([*begun, *parts]), *values]


def _in_rooms(match: Match, key: str) -> tuple[str, Sequence[Any]]:
    if match.only is None:
        return "", ()
    rooms, values = match.only
    return f"AND EXISTS (SELECT 1 FROM chat_message m WHERE m.id = {key} AND m.room_id IN ({rooms}))", values
