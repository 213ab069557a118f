"""The judge: finds in a recorded history what the promise rules out. It knows the wire, and nothing of the server.

`python -m tests.checker history.jsonl` judges a history that a failed test has kept. All rooms are private; positions
and membership are counted in numbers of the log, and time only where the promise speaks of time.
"""

import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tests.evidence import NEVER, Evidence
from tests.recording import Heard, History, Row, Send, load

LATE_S = 2.0


class Anomaly(NamedTuple):
    """What is wrong, where, and a sentence about it."""

    name: str
    room: str
    detail: str


# Sends, and what became of them


def lost_or_mismatched(seen: Evidence) -> Iterator[Anomaly]:
    """An acknowledged message is in the log, at its number, with its text."""
    for send in seen.acks():
        rows = seen.by_key[send.room, send.user, send.client_id]
        if not rows:
            yield Anomaly("lost-acked", send.room, f"{send.client_id} was acknowledged as {send.seq} and is gone")
        elif not any((row.seq, row.text) == (send.seq, send.text) for row in rows):
            found = [row.seq for row in rows]
            yield Anomaly("ack-mismatch", send.room, f"{send.client_id}: the ack says {send.seq}, the log {found}")


def repeated_or_refused(seen: Evidence) -> Iterator[Anomaly]:
    """What was said once is one message, with one client_id; what was refused is none."""
    for (room, _, client_id), rows in seen.by_key.items():
        if len(rows) > 1:
            yield Anomaly("dup-cid", room, f"{client_id} is there as {[row.seq for row in rows]}")
    for room, said in seen.said.items():
        for ids in said.values():
            if len(ids) > 1:
                yield Anomaly("dup-cid", room, f"one message is there as each of {sorted(ids)}")
    for key, attempts in seen.sends.items():
        if all(send.outcome == "fail" for send in attempts) and seen.by_key.get(key):
            yield Anomaly("failed-but-present", key[0], f"{key[2]} was refused ({attempts[0].code}) and is there")


def realtime_order(seen: Evidence) -> Iterator[Anomaly]:
    """A message that was sent after another's ack has the greater number."""
    rooms: dict[str, list[tuple[int, float, float, str]]] = defaultdict(list)
    for (room, _, client_id), attempts in seen.sends.items():
        answers = [send for send in attempts if send.outcome == "ok"]
        if answers:
            invoked, acked = min(send.invoked for send in attempts), min(send.answered for send in answers)
            rooms[room].append((answers[0].seq, invoked, acked, client_id))
    for room, sent in rooms.items():
        first_ack, of = NEVER, ""
        for seq, invoked, acked, client_id in sorted(sent, reverse=True):
            if first_ack < invoked:
                yield Anomaly("realtime-order", room, f"{client_id} is {seq}, but was sent after the ack of {of}")
            if acked < first_ack:
                first_ack, of = acked, f"{client_id}, {seq}"


def sender_order(seen: Evidence) -> Iterator[Anomaly]:
    """What one connection sent in turn is in the log in turn; a repeat of an earlier attempt does not count."""
    connections: dict[tuple[str, str], list[Send]] = defaultdict(list)
    for send in seen.acks():
        if not send.duplicate:
            connections[send.room, send.conn].append(send)
    for (room, conn), sends in connections.items():
        for earlier, later in pairwise(sorted(sends, key=lambda send: send.invoked)):
            if later.seq <= earlier.seq:
                yield Anomaly("sender-order", room, f"{conn} sent {later.seq} after {earlier.seq}")


# The log itself


def numbers(seen: Evidence) -> Iterator[Anomaly]:
    """A room's log is 1, 2, 3 … to its head."""
    for room, head in seen.heads.items():
        log = seen.log[room]
        for seq, rows in sorted(log.items()):
            if len(rows) > 1:
                yield Anomaly("dup-seq", room, f"{seq} is there {len(rows)} times")
        if missing := sorted(set(range(1, head.seq + 1)) - log.keys()):
            yield Anomaly("gap", room, f"{missing[:5]} are missing before the head {head.seq}")
        if beyond := sorted(seq for seq in log if not 1 <= seq <= head.seq):
            yield Anomaly("gap", room, f"{beyond[:5]} are not in 1..{head.seq}")


def authors(seen: Evidence) -> Iterator[Anomaly]:
    """Nobody has a message in the log at a number at which they were no member."""
    for room, head in seen.heads.items():
        members = {head.owner}
        for row in seen.rows(room):
            if row.kind == "member.joined" and row.user:
                members.add(row.user)
            elif row.kind == "member.left":
                members.discard(row.user or "")
            elif row.kind == "message" and row.user not in members:
                yield Anomaly("unauthorised", room, f"{row.user} has message {row.seq} and was no member then")


# What sockets heard


def in_step(seen: Evidence) -> Iterator[Anomaly]:
    """On one socket every number is the one before it plus one, from the position that was asked for."""
    for conn, connection in seen.connections.items():
        position = connection.start
        for frame in connection.heard:
            if frame.seq > position + 1:
                yield Anomaly("skipped", connection.room, f"{conn} heard {frame.seq} after {position}")
            elif frame.seq <= position:
                yield Anomaly("redelivered", connection.room, f"{conn} heard {frame.seq} after {position}")
            position = max(position, frame.seq)


def true_to_the_log(seen: Evidence) -> Iterator[Anomaly]:
    """What a socket heard is what the log has at that number, and the epoch is one for all."""
    for conn, connection in seen.connections.items():
        for frame in connection.heard:
            rows = seen.log[connection.room].get(frame.seq, [])
            if not rows:
                yield Anomaly("phantom", connection.room, f"{conn} heard {frame.seq}, which is not in the log")
            elif not any(_same(frame, row) for row in rows):
                yield Anomaly("divergence", connection.room, f"{conn} heard another {frame.seq} than the log has")
    if len(epochs := {connection.opened.epoch for connection in seen.connections.values()}) > 1:
        yield Anomaly("divergence", "", f"sockets were told different epochs: {sorted(epochs)}")


def _same(frame: Heard, row: Row) -> bool:
    return (frame.kind, frame.user, frame.client_id, frame.text) == (row.kind, row.user, row.client_id, row.text)


def to_the_end(seen: Evidence) -> Iterator[Anomaly]:
    """Who stays to the end has everything from the first position on."""
    starts: dict[tuple[str, str], int] = {}
    got: dict[tuple[str, str], set[int]] = defaultdict(set)
    for connection in seen.connections.values():
        key = connection.opened.reader, connection.room
        starts.setdefault(key, connection.start)
        got[key].update(frame.seq for frame in connection.heard)
    for reader, room in sorted({(event.reader, event.room) for event in seen.ended}):
        wanted = range(starts.get((reader, room), 0) + 1, seen.heads[room].seq + 1) if room in seen.heads else ()
        if missing := sorted(set(wanted) - got[reader, room]):
            yield Anomaly("undelivered", room, f"{reader} never got {missing[:5]} ({len(missing)} in all)")


def rights(seen: Evidence) -> Iterator[Anomaly]:
    """Nobody hears or reads a room they were removed from."""
    for conn, connection in seen.connections.items():
        opened, end = connection.opened, seen.ends_at(connection)
        if past := [frame.seq for frame in connection.heard if frame.seq >= end]:
            yield Anomaly("unauthorised", opened.room, f"{conn} of {opened.user}, removed at {end}, heard {past[:5]}")
        for out in seen.outside(opened.room, opened.user):
            if out.since < opened.invoked and opened.at < out.until:
                yield Anomaly("unauthorised", opened.room, f"{conn} was greeted while {opened.user} was no member")
    for read in seen.reads:
        for out in seen.outside(read.room, read.user):
            if out.since < read.invoked and read.answered < out.until:
                yield Anomaly("unauthorised", read.room, f"{read.user} read a page and was no member")


# Time


def stale(seen: Evidence) -> Iterator[Anomaly]:
    """Whoever asks gets everything that anybody knew of before they asked, and a page has no holes."""
    for conn, connection in seen.connections.items():
        known = seen.entries[connection.room].before(connection.opened.invoked)
        if known > connection.opened.seq:
            yield Anomaly("stale-read", connection.room, f"the hello of {conn} is behind {known}, known before")
    messages = {room: [row.seq for row in seen.rows(room) if row.kind == "message"] for room in seen.heads}
    for read in seen.reads:
        in_log, last = messages.get(read.room, []), max(read.seqs, default=read.after)
        expected = in_log[bisect_left(in_log, read.after + 1) : bisect_left(in_log, last + 1)]
        if holes := sorted(set(expected) - set(read.seqs)):
            yield Anomaly("skipped", read.room, f"a page after {read.after} lacks {holes[:5]} before {last}")
        known = seen.messages[read.room].before(read.invoked)
        if read.whole and known > last:
            yield Anomaly("stale-read", read.room, f"a page after {read.after} ends at {last}, {known} was known")


def late(seen: Evidence, late_s: float) -> Iterator[Anomaly]:
    """A live socket has a message in time after its ack, and a removed person's socket closes in time."""
    acked: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for send in seen.acks():
        acked[send.room].append((send.answered, send.seq))
    for each in acked.values():
        each.sort()
    for conn, connection in seen.connections.items():
        room, opened, end = connection.room, connection.opened, seen.ends_at(connection)
        heard = {frame.seq: frame.at for frame in connection.heard}
        for at, seq in acked[room][bisect_left(acked[room], (opened.at, 0)) :]:
            if connection.closed_at < at + late_s:
                break
            if connection.start < seq < end and heard.get(seq, NEVER) > at + late_s:
                yield Anomaly("late", room, f"{conn} did not hear {seq} within {late_s} s of its ack")
        for out in seen.outside(room, opened.user):
            if opened.at < out.since and connection.closed_at > out.since + late_s:
                yield Anomaly("late", room, f"{conn} was open {late_s} s after {opened.user} was removed")


RULES: tuple[Callable[[Evidence], Iterator[Anomaly]], ...] = (
    *(lost_or_mismatched, repeated_or_refused, realtime_order, sender_order, numbers, authors),
    *(in_step, true_to_the_log, to_the_end, rights, stale),
)


def judge(history: History, late_s: float = LATE_S) -> list[Anomaly]:
    """All that is wrong with a history; nothing when the promise was kept."""
    seen = Evidence(history)
    return [*(anomaly for rule in RULES for anomaly in rule(seen)), *late(seen, late_s)]


if __name__ == "__main__":
    found = judge(load(Path(sys.argv[1])))
    for anomaly in found[:50]:
        print(*anomaly, sep="\t")
    print(dict(Counter(anomaly.name for anomaly in found)) or "no anomalies")
