"""What goes wrong in a batch: each fault hits whom it concerns, and nobody's message is there twice."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async as run
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from chat.drafts import Draft
from chat.group_commit import GroupCommit
from chat.models import Message
from foundation import database
from rooms.lifecycle import open_room
from rooms.models import Guests, Room
from tests.batches import listening, numbered, seq_of, texts_in, together, word

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


# Nobody pays for another's fault


async def test_a_bad_draft_does_not_touch_the_others(
    ada: User, grace: User, mallory: User, tea: Room, cellar: Room
) -> None:
    await run(Room.objects.filter(pk=tea.pk).update)(guests=Guests.READ)
    await GroupCommit().post(Draft(ada, "tea", "first", "c-1"))
    bad = [
        (Draft(ada, "nowhere", "hello"), "not_found"),
        (Draft(mallory, "cellar", "hello"), "not_found"),
        (Draft(AnonymousUser(), "tea", "hello"), "forbidden"),
        (Draft(AnonymousUser(), "cellar", "hello"), "unauthenticated"),
        (Draft(ada, "tea", "another", "c-1"), "idempotency_conflict"),
        (Draft(ada, "tea", "first", "c-1"), "duplicate"),
        (Draft(ada, "tea", "x" * 10_001), "message_too_long"),
        (Draft(ada, "tea", "\0"), "validation_error"),
        (Draft(ada, "tea", "hello", "not a client id"), "validation_error"),
        (Draft(ada, "te\0a", "hello"), "not_found"),
    ]
    good = numbered(grace, len(bad))

    outcomes = await together(*[draft for pair in zip(good, (each for each, _ in bad), strict=True) for draft in pair])

    assert [word(outcome) for outcome in outcomes[1::2]] == [expected for _, expected in bad]
    assert [seq_of(outcome) for outcome in outcomes[::2]] == list(range(tea.last_seq + 2, tea.last_seq + 2 + len(good)))


async def test_a_room_whose_log_is_damaged_fails_alone(ada: User, tea: Room, cellar: Room) -> None:
    await run(Message.objects.create)(room=cellar, seq=cellar.last_seq + 1, author=ada, text="nobody counted this")
    drafts = [*numbered(ada, 3), Draft(ada, "cellar", "hello"), *numbered(ada, 3, prefix="more ")]

    outcomes = await together(*drafts)

    assert [word(outcome) for outcome in outcomes] == [*["posted"] * 3, "unavailable", *["posted"] * 3]
    assert [text for _, text in await texts_in(tea)] == ["0", "1", "2", "more 0", "more 1", "more 2"]


async def test_somebody_who_was_deleted_a_moment_ago_fails_alone(ada: User, mallory: User, tea: Room) -> None:
    await run(User.objects.filter(pk=mallory.pk).delete)()
    drafts = [*numbered(ada, 3), Draft(mallory, "tea", "still here"), *numbered(ada, 3, prefix="more ")]

    outcomes = await together(*drafts)

    assert [word(outcome) for outcome in outcomes] == [*["posted"] * 3, "unavailable", *["posted"] * 3]
    assert [text for _, text in await texts_in(tea)] == ["0", "1", "2", "more 0", "more 1", "more 2"]


# A COMMIT whose end nobody knows


@pytest.fixture
def broken_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """`broken_commit(done)`: the next COMMIT fails, after it was done or before."""
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]
    left: list[bool] = []

    def fail_once(connection: BaseDatabaseWrapper) -> None:
        done = left.pop() if left else None
        if done is not False:
            commit(connection)
        if done is not None:
            raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", fail_once)
    return left.append


@pytest.mark.parametrize("done", [True, False])
async def test_an_unanswered_commit_leaves_each_message_at_most_once(
    ada: User, grace: User, tea: Room, broken_commit: Callable[[bool], None], done: bool
) -> None:
    drafts = [Draft(ada if n % 2 else grace, "tea", f"{n}", f"c-{n}" if n % 3 else None) for n in range(9)]
    broken_commit(done)

    outcomes = await together(*drafts)

    stored = await texts_in(tea)
    assert len(stored) == len({text for _, text in stored}), "nothing is there twice"
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if draft.client_id:
            assert word(outcome) == ("duplicate" if done else "posted")
            assert (seq_of(outcome), draft.text) in stored
        else:
            assert word(outcome) == "unavailable"
            assert (draft.text in dict(stored).values()) == done
    assert [seq for seq, _ in stored] == list(range(tea.last_seq + 1, tea.last_seq + 1 + len(stored)))


@pytest.mark.parametrize("done", [True, False])
async def test_a_message_alone_can_be_sent_again_after_an_unanswered_commit(
    ada: User, tea: Room, broken_commit: Callable[[bool], None], done: bool
) -> None:
    posting = GroupCommit()
    broken_commit(done)

    first = await posting.post(Draft(ada, "tea", "hello", "c-1"))
    assert word(first) in {"unavailable", "duplicate", "posted"}
    again = await posting.post(Draft(ada, "tea", "hello", "c-1"))

    assert await texts_in(tea) == [(seq_of(again), "hello")]
    assert await posting.post(Draft(ada, "tea", "next")), "the connection is of use again"


# A database that is away


@pytest.fixture
def new_writer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The writer's thread is as in a process that has just started."""
    with ThreadPoolExecutor(max_workers=1) as writer:
        monkeypatch.setattr(database, "_writer", writer)
        yield
        writer.submit(connections.close_all).result()


@pytest.mark.parametrize("connected", [True, False])
async def test_a_database_that_is_away_is_not_asked_once_for_each_message(
    ada: User, tea: Room, new_writer: None, monkeypatch: pytest.MonkeyPatch, connected: bool
) -> None:
    attempts: list[None] = []

    def begin(*_: object, **__: object) -> None:
        attempts.append(None)  # each takes seconds where a connection times out
        raise OperationalError("connection timeout expired")

    if connected:
        await database.in_writer(lambda: connections["default"].ensure_connection())
    with monkeypatch.context() as fault:
        fault.setattr(BaseDatabaseWrapper, "set_autocommit", begin)
        outcomes = await together(*numbered(ada, 50))
    with listening() as listener:
        again = await GroupCommit().post(Draft(ada, "tea", "again"))

    assert [word(outcome) for outcome in outcomes] == ["unavailable"] * 50
    assert len(attempts) <= 3
    assert await texts_in(tea) == [(seq_of(again), "again")]
    assert listener.heard == [(tea.group, seq_of(again), 1)], "a connection that was opened half is not used"


async def test_a_database_that_goes_away_is_not_asked_once_for_each_room(
    ada: User, tea: Room, broken_commit: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    @run
    def open_rooms() -> list[Draft]:
        rooms = [open_room(actor=ada, name=f"Room {number}", slug=f"room-{number}") for number in range(20)]
        return [Draft(ada, room.slug, "hello", "c-1") for room in rooms]

    drafts = await open_rooms()
    set_autocommit = BaseDatabaseWrapper.set_autocommit
    begun: list[None] = []

    def begin(connection: BaseDatabaseWrapper, autocommit: bool, *arguments: object, **options: object) -> None:
        if not autocommit:
            begun.append(None)
            if len(begun) > 1:
                raise OperationalError("connection timeout expired")
        set_autocommit(connection, autocommit, *arguments, **options)  # type: ignore[arg-type]

    broken_commit(False)
    monkeypatch.setattr(BaseDatabaseWrapper, "set_autocommit", begin)
    outcomes = await together(*drafts)

    assert [word(outcome) for outcome in outcomes] == ["unavailable"] * 20
    assert len(begun) <= 4


async def test_a_connection_that_cannot_be_given_back_leaves_nobody_waiting(
    ada: User, tea: Room, cellar: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(Message.objects.create)(room=cellar, seq=cellar.last_seq + 1, author=ada, text="nobody counted this")

    def fail(_: BaseDatabaseWrapper) -> None:
        raise OperationalError("the pool is closed")

    with monkeypatch.context() as fault:
        fault.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", fail)
        outcomes = await together(Draft(ada, "tea", "hello", "c-1"), Draft(ada, "cellar", "an error"))
    again = await asyncio.wait_for(GroupCommit().post(Draft(ada, "tea", "hello", "c-1")), 5)

    assert word(outcomes[0]) in {"posted", "unavailable"} and word(outcomes[1]) == "unavailable"
    assert await texts_in(tea) == [(seq_of(again), "hello")]
