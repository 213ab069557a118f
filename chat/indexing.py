"""The index of search: what messages can be found by, written in the transaction that writes the message.

It is not asked for truth: it names candidates by their primary key, and `chat/search.py` reads and checks their rows. So
what was left in it of rows that are gone is never found. Besides its words a message has marks: room, author, day,
month, and whether it has a link, a file, an image.

On SQLite it is an FTS5 table without contents, without positions and sizes, the cheapest there is; on PostgreSQL a
table of `tsvector` with a GIN index. Only columns that exist since migration 0005 are read, as 0006 runs this.
"""

import json
import logging
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from chat.models import Message
from chat.words import WORD_MAX_CHARS, words_of
from foundation.limits import SEQ_MAX
from rooms.models import Room

log = logging.getLogger("parlor.search")
TABLE, VOCABULARY = "chat_search", "chat_search_words"
MARK = "\ue000"  # begins what is no word; no word has it
KINDS = ("link", "file", "image")
AT_ONCE = 2000
FORGOTTEN_MAX = 100_000
COLUMNS = "m.id, m.room_id, m.author_id, m.text, m.sent_at, m.attachments"
_LINK = re.compile(r"https?://\w", re.IGNORECASE)

CREATE = {
    "sqlite": [
        f"CREATE VIRTUAL TABLE {TABLE} USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii')",
        # Twice the usual number of parts before they are merged: less to do for each message.
        f"INSERT INTO {TABLE}({TABLE}, rank) VALUES ('automerge', 8)",
        f"CREATE VIRTUAL TABLE {VOCABULARY} USING fts5vocab({TABLE}, instance)",
    ],
    "postgresql": [
        f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, words tsvector NOT NULL)",
        f"CREATE INDEX {VOCABULARY} ON {TABLE} USING gin (words) WITH (gin_pending_list_limit = 512)",
    ],
}
DROP = {
    "sqlite": [f"DROP TABLE {VOCABULARY}", f"DROP TABLE {TABLE}"],
    "postgresql": [f"DROP TABLE {TABLE}"],
}
EMPTY = {"sqlite": f"INSERT INTO {TABLE}({TABLE}) VALUES('delete-all')", "postgresql": f"TRUNCATE {TABLE}"}
# Array to vector: the words are taken as they are, and parsed by nobody.
INTO_POSTGRESQL = (
    f"INSERT INTO {TABLE} (id, words) SELECT {{id}}, array_to_tsvector(string_to_array(given.words, ' '))"
    " FROM unnest(%s::bigint[], {types}::text[]) AS given(id, {names}words)"
    " ON CONFLICT (id) DO UPDATE SET words = excluded.words"
)


# Writing


def note(messages: Sequence[Message]) -> None:
    """Let messages be found that `insert_all` has just inserted, in the same order."""
    if not messages:
        return
    database = connections[DEFAULT_DB_ALIAS]
    sqlite = database.vendor == "sqlite"
    documents = [
        _document(each.room_id, each.author_id, each.text, each.sent_at, each.attachments, sqlite) for each in messages
    ]
    with database.cursor() as cursor:
        if sqlite:
            cursor.execute("SELECT last_insert_rowid()")
            # Nobody else writes, so the keys of one statement follow each other.
            first = cursor.fetchone()[0] - len(messages) + 1
            cursor.executemany(f"INSERT INTO {TABLE}(rowid, words) VALUES (%s, %s)", list(enumerate(documents, first)))
        else:
            # By the index, one by one: a join could read the whole table for them.
            key = "(SELECT m.id FROM chat_message m WHERE m.room_id = given.id AND m.seq = given.seq)"
            statement = INTO_POSTGRESQL.format(id=key, types="%s::bigint[], %s", names="seq, ")
            rooms, seqs = [each.room_id for each in messages], [each.seq for each in messages]
            cursor.execute(statement, [rooms, seqs, documents])


def add(room: Room, *, first_seq: int = 0, last_seq: int = SEQ_MAX) -> None:
    """Let these messages of a room be found, which were inserted in another way."""
    for rows in _rows("m.room_id = %s AND m.seq BETWEEN %s AND %s", [room.pk, first_seq, last_seq]):
        _insert(rows)


def reindex(message: Message, *, was: str) -> None:
    """Let an edited message, whose text is in its row already, be found by its new text only."""
    fields = (message.room_id, message.author_id)
    _remove([(message.pk, *fields, was, message.sent_at, message.attachments)])
    _insert([(message.pk, *fields, message.text, message.sent_at, message.attachments)])


def forget(room: Room, seqs: Collection[int]) -> None:
    """Let messages be found no more whose texts are about to be erased: call it before."""
    wanted = sorted(seqs)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        where = f"m.room_id = %s AND m.seq IN ({', '.join(['%s'] * len(part))})"
        for rows in _rows(where, [room.pk, *part]):
            _remove(rows)


def forget_upto(room: Room, seq: int = SEQ_MAX) -> None:
    """Let the messages of a room up to this number be found no more, or all: call it before their rows are deleted."""
    for rows in _rows("m.room_id = %s AND m.seq <= %s", [room.pk, seq]):
        _remove(rows)


def forget_room(room: Room) -> None:
    """Take the words of a room out of the index that is about to be deleted. Of a very large one they stay, found by
    nobody, until `manage.py rebuild_search`: nobody could post so long."""
    if room.message_count <= FORGOTTEN_MAX:
        forget_upto(room)
    else:
        log.warning("the words of room %s stay in the index of search until it is rebuilt", room.pk)


def create() -> None:
    """Make the empty index."""
    _run(CREATE)


def drop() -> None:
    """Take the index away."""
    _run(DROP)


def rebuild() -> int:
    """Make the index anew of all messages, and tell how many those are."""
    count = 0
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(EMPTY[cursor.db.vendor])
    for rows in _rows("TRUE", []):
        _insert(rows)
        count += len(rows)
    return count


def _run(statements: dict[str, list[str]]) -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        for statement in statements[cursor.db.vendor]:
            cursor.execute(statement)


Row = tuple[int, int, int | None, str, datetime, Any]


def _rows(where: str, values: list[Any]) -> Iterator[list[Row]]:
    """The messages with a text, in parts of AT_ONCE, in the order of their keys."""
    database = connections[DEFAULT_DB_ALIAS]
    last = 0
    while True:
        with database.cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM chat_message m WHERE {where} AND m.deleted_at IS NULL AND m.id > %s"
                f" ORDER BY m.id LIMIT {AT_ONCE}",
                [*values, last],
            )
            found = cursor.fetchall()
        if found:
            yield [(*row[:4], _time(row[4]), _json(row[5])) for row in found]
        if len(found) < AT_ONCE:
            return
        last = found[-1][0]


def _time(value: Any) -> datetime:
    # A cursor of SQLite gives the text that is in the file.
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _insert(rows: list[Row]) -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        sqlite = cursor.db.vendor == "sqlite"
        documents = [(row[0], _document(*row[1:], sqlite)) for row in rows]
        if sqlite:
            cursor.executemany(f"INSERT INTO {TABLE}(rowid, words) VALUES (%s, %s)", documents)
        else:
            statement = INTO_POSTGRESQL.format(id="given.id", types="%s", names="")
            cursor.execute(statement, [list(each) for each in zip(*documents, strict=True)])


def _remove(rows: list[Row]) -> None:
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "sqlite":
        with database.cursor() as cursor:
            cursor.execute(f"DELETE FROM {TABLE} WHERE id = ANY(%s)", [[row[0] for row in rows]])
        return
    documents = [("delete", row[0], _document(*row[1:], True)) for row in rows]
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {TABLE}({TABLE}, rowid, words) VALUES (%s, %s, %s)", documents)
    except DatabaseError as error:
        # FTS5 counts: it calls itself malformed when more is taken out than was put in. No message stays for that.
        log.warning("some words stay in the index of search until it is rebuilt: %s", error)


# What is in it


def _document(room: int, author: int | None, text: str, sent_at: datetime, attachments: Any, sqlite: bool) -> str:
    """Words and marks with blanks between them. What is usual is quick: this is on the way of every message."""
    if sqlite:
        # The tokenizer takes ASCII apart as words_of() does, and much faster.
        words = text if text.isascii() else " ".join([w if w.isascii() else _words(w) for w in text.split()])
    else:
        words = " ".join(words_of(text))
    found = f"{words} {_marks(room, author, sent_at.toordinal())}"
    if attachments or "://" in text:
        found = " ".join([found, *(kind_mark(kind) for kind in KINDS if has(kind, text, attachments))])
    return found.lstrip()


def _words(word: str) -> str:
    return _usual_words(word) if len(word) <= WORD_MAX_CHARS else " ".join(words_of(word))


@lru_cache(maxsize=8192)
def _usual_words(word: str) -> str:
    return " ".join(words_of(word))


@lru_cache(maxsize=8192)
def _marks(room: int, author: int | None, ordinal: int) -> str:
    day = date.fromordinal(ordinal)
    days = f"{month_mark(day.year, day.month)} {day_mark(day.year, day.month, day.day)}"
    return f"{room_mark(room)} {author_mark(author)} {days}"


def room_mark(room: int) -> str:
    return f"{MARK}r{room}"


def author_mark(author: int | None) -> str:
    return f"{MARK}a{author or 0}"


def kind_mark(kind: str) -> str:
    return f"{MARK}h{kind}"


def month_mark(year: int, month: int) -> str:
    return f"{MARK}m{year}{month:02}"


def day_mark(year: int, month: int, day: int) -> str:
    return f"{MARK}d{year}{month:02}{day:02}"


def has(kind: str, text: str, attachments: Any) -> bool:
    """Whether a message has a link, a file or an image."""
    if kind == "link":
        return _LINK.search(text) is not None
    if kind == "file":
        return bool(attachments)
    return any(str(each.get("type", "")).startswith("image") for each in attachments or ())
