"""Group commit: many messages to one transaction, and each of them as safe, as ordered and as alone as before."""

import asyncio

import pytest
from asgiref.sync import sync_to_async as run
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from chat.drafts import Draft, Outcome, Posted
from chat.group_commit import GroupCommit
from chat.history import entries_between
from chat.posting import post_messages
from foundation import database
from foundation.errors import ChatError
from foundation.limits import BATCH_MAX_BYTES, BATCH_MAX_MESSAGES
from rooms.lifecycle import open_room
from rooms.membership import add_member, remove_member
from rooms.models import Change, Membership, Room
from rooms.policies import Person
from tests.batches import busy_writer, listening, numbered, seq_of, texts_in, together, word

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


# Batches


async def test_while_one_batch_goes_to_disk_the_next_gathers(ada: User, tea: Room) -> None:
    posting = GroupCommit()
    outcomes = await asyncio.gather(*[posting.post(draft) for draft in numbered(ada, 300)])

    assert [seq_of(outcome) for outcome in outcomes] == list(range(tea.last_seq + 1, tea.last_seq + 301))
    assert await texts_in(tea) == [(tea.last_seq + 1 + number, str(number)) for number in range(300)]
    assert posting.batches <= 1 + -(-300 // BATCH_MAX_MESSAGES)


async def test_a_message_that_finds_nobody_waiting_is_committed_at_once(ada: User, tea: Room) -> None:
    posting = GroupCommit()
    for number in range(3):
        await asyncio.wait_for(posting.post(Draft(ada, "tea", str(number))), 5)

    assert posting.batches == 3


@pytest.mark.parametrize(
    ("text", "fit"),
    [("x", BATCH_MAX_MESSAGES), ("x" * 10_000, BATCH_MAX_BYTES // 10_000), ("茶" * 10_000, BATCH_MAX_BYTES // 30_000)],
)
async def test_a_batch_has_an_end(ada: User, tea: Room, text: str, fit: int) -> None:
    with listening() as listener:
        posting = GroupCommit()
        outcomes = await together(*[Draft(ada, "tea", text)] * (2 * fit + 3), posting=posting)
        await posting.stop()

    assert [word(outcome) for outcome in outcomes] == ["posted"] * (2 * fit + 3)
    assert max(count for _, _, count in listener.heard) == fit
    assert sum(count for _, _, count in listener.heard) == 2 * fit + 3


async def test_what_a_batch_brings_is_published_once_for_each_room_and_in_order(
    ada: User, mallory: User, tea: Room, cellar: Room
) -> None:
    with listening() as listener:
        outcomes = await together(
            *[draft for pair in zip(numbered(ada, 10), numbered(ada, 10, "cellar"), strict=True) for draft in pair],
            Draft(mallory, "tea", "hello"),
        )
        await asyncio.sleep(0)

    assert {word(outcome) for outcome in outcomes} == {"posted"}
    of_tea = [(seq, count) for group, seq, count in listener.heard if group == tea.group]
    assert of_tea == [(tea.last_seq + 1, 1), (tea.last_seq + 2, 11)], "mallory's arrival, then all messages"
    of_cellar = [(seq, count) for group, seq, count in listener.heard if group == cellar.group]
    assert of_cellar == [(cellar.last_seq + 1, 10)]


async def test_what_is_published_is_what_the_log_says_later(ada: User, grace: User, mallory: User, tea: Room) -> None:
    people: list[Person] = [ada, grace, mallory]
    with listening() as listener:
        outcomes = await together(
            *[Draft(people[n % 3], "tea", f"茶 {n}", f"c-{n}" if n % 2 else None) for n in range(9)]
        )
        await asyncio.sleep(0)

    assert {word(outcome) for outcome in outcomes} == {"posted"}
    logged = await run(entries_between)(tea.pk, tea.last_seq, tea.last_seq + 10)
    assert listener.frames[tea.group] == [entry.frame for entry in logged]


# Repetition, waiting, giving up


async def test_the_same_client_id_twice_in_one_batch_is_one_message(ada: User, grace: User, tea: Room) -> None:
    outcomes = await together(
        Draft(ada, "tea", "hello", "c-1"),
        Draft(grace, "tea", "hello", "c-1"),
        Draft(ada, "tea", "hello", "c-1"),
        Draft(ada, "tea", "good bye", "c-1"),
    )

    assert [word(outcome) for outcome in outcomes] == ["posted", "posted", "duplicate", "idempotency_conflict"]
    assert seq_of(outcomes[2]) == seq_of(outcomes[0])
    assert await texts_in(tea) == [(tea.last_seq + 1, "hello"), (tea.last_seq + 2, "hello")]


async def test_whoever_gives_up_waiting_takes_nothing_back(ada: User, tea: Room) -> None:
    posting = GroupCommit()
    with busy_writer():
        posted = [posting.post(draft) for draft in numbered(ada, 5)]
        posted[2].cancel()
    outcomes = await asyncio.gather(*posted, return_exceptions=True)

    assert isinstance(outcomes[2], asyncio.CancelledError)
    assert [outcome.message.text for outcome in outcomes if isinstance(outcome, Posted)] == ["0", "1", "3", "4"]
    assert [text for _, text in await texts_in(tea)] == ["0", "1", "2", "3", "4"]


async def test_one_more_than_may_wait_is_refused_and_told_when_to_return(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.group_commit.POSTS_WAITING_MAX", 5)
    posting = GroupCommit()
    with busy_writer():
        early = posting.post(Draft(ada, "tea", "early"))
        await asyncio.sleep(0)
        posted = [posting.post(draft) for draft in numbered(ada, 10)]
        refused = [future.result() for future in posted if future.done()]
    outcomes = await asyncio.gather(early, *posted)
    later = await posting.post(Draft(ada, "tea", "later"))

    assert len(refused) in {5, 6}, "the early one may be with the writer or still wait"
    assert all(isinstance(error, ChatError) and error.retry_after_s for error in refused)
    assert [word(outcome) for outcome in outcomes] == ["posted"] * (11 - len(refused)) + ["overloaded"] * len(refused)
    assert word(later) == "posted"


async def test_a_server_that_stops_commits_what_waits(ada: User, tea: Room) -> None:
    posting = GroupCommit()
    with busy_writer():
        posted = [posting.post(draft) for draft in numbered(ada, 300)]
        stopping = asyncio.create_task(posting.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
    await asyncio.wait_for(stopping, 10)

    assert all(future.done() for future in posted)
    assert len(await texts_in(tea)) == 300
    await posting.stop()


# Rights


async def test_somebody_removed_in_between_has_no_message_after_the_removal(
    ada: User, grace: User, cellar: Room
) -> None:
    await run(add_member)(actor=ada, slug="cellar", username="grace")
    posting = GroupCommit()
    before = await asyncio.gather(*[posting.post(draft) for draft in numbered(grace, 20, "cellar")])

    posted = [posting.post(draft) for draft in numbered(grace, 200, "cellar")]
    await run(remove_member)(actor=ada, slug="cellar", username="grace")
    after = await asyncio.gather(*posted, posting.post(Draft(grace, "cellar", "too late")))

    removal = await run(Change.objects.get)(room=cellar, kind="member.left")
    assert {word(outcome) for outcome in before} == {"posted"}
    assert all(seq_of(outcome) < removal.seq for outcome in after if isinstance(outcome, Posted))
    assert word(after[-1]) == "not_found"
    assert {word(outcome) for outcome in after} <= {"posted", "not_found"}


async def test_batches_with_rooms_in_another_order_do_not_wait_for_each_other(
    ada: User, grace: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    @run
    def open_rooms() -> list[Room]:
        rooms = [open_room(actor=ada, name=f"Room {number}", slug=f"room-{number}") for number in range(8)]
        Membership.objects.bulk_create([Membership(room=room, user=grace) for room in rooms])
        return rooms

    rooms = await open_rooms()
    undone: list[None] = []  # a deadlock is healed by a second attempt: nobody would hear of it
    rollback = BaseDatabaseWrapper._rollback  # type: ignore[attr-defined]

    def count(connection: BaseDatabaseWrapper) -> None:
        undone.append(None)
        rollback(connection)

    monkeypatch.setattr(BaseDatabaseWrapper, "_rollback", count)

    def post(actor: User, slugs: list[str]) -> list[Outcome]:
        return [outcome for _ in range(15) for outcome in post_messages([Draft(actor, slug, "x") for slug in slugs])]

    slugs = [room.slug for room in rooms]
    outcomes = await asyncio.gather(
        *[database.in_database(post, ada, slugs), database.in_database(post, grace, slugs[::-1])]
    )

    assert [word(outcome) for each in outcomes for outcome in each] == ["posted"] * 2 * 15 * 8
    assert undone == []
