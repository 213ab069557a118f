"""Many messages in one transaction: each has the outcome that it would have alone, for the price of a few statements."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.drafts import Draft, Outcome, Posted
from chat.models import Message
from chat.posting import post_message, post_messages
from foundation.errors import ChatError
from foundation.limits import BATCH_MAX_MESSAGES
from rooms.lifecycle import open_room
from rooms.membership import add_member
from rooms.models import Change, Guests, Room
from rooms.policies import Person
from tests.batches import numbered, seq_of, word

pytestmark = pytest.mark.django_db
ROOMS: dict[str, dict[str, Any]] = {
    "open": {},
    "written-by-guests": {"guests": Guests.WRITE},
    "read-by-guests": {"guests": Guests.READ},
    "private": {"kind": "private"},
}


def house(suffix: str, owner: User, member: User) -> None:
    """Four rooms of every kind; their slugs end alike."""
    for name, fields in ROOMS.items():
        open_room(actor=owner, name=f"{name} {suffix}", slug=f"{name}-{suffix}", **fields)
        add_member(actor=owner, slug=f"{name}-{suffix}", username=member.username)


def random_drafts(seed: int, people: Sequence[Person], count: int) -> list[Draft]:
    """Drafts among which everything occurs that is decided about one: every right, repetition, and form."""
    chance = random.Random(seed)
    texts = [f"text {number}" for number in range(4)] + ["", "\0", "x" * 10_001]
    client_ids = [None, None, None, *[f"c-{number}" for number in range(6)], "not a client id"]
    return [
        Draft(
            chance.choice(people), chance.choice([*ROOMS, "nowhere"]), chance.choice(texts), chance.choice(client_ids)
        )
        for _ in range(count)
    ]


def one_by_one(drafts: Sequence[Draft]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for draft in drafts:
        try:
            outcomes.append(
                post_message(actor=draft.actor, slug=draft.slug, text=draft.text, client_id=draft.client_id)
            )
        except ChatError as error:
            outcomes.append(error)
    return outcomes


def in_batches(drafts: Sequence[Draft], seed: int) -> list[Outcome]:
    chance = random.Random(seed)
    outcomes: list[Outcome] = []
    while len(outcomes) < len(drafts):
        outcomes += post_messages(drafts[len(outcomes) : len(outcomes) + chance.randint(1, 20)])
    return outcomes


def told(outcome: Outcome) -> tuple[Any, ...]:
    """What its sender hears, but for the number."""
    if isinstance(outcome, Posted):
        message = outcome.message
        return (word(outcome), message.text, message.client_id, message.author)
    assert isinstance(outcome, ChatError), outcome
    return (outcome.code, outcome.detail, outcome.errors)


def messages_of(slug: str) -> list[tuple[Any, ...]]:
    found = Message.objects.filter(room__slug=slug).order_by("seq")
    return list(found.values_list("author", "text", "client_id"))


def arrivals_of(slug: str) -> list[int | None]:
    found = Change.objects.filter(room__slug=slug, kind="member.joined").order_by("seq")
    return list(found.values_list("subject_id", flat=True))


def log_of(slug: str) -> list[int]:
    """All numbers of a room, of messages and changes."""
    messages = Message.objects.filter(room__slug=slug).values_list("seq", flat=True)
    changes = Change.objects.filter(room__slug=slug).values_list("seq", flat=True)
    return sorted([*messages, *changes])


def at(drafts: list[Draft], suffix: str) -> list[Draft]:
    return [Draft(draft.actor, f"{draft.slug}-{suffix}", draft.text, draft.client_id) for draft in drafts]


@pytest.mark.parametrize("seed", range(8))
def test_each_has_the_outcome_it_would_have_alone(ada: User, grace: User, mallory: User, seed: int) -> None:
    house("singly", ada, grace)
    house("together", ada, grace)
    drafts = random_drafts(seed, [ada, grace, mallory, AnonymousUser()], 80)

    singly = one_by_one(at(drafts, "singly"))
    together = in_batches(at(drafts, "together"), seed)

    assert [told(outcome) for outcome in together] == [told(outcome) for outcome in singly]
    assert len({word(outcome) for outcome in singly}) >= 6, "premise: a bit of everything"
    for name in ROOMS:
        one, many = f"{name}-singly", f"{name}-together"
        assert messages_of(many) == messages_of(one)
        assert arrivals_of(many) == arrivals_of(one)
        assert log_of(many) == log_of(one) == list(range(1, Room.objects.get(slug=many).last_seq + 1))


@pytest.mark.parametrize("seed", range(3))
def test_the_number_that_is_answered_is_the_number_on_disk(ada: User, grace: User, mallory: User, seed: int) -> None:
    house("together", ada, grace)
    drafts = at(random_drafts(seed, [ada, grace, mallory, AnonymousUser()], 80), "together")

    outcomes = in_batches(drafts, seed)

    for draft, outcome in zip(drafts, outcomes, strict=True):
        if isinstance(outcome, Posted):
            stored = Message.objects.get(room__slug=draft.slug, seq=outcome.message.seq)
            assert (stored.text, stored.client_id) == (draft.text, draft.client_id)
            assert stored.sent_at == outcome.message.sent_at
            assert stored.author_id == draft.actor.pk


def test_whoever_comes_in_by_writing_is_in_before_all_messages_of_the_batch(
    ada: User, mallory: User, tea: Room
) -> None:
    outcomes = post_messages([*numbered(ada, 2), *numbered(mallory, 3), *numbered(ada, 1)])

    arrival = Change.objects.get(room=tea, kind="member.joined", subject=mallory)
    assert arrival.seq == tea.last_seq + 1
    assert [seq_of(outcome) for outcome in outcomes] == [tea.last_seq + 2 + number for number in range(6)]


def test_a_refused_message_brings_nobody_in(ada: User, mallory: User, tea: Room) -> None:
    outcomes = post_messages([Draft(mallory, "tea", ""), Draft(ada, "tea", "hello")])

    assert [word(outcome) for outcome in outcomes] == ["validation_error", "posted"]
    assert not Change.objects.filter(room=tea, subject=mallory).exists()
    assert seq_of(outcomes[1]) == tea.last_seq + 1


def test_nothing_is_nothing() -> None:
    assert post_messages([]) == []


# Its price


def statements(drafts: list[Draft]) -> int:
    with CaptureQueriesContext(connection) as captured:
        outcomes = post_messages(drafts)
    assert {word(outcome) for outcome in outcomes} == {"posted"}
    return len(captured)


def test_a_batch_costs_as_many_statements_as_a_message(ada: User, grace: User, tea: Room) -> None:
    for slug in (f"room-{number}" for number in range(20)):
        open_room(actor=ada, name=slug, slug=slug)
        add_member(actor=ada, slug=slug, username="grace")
    one = statements([Draft(ada, "tea", "hello", "c-1")])

    in_one_room = [Draft(ada if n % 2 else grace, "tea", f"{n}", f"d-{n}") for n in range(BATCH_MAX_MESSAGES)]
    in_twenty = [Draft(ada if n % 2 else grace, f"room-{n % 20}", f"{n}", f"d-{n}") for n in range(BATCH_MAX_MESSAGES)]

    assert one <= 10, (
        "a savepoint and its end, rooms, members, repetitions, numbers, messages, keys, words, read markers"
    )
    assert statements(in_one_room) == one
    assert statements(in_twenty) == one


def test_what_cannot_be_a_message_costs_the_database_nothing(ada: User, tea: Room) -> None:
    with CaptureQueriesContext(connection) as captured:
        outcomes = post_messages([Draft(ada, "tea", ""), Draft(ada, "tea", "hello", "not a client id")])

    assert [word(outcome) for outcome in outcomes] == ["validation_error", "validation_error"]
    assert len(captured) == 0
