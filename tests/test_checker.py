"""The judge finds each anomaly in a small history that has just that one, and nothing in one that has none."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.checker import judge
from tests.recording import (
    Closed,
    Ended,
    Event,
    Head,
    Heard,
    History,
    Opened,
    Outside,
    Read,
    Row,
    Send,
    digest,
    load,
    save,
)

TEA = "tea"
AUTHORS = {2: "ada", 3: "grace", 4: "ada"}  # 1 is grace's arrival


def row(seq: int, **fields: Any) -> Row:
    if seq == 1:
        return Row(room=TEA, seq=1, kind="member.joined", user="grace")
    content = {"user": AUTHORS.get(seq, "ada"), "client_id": f"c-{seq}", "text": digest(f"text {seq}")}
    return Row(room=TEA, seq=seq, kind="message", **content | fields)


def heard(conn: str, seq: int, at: float | None = None) -> Heard:
    of = row(seq)
    at = float(seq) + 0.2 if at is None else at
    return Heard(conn=conn, at=at, seq=seq, kind=of.kind, user=of.user, client_id=of.client_id, text=of.text)


def send(number: int, **fields: Any) -> Send:
    of = row(number)
    said: dict[str, Any] = {
        "conn": f"of {of.user}",
        "user": of.user,
        "room": TEA,
        "client_id": of.client_id,
        "text": of.text,
    }
    answer = {"invoked": float(number), "answered": number + 0.1, "outcome": "ok", "seq": number}
    return Send(**said | answer | fields)


def opened(conn: str, after: int | None, seq: int, at: float, **fields: Any) -> Opened:
    who: dict[str, Any] = {"reader": "grace's", "user": "grace", "room": TEA, "worker": 0, "epoch": "e-1"}
    return Opened(conn=conn, invoked=at - 0.1, at=at, after=after, seq=seq, **who | fields)


def read(after: int, seqs: list[int], at: float, whole: bool = True) -> Read:
    return Read(user="grace", room=TEA, worker=0, after=after, invoked=at, answered=at + 0.1, seqs=seqs, whole=whole)


def head(seq: int) -> Head:
    return Head(room=TEA, seq=seq, owner="ada")


FINAL: History = [row(1), row(2), row(3), row(4), head(4)]
SENT: History = [send(2), send(3), send(4)]
FIRST: History = [
    opened("one", 0, 1, 1.5),
    heard("one", 1, 1.6),
    heard("one", 2),
    Closed(conn="one", at=2.9, code=1006),
]
SECOND: History = [opened("two", 2, 3, 3.5), heard("two", 3, 3.6), heard("two", 4), Ended(reader="grace's", room=TEA)]
READ: History = [read(0, [2], 2.5), read(1, [2, 3], 3.9), read(1, [2], 5.0, whole=False)]
CLEAN = [*SENT, *FIRST, *SECOND, *READ, *FINAL]


def without(*events: Event) -> History:
    return [event for event in CLEAN if event not in events]


def instead(old: Event, **fields: Any) -> History:
    assert old in CLEAN, "premise: it is there"
    return [msgspec.structs.replace(event, **fields) if event == old else event for event in CLEAN]


REMOVED = Row(room=TEA, seq=5, kind="member.left", user="grace")
TOLD = Heard(conn="two", at=5.2, seq=5, kind="member.left", user="grace")
OUT = Outside(user="grace", room=TEA, since=6.0, until=9.0)
GOING: History = [*without(head(4), SECOND[-1]), REMOVED, head(5), OUT]
GONE: History = [*GOING, Closed(conn="two", at=6.1, code=4403)]
BROKEN: dict[str, tuple[str, History]] = {
    "an acknowledged message is gone": ("lost-acked", [*CLEAN, send(2, client_id="c-9", conn="another")]),
    "an ack has another number": ("ack-mismatch", [*CLEAN, send(2, invoked=5.0, answered=5.1, seq=3, duplicate=True)]),
    "an ack is for another text": ("ack-mismatch", instead(send(2), text=digest("else"))),
    "a socket heard another text": ("divergence", instead(heard("two", 4), text=digest("else"))),
    "a socket heard another author": ("divergence", instead(heard("two", 4), user="mallory")),
    "a socket was told another epoch": ("divergence", instead(SECOND[0], epoch="e-2")),
    "a number is there twice": ("dup-seq", [*CLEAN, row(4, client_id="c-9", text=digest("else"))]),
    "a number is not there": ("gap", [*without(head(4), SECOND[-1]), row(6), head(6)]),
    "the log goes on beyond its head": ("gap", [*CLEAN, row(5)]),
    "a client_id is there twice": ("dup-cid", [*without(head(4), SECOND[-1]), row(5, client_id="c-4"), head(5)]),
    "a message is there under two client_ids": (
        "dup-cid",
        [*without(head(4), SECOND[-1]), row(5, text=digest("text 4")), head(5)],
    ),
    "a refused message is there": ("failed-but-present", instead(send(4), outcome="fail", code="forbidden")),
    "a socket heard what is not there": ("phantom", [*CLEAN, heard("two", 5)]),
    "a socket was not told a number": ("skipped", [*without(FIRST[1], *SECOND)]),
    "the step to live leaves one out": ("skipped", [*without(SECOND[1], SECOND[-1])]),
    "a page has a hole": ("skipped", instead(READ[1], seqs=[3])),
    "a socket was told a number twice": ("redelivered", [*CLEAN, heard("two", 4, at=4.5)]),
    "a resume began too early": ("redelivered", instead(SECOND[0], after=3)),
    "somebody who stayed lacks the end": (
        "undelivered",
        [*without(heard("two", 4)), Closed(conn="two", at=4.5, code=1006)],
    ),
    "a later message has a smaller number": ("realtime-order", instead(send(3), invoked=4.15, answered=4.16)),
    "a connection was served out of turn": (
        "sender-order",
        [*without(send(2), send(4)), send(2, answered=4.5), send(4, invoked=1.9, answered=4.6)],
    ),
    "a page lacks what was acknowledged before": ("stale-read", [*CLEAN, read(2, [], 5.0)]),
    "a page lacks what was heard before": ("stale-read", [*without(send(4)), read(2, [3], 5.0)]),
    "a hello is behind": ("stale-read", [*CLEAN, opened("three", None, 3, 6.0, reader="ada's", user="ada")]),
    "a removed person heard of their removal": ("unauthorised", [*GONE[:-1], TOLD, GONE[-1]]),
    "a removed person was greeted": ("unauthorised", [*GONE, opened("three", None, 5, 7.0)]),
    "a removed person read a page": ("unauthorised", [*GONE, read(3, [4], 7.0)]),
    "a removed person posted": ("unauthorised", [*GONE, row(6, user="grace", client_id=None), head(6)]),
    "a message came too late": ("late", instead(heard("two", 4), at=7.0)),
    "a message did not come": ("late", [*without(heard("two", 4), SECOND[-1])]),
    "a removed person's socket stayed open": ("late", [*GOING, Closed(conn="two", at=8.5, code=4403)]),
}


def names(history: History) -> set[str]:
    return {anomaly.name for anomaly in judge(history)}


def test_a_clean_history_has_no_anomaly() -> None:
    assert judge(CLEAN) == []
    assert judge(GONE) == []


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_found_and_nothing_else(what: str) -> None:
    anomaly, history = BROKEN[what]

    assert names(history) == {anomaly}


def test_somebody_who_was_removed_and_added_again_hears_all_that_they_missed() -> None:
    back = msgspec.structs.replace(row(1), seq=6)
    resumed = opened("three", 4, 6, 10.0)
    missed = [Heard(conn="three", at=10.1, seq=of.seq, kind=of.kind, user="grace") for of in (REMOVED, back)]

    assert judge([*GONE, back, head(6), resumed, *missed, Ended(reader="grace's", room=TEA)]) == []


def test_an_unknown_result_may_be_there_or_not() -> None:
    unknown = send(9, outcome="unknown", seq=0)

    assert judge([*CLEAN, unknown]) == []
    assert judge(instead(send(4), outcome="unknown", seq=0)) == []


def test_a_repeat_that_found_the_first_attempt_does_not_count_as_a_new_send() -> None:
    unknown = send(2, outcome="unknown", seq=0, answered=0.0)

    assert judge([*without(send(2)), unknown, send(2, invoked=4.3, answered=4.4, duplicate=True)]) == []


def test_a_message_is_in_time_within_the_limit_that_is_given() -> None:
    slow = instead(heard("two", 4), at=7.0)

    assert judge(slow, late_s=3.0) == []


def test_a_history_is_kept_and_read_again(tmp_path: Path) -> None:
    save(CLEAN, tmp_path / "history.jsonl")

    assert load(tmp_path / "history.jsonl") == CLEAN
