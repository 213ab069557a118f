"""What clients saw, and what the database held in the end: the events that `tests/checker.py` judges.

Times are the recording process's monotonic clock, in seconds. Every text is unique, so its digest names it.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec


class Event(msgspec.Struct, tag_field="k", kw_only=True, omit_defaults=True):
    """One line of a history."""


class Send(Event, tag="send"):
    """One attempt to post. `unknown` may have become a message or not: it is sent again with the same client_id."""

    conn: str
    user: str
    room: str
    client_id: str
    text: str
    invoked: float
    answered: float = 0.0
    outcome: Literal["ok", "fail", "unknown"] = "unknown"
    seq: int = 0
    duplicate: bool = False
    code: str = ""


class Opened(Event, tag="opened"):
    """A socket that was greeted: `seq` and `epoch` are those of its `hello`, `after` what it asked for."""

    conn: str
    reader: str
    user: str
    room: str
    worker: int
    invoked: float
    at: float
    after: int | None = None
    seq: int = 0
    epoch: str = ""


class Heard(Event, tag="heard"):
    """A frame with a number, as one socket got it."""

    conn: str
    at: float
    seq: int
    kind: str
    user: str | None
    client_id: str | None = None
    text: str = ""


class Closed(Event, tag="closed"):
    conn: str
    at: float
    code: int


class Read(Event, tag="read"):
    """A page of messages over REST: the oldest after `after`; `whole` when nothing newer was left out."""

    user: str
    room: str
    worker: int
    after: int
    invoked: float
    answered: float
    seqs: list[int] = []
    whole: bool = False


class Outside(Event, tag="outside"):
    """A time in which somebody was certainly no member: from the answer to their removal to the call that adds them."""

    user: str
    room: str
    since: float
    until: float


class Ended(Event, tag="ended"):
    """A reader who was given the time to catch up before the end, and has the right to the whole log."""

    reader: str
    room: str


class Row(Event, tag="row"):
    """An entry of the log as the database holds it in the end; `user` is the author, or whom a change is about."""

    room: str
    seq: int
    kind: str
    user: str | None
    client_id: str | None = None
    text: str = ""


class Head(Event, tag="head"):
    """The room's own word on the length of its log in the end; its owner is a member from before number 1."""

    room: str
    seq: int
    owner: str


Any = Send | Opened | Heard | Closed | Read | Outside | Ended | Row | Head
History = list[Any]
_decoder = msgspec.json.Decoder(Any)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save(history: Iterable[Event], path: Path) -> None:
    """Keep a history as JSON lines."""
    with path.open("wb") as file:
        for event in history:
            file.write(msgspec.json.encode(event) + b"\n")


def load(path: Path) -> History:
    return [_decoder.decode(line) for line in path.read_bytes().splitlines()]
