"""One group's log in one process: strictly in order, each entry once, one write per socket and turn."""

import pytest

from foundation.errors import ChatError
from foundation.limits import RING_FRAMES
from foundation.publishing import Entry
from foundation.stream import Stream
from tests.logs import Reader

REMOVAL = Entry(b"grace was removed", evicts="user:grace")


class Turn:
    """The end of a turn of the loop, when it is told to come."""

    def __init__(self) -> None:
        self.asked: list[Stream] = []

    def soon(self, stream: Stream) -> None:
        self.asked.append(stream)

    def end(self) -> None:
        asked, self.asked = self.asked, []
        for stream in asked:
            stream.flush()


@pytest.fixture
def turn() -> Turn:
    return Turn()


@pytest.fixture
def stream(turn: Turn) -> Stream:
    return Stream("room.1", 0, turn.soon)


def entries(*texts: str) -> list[Entry]:
    return [Entry(text.encode()) for text in texts]


def numbered(first: int, count: int) -> list[Entry]:
    return entries(*map(str, range(first, first + count)))


# One write per socket and turn


def test_what_is_gathered_in_one_turn_is_written_once_to_each(stream: Stream, turn: Turn) -> None:
    readers = [Reader(), Reader()]
    for reader in readers:
        stream.join(reader)

    stream.offer(1, entries("one", "two"))
    stream.broadcast(b"passing")
    stream.offer(3, entries("three"))
    assert [reader.heard for reader in readers] == [[], []]
    assert turn.asked == [stream], "it asks once"
    turn.end()

    assert [reader.heard for reader in readers] == 2 * [["one", "two", "passing", "three"]]
    assert [reader.peer.writes for reader in readers] == [1, 1]


def test_each_turn_has_its_own_write(stream: Stream, turn: Turn) -> None:
    reader = Reader()
    stream.join(reader)

    for number in range(1, 4):
        stream.offer(number, numbered(number, 1))
        turn.end()
    stream.flush()
    turn.end()

    assert reader.heard == ["1", "2", "3"]
    assert reader.peer.writes == 3


def test_a_flush_before_its_time_leaves_nothing_for_later(stream: Stream, turn: Turn) -> None:
    reader = Reader()
    stream.join(reader)
    stream.offer(1, entries("one"))

    stream.flush()
    assert reader.heard == ["one"]
    turn.end()
    stream.offer(2, entries("two"))
    turn.end()

    assert reader.heard == ["one", "two"]
    assert reader.peer.writes == 2


def test_a_socket_that_left_is_written_to_no_more(stream: Stream, turn: Turn) -> None:
    reader = Reader()
    stream.join(reader)
    stream.offer(1, entries("one"))

    stream.sockets.discard(reader)
    turn.end()

    assert reader.heard == []


def test_a_socket_that_was_closed_does_not_hold_up_the_others(stream: Stream, turn: Turn) -> None:
    closed, open_ = Reader(), Reader()
    stream.join(closed)
    stream.join(open_)
    stream.offer(1, entries("one"))

    closed.close(ChatError("unauthenticated"))
    turn.end()

    assert (closed.heard, open_.heard) == ([], ["one"])


# Coming in


def test_a_socket_that_joins_is_written_nothing_that_was_gathered_before(stream: Stream, turn: Turn) -> None:
    early, late = Reader(), Reader()
    stream.join(early)
    stream.offer(1, entries("one"))
    stream.broadcast(b"passing")

    stream.join(late)
    stream.offer(2, entries("two"))
    turn.end()

    assert early.heard == ["one", "passing", "two"]
    assert late.heard == ["two"]


@pytest.mark.parametrize("position", [0, 1, RING_FRAMES - 1, RING_FRAMES, RING_FRAMES + 1, 3 * RING_FRAMES])
@pytest.mark.parametrize("opened_at", [0, 1000])
def test_the_ring_recalls_the_last_frames_and_says_when_it_cannot(turn: Turn, opened_at: int, position: int) -> None:
    stream = Stream("room.1", opened_at, turn.soon)
    stream.offer(opened_at + 1, numbered(opened_at + 1, position))
    reach = min(position, RING_FRAMES)

    for missing in {0, 1, reach // 2, reach - 1, reach}:
        if 0 <= missing <= reach:
            after = stream.position - missing
            assert stream.recall(after) == numbered(after + 1, missing)
    assert stream.recall(stream.position - reach - 1) is None


def test_a_position_ahead_of_the_stream_misses_nothing(stream: Stream) -> None:
    stream.offer(1, numbered(1, 5))

    assert stream.recall(9) == []


# A peer that is behind


def test_a_socket_that_is_behind_gets_what_is_durable_and_nothing_that_passes(stream: Stream, turn: Turn) -> None:
    behind, abreast = Reader(), Reader()
    for reader in (behind, abreast):
        stream.join(reader)
    behind.peer.pressed = True

    stream.broadcast(b"typing")
    stream.offer(1, entries("one"))
    stream.broadcast(b"presence")
    stream.offer(2, entries("two"))
    turn.end()
    assert behind.heard == ["one", "two"]
    behind.peer.pressed = False
    stream.broadcast(b"typing again")
    stream.offer(3, entries("three"))
    turn.end()

    assert behind.heard == ["one", "two", "typing again", "three"]
    assert abreast.heard == ["typing", "one", "presence", "two", "typing again", "three"]


# The end of a right


def test_what_ends_a_right_comes_after_what_was_gathered_and_before_what_follows(stream: Stream, turn: Turn) -> None:
    ada, grace = Reader("user:ada"), Reader("user:grace")
    for reader in (ada, grace):
        stream.join(reader)

    stream.broadcast(b"passing")
    stream.offer(1, [*entries("before"), REMOVAL, *entries("after")])
    stream.broadcast(b"later")
    turn.end()

    assert grace.heard == ["passing", "before"]
    assert (grace.peer.code, grace.peer.reason) == (4403, "forbidden")
    assert ada.heard == ["passing", "before", "grace was removed", "after", "later"]


def test_a_right_that_ended_before_the_admission_ends_nothing(stream: Stream, turn: Turn) -> None:
    grace = Reader("user:grace")
    grace.admitted = 2
    stream.join(grace)

    stream.offer(1, [*entries("before"), REMOVAL, *entries("after")])
    turn.end()

    assert grace.heard == ["before", "grace was removed", "after"]
    assert grace.peer.code is None


def test_what_ended_a_right_is_recalled_like_everything_else(stream: Stream) -> None:
    stream.offer(1, [*entries("before"), REMOVAL])
    grace = Reader("user:grace")

    recalled = stream.recall(0)
    assert recalled is not None
    grace.deliver(1, recalled)

    assert grace.heard == ["before"]
    assert grace.closing is not None and grace.closing.code == "forbidden"


# Hints in any order


def test_an_offer_drops_what_is_known_and_refuses_a_gap(stream: Stream, turn: Turn) -> None:
    reader = Reader()
    stream.join(reader)

    assert stream.offer(1, numbered(1, 3))
    assert stream.offer(1, numbered(1, 2)), "all of it is known"
    assert not stream.offer(5, numbered(5, 2)), "4 is missing"
    assert stream.offer(2, numbered(2, 3)), "only 4 is new"
    assert stream.offer(5, []), "nothing is missing before nothing"
    turn.end()

    assert reader.heard == ["1", "2", "3", "4"]
    assert stream.position == 4
