"""Posting: the one command behind the socket and the REST route, for one message or for many at once."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from accounts.models import User
from chat import indexing, mentions, threads
from chat.attaching import Uploads
from chat.drafts import Draft, Outcome, Posted, check, key_of, repeated, sent_before
from chat.frames import message_frame, render
from chat.models import Message
from foundation import rates
from foundation.errors import ChatError
from foundation.publishing import Entry, publish
from foundation.statements import insert_all, new, update_all, without_waiting
from rooms import policies
from rooms.log import next_seqs
from rooms.membership import enter
from rooms.models import Membership, Room
from rooms.policies import Access, Person

Place = tuple[int, int | None]  # room, author


def post_message(
    *,
    actor: Person,
    slug: str,
    text: str,
    client_id: str | None = None,
    reply_to: int | None = None,
    attachments: Sequence[str] = (),
) -> Posted:
    """Append a message to a room's log and publish it after the commit.

    The text is stored as it is, byte for byte. Rights, repetition and the number are decided under the room's lock, so
    a person removed at number n never has a message after n. A signed-in person who is no member becomes one first.
    Publishes `message`. Raises `validation_error`, `message_too_long`, `not_found`, `unauthenticated`, `forbidden`,
    `archived`, `slow_mode`, `rate_limited`, and `idempotency_conflict` when the client_id was used for another text.
    """
    [outcome] = post_messages([Draft(actor, slug, text, client_id, reply_to, tuple(attachments))])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def post_messages(drafts: Sequence[Draft]) -> list[Outcome]:
    """Post many messages in one transaction, in their order; each has the outcome it would have alone.

    When the transaction fails, each is tried alone, so that only the culprit fails.
    """
    outcomes: dict[int, Outcome] = {}
    for index, draft in enumerate(drafts):
        try:
            check(draft)
        except ChatError as error:
            outcomes[index] = error
    outcomes |= _too_many(drafts, outcomes)
    sound = [index for index in range(len(drafts)) if index not in outcomes]
    if sound:
        outcomes.update(zip(sound, _commit([drafts[index] for index in sound])[0], strict=True))
    return [outcomes[index] for index in range(len(drafts))]


def _too_many(drafts: Sequence[Draft], outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
    """The refusals of those sound drafts for which no room is left in the bucket of their author, or of a room's guests."""
    asked: dict[str, dict[object, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, draft in enumerate(drafts):
        if index not in outcomes:
            bucket: tuple[str, object] = ("posts", draft.actor.pk) if draft.actor.pk else ("guest_posts", draft.slug)
            asked[bucket[0]][bucket[1]].append(index)
    refused: dict[int, Outcome] = {}
    for name, buckets in asked.items():
        allowed = rates.take_many(name, {key: len(indexes) for key, indexes in buckets.items()})
        for key, indexes in buckets.items():
            if allowed[key] < len(indexes):
                refused |= dict.fromkeys(indexes[allowed[key] :], rates.refusal(name, key))
    return refused


def _commit(drafts: list[Draft]) -> tuple[list[Outcome], bool]:
    """The outcomes, and whether there was a database at all."""
    begun = written = False
    try:
        with transaction.atomic():
            begun = True
            outcomes = _append(drafts)
            written = True
        return outcomes, True
    except Exception as error:  # noqa: BLE001
        if len(drafts) == 1 or not begun:
            return [error] * len(drafts), begun
        # A COMMIT that failed may have been done, unless the database says why.
        return _commit_apart(drafts, error, undone=not written or isinstance(error, IntegrityError)), True


def _commit_apart(drafts: list[Draft], error: Exception, *, undone: bool) -> list[Outcome]:
    """After a batch failed: room by room, and a room's messages one by one, so that only the culprit fails.

    When it is not known whether the batch was undone, only what has a client_id can be sent again without harm. Neither
    a room that could not be locked in time nor a database that has gone away is waited for again and again.
    """
    parts: dict[Any, list[int]] = defaultdict(list)
    several_rooms = len({draft.slug for draft in drafts}) > 1
    for index, draft in enumerate(drafts):
        if undone or draft.client_id:
            parts[draft.slug if several_rooms else index].append(index)
    outcomes: list[Outcome] = [error] * len(drafts)
    if not several_rooms and undone and isinstance(error, OperationalError):
        return outcomes
    for indexes in parts.values():
        again, reached = _commit([drafts[index] for index in indexes])
        if not reached:
            break
        for index, outcome in zip(indexes, again, strict=True):
            outcomes[index] = outcome
    return outcomes


def _append(drafts: list[Draft]) -> list[Outcome]:
    accesses = policies.rooms_for([(draft.actor, draft.slug) for draft in drafts], lock=True)
    known, now = sent_before(drafts, accesses), timezone.now()
    targets = _answered(drafts, accesses)
    uploads = Uploads({each for draft in drafts for each in draft.attachments})
    outcomes: list[Outcome] = []
    fresh: dict[Room, list[Message]] = defaultdict(list)
    memberships: dict[Place, Membership] = {}
    for draft, access in zip(drafts, accesses, strict=True):
        if isinstance(access, ChatError):
            outcomes.append(access)
            continue
        key = key_of(draft, access)
        if key in known:
            outcomes.append(repeated(known[key], draft))
            continue
        place = access.room.id, access.user.pk
        membership = memberships.get(place, access.membership)
        try:
            policies.require_right(access, "post")
            check_pace(access, membership)
            message = _message(draft, access, targets)
            message.attachments = uploads.take(draft.attachments, access)
        except ChatError as error:
            outcomes.append(error)
            continue
        if membership is None and access.user.is_authenticated:
            membership = enter(access)
        if membership is not None:
            memberships[place] = membership
            membership.last_posted_at = now
        fresh[access.room].append(message)
        if key is not None:
            known[key] = message
        outcomes.append(Posted(message, duplicate=False))
    _write(fresh, memberships, targets)
    uploads.give(message for messages in fresh.values() for message in messages)
    return outcomes


def _message(draft: Draft, access: Access, targets: threads.Targets) -> Message:
    mentions.check_right(access, draft.formatted)
    html, names = draft.formatted
    author = access.user if isinstance(access.user, User) else None
    message = new(
        Message,
        {"room": access.room, "author": author},
        text=draft.text,
        client_id=draft.client_id,
        html=html,
        mentions=names or None,
    )
    if draft.reply_to is not None:
        threads.answer(message, draft.reply_to, targets)
    return message


def _write(fresh: dict[Room, list[Message]], memberships: dict[Place, Membership], targets: threads.Targets) -> None:
    """Number, insert and publish the new messages of each room; whoever says something has read what came before."""
    for room, messages in fresh.items():
        room.message_count += len(messages)
    with without_waiting():
        firsts = next_seqs({room: len(messages) for room, messages in fresh.items()})
        for room, messages in fresh.items():
            for index, message in enumerate(messages):
                message.seq = firsts[room] + index
                if message.author_id is not None:
                    membership = memberships[room.id, message.author_id]
                    membership.read_seq = message.seq
                    membership.messages_read = room.message_count - len(messages) + index + 1
        mentions.note(fresh)
        threads.count(fresh, targets)
        every = [message for messages in fresh.values() for message in messages]
        insert_all(every)
        indexing.note(every)
        update_all(memberships.values(), "read_seq", "messages_read", "last_posted_at")
    for room, messages in fresh.items():
        entries = [Entry(render(message_frame(message, room.slug))) for message in messages]
        publish(room.group, messages[0].seq, entries)


def check_pace(access: Access, membership: Membership | None) -> None:
    """Raise `slow_mode` for a member who posted less than the room's `slow_mode_s` ago; moderators may go on."""
    slow_mode_s = access.room.slow_mode_s
    if not slow_mode_s or membership is None or membership.last_posted_at is None:
        return
    wait_s = slow_mode_s - (timezone.now() - membership.last_posted_at).total_seconds()
    if wait_s > 0 and access.standing < policies.Standing.MODERATOR:
        raise ChatError("slow_mode", f"Slow mode: wait {math.ceil(wait_s)} s.", retry_after_s=wait_s)


def _answered(drafts: list[Draft], accesses: list[Access | ChatError]) -> threads.Targets:
    """The messages that these drafts reply to, and the roots of their threads."""
    pairs = zip(drafts, accesses, strict=True)
    return threads.targets_of(
        {
            (access.room.pk, draft.reply_to)
            for draft, access in pairs
            if draft.reply_to is not None and isinstance(access, Access)
        }
    )
