"""Whatever order hints come in, and however often: everybody hears a beginning of the log, each entry once."""

from hypothesis import given
from hypothesis import strategies as st

from foundation.limits import CATCH_UP_BYTES
from foundation.publishing import Entry
from foundation.stream import Stream, in_parts
from tests.logs import Reader
from tests.test_stream import Turn, numbered

LOG_ENTRIES = 40
ANY_SLICE = st.tuples(st.integers(1, LOG_ENTRIES), st.integers(0, 12))


@given(hints=st.lists(st.tuples(ANY_SLICE, st.booleans(), st.booleans()), max_size=60))
def test_hints_in_any_order_and_number_deliver_a_beginning_of_the_log(
    hints: list[tuple[tuple[int, int], bool, bool]],
) -> None:
    turn = Turn()
    stream = Stream("room.1", 0, turn.soon)
    reader = Reader("user:ada")
    stream.join(reader)
    log = [Entry(str(number).encode(), evicts="user:grace" if number % 7 == 0 else None) for number in range(1, 41)]

    for (first, count), turn_ends, passing in hints:
        known = stream.position
        taken = stream.offer(first, log[first - 1 : first - 1 + count])
        assert taken == (first <= known + 1)
        assert stream.position == (max(known, min(LOG_ENTRIES, first - 1 + count)) if taken else known)
        if passing:
            stream.broadcast(b"passing")
        if turn_ends:
            turn.end()
    turn.end()

    delivered = [text for text in reader.heard if text != "passing"]
    assert delivered == [entry.frame.decode() for entry in log[: stream.position]]
    assert reader.heard.count("passing") == sum(passing for _, _, passing in hints)


@given(
    hints=st.lists(ANY_SLICE, max_size=30),
    arrives_after=st.integers(0, 30),
    behind=st.integers(0, LOG_ENTRIES),
)
def test_whoever_joins_in_between_hears_each_entry_once(
    hints: list[tuple[int, int]], arrives_after: int, behind: int
) -> None:
    turn = Turn()
    stream = Stream("room.1", 0, turn.soon)
    log = numbered(1, LOG_ENTRIES)
    late = Reader()
    after = 0

    for index, (first, count) in enumerate([*hints, (1, LOG_ENTRIES)]):
        if index == min(arrives_after, len(hints)):
            after = max(0, stream.position - behind)
            missing = stream.recall(after)
            assert missing is not None, "the ring holds the whole log here"
            late.deliver(after + 1, missing)
            stream.join(late)
        stream.offer(first, log[first - 1 : first - 1 + count])
    turn.end()

    assert late.heard == [entry.frame.decode() for entry in log[after:]]


@given(sizes=st.lists(st.integers(1, CATCH_UP_BYTES), max_size=20))
def test_what_is_caught_up_with_comes_in_parts_and_nothing_is_left_out(sizes: list[int]) -> None:
    entries = [Entry(b"x" * size) for size in sizes]

    parts = list(in_parts(entries))

    assert [entry for part in parts for entry in part] == entries
    for part in parts:
        assert sum(len(entry.frame) for entry in part[:-1]) <= CATCH_UP_BYTES, "one frame too many at most"
