"""Posting: the one command behind the socket and the REST route, for one message or for many at once."""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from accounts.models import User
from chat import mentions
from chat.frames import check_client_id, message_frame, render
from chat.models import Message
from foundation import rates
from foundation.errors import ChatError, invalid
from foundation.limits import MESSAGE_MAX_BYTES, MESSAGE_MAX_CHARS
from foundation.publishing import Entry, publish
from foundation.statements import insert_all, select_in, update_all
from rooms import policies
from rooms.log import next_seqs
from rooms.membership import enter
from rooms.models import Membership, Room
from rooms.policies import Access, Person


@dataclass(frozen=True, slots=True)
class Draft:
    """A message on its way in: who says what, where."""

    actor: Person
    slug: str
    text: str
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is on disk; `duplicate` when an earlier send with the same client_id put it there."""

    message: Message
    duplicate: bool


Outcome = Posted | Exception
Key = tuple[int, int | None, str]  # room, author, client_id


def post_message(*, actor: Person, slug: str, text: str, client_id: str | None = None) -> Posted:
    """Append a message to a room's log and publish it after the commit.

    The text is stored as it is, byte for byte. Rights, repetition and the number are decided under the room's lock, so
    a person removed at number n never has a message after n. A signed-in person who is no member becomes one first.
    Publishes `message`. Raises `validation_error`, `message_too_long`, `not_found`, `unauthenticated`, `forbidden`,
    `archived`, `slow_mode`, `rate_limited`, and `idempotency_conflict` when the client_id was used for another text.
    """
    [outcome] = post_messages([Draft(actor, slug, text, client_id)])
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
            check_text(draft.text)
            check_client_id(draft.client_id)
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
    known, now = _sent_before(drafts, accesses), timezone.now()
    outcomes: list[Outcome] = []
    fresh: dict[Room, list[Message]] = defaultdict(list)
    memberships: dict[tuple[Room, Person], Membership] = {}
    for draft, access in zip(drafts, accesses, strict=True):
        if isinstance(access, ChatError):
            outcomes.append(access)
            continue
        key = _key(draft, access)
        if key in known:
            outcomes.append(_repeated(known[key], draft.text))
            continue
        membership = memberships.get((access.room, access.user), access.membership)
        try:
            policies.require_right(access, "post")
            check_pace(access, membership)
        except ChatError as error:
            outcomes.append(error)
            continue
        if membership is None and access.user.is_authenticated:
            membership = enter(access)
        message = Message(room=access.room, author=_author(access), text=draft.text, client_id=draft.client_id)
        if membership is not None:
            memberships[access.room, access.user] = membership
            membership.last_posted_at = now
        fresh[access.room].append(message)
        if key is not None:
            known[key] = message
        outcomes.append(Posted(message, duplicate=False))
    _write(fresh, memberships)
    return outcomes


def _write(fresh: dict[Room, list[Message]], memberships: dict[tuple[Room, Person], Membership]) -> None:
    """Number, insert and publish the new messages of each room; whoever says something has read what came before."""
    for room, messages in fresh.items():
        room.message_count += len(messages)
    firsts = next_seqs({room: len(messages) for room, messages in fresh.items()})
    for room, messages in fresh.items():
        for index, message in enumerate(messages):
            message.seq = firsts[room] + index
            if message.author is not None:
                membership = memberships[room, message.author]
                membership.read_seq = message.seq
                membership.messages_read = room.message_count - len(messages) + index + 1
    insert_all([message for messages in fresh.values() for message in messages])
    mentions.note(fresh)
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


def check_text(text: str) -> None:
    """Raise `message_too_long` or `validation_error` (blank, null_character, surrogate) for what cannot be a message."""
    if len(text) > MESSAGE_MAX_CHARS:
        raise ChatError("message_too_long", f"A message has at most {MESSAGE_MAX_CHARS} characters.")
    if "\0" in text:
        raise invalid("value", "null_character", "The text has a NUL character.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise invalid("value", "surrogate", "The text has half of a character.") from None
    if size > MESSAGE_MAX_BYTES:
        raise ChatError("message_too_long", f"A message has at most {MESSAGE_MAX_BYTES} bytes.")
    if not any(_visible(char) for char in text):
        raise invalid("value", "blank", "A message needs something to read.")


def _visible(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in {"Cc", "Cf"}


def _author(access: Access) -> User | None:
    return access.user if isinstance(access.user, User) else None


def _key(draft: Draft, access: Access) -> Key | None:
    return (access.room.pk, access.user.pk, draft.client_id) if draft.client_id is not None else None


def _sent_before(drafts: list[Draft], accesses: list[Access | ChatError]) -> dict[Key | None, Message]:
    """The messages that these drafts repeat, by key."""
    keys = {
        key
        for draft, access in zip(drafts, accesses, strict=True)
        if isinstance(access, Access) and (key := _key(draft, access)) is not None
    }
    if not keys:
        return {}
    found = select_in(
        Message,
        client_id={client_id for _, _, client_id in keys},
        room={room for room, _, _ in keys},
    )
    earlier = {(message.room_id, message.author_id, message.client_id or ""): message for message in found}
    return {key: message for key, message in earlier.items() if key in keys}


def _repeated(earlier: Message, text: str) -> Outcome:
    # Of a deleted message nobody knows any more what it said.
    same = earlier.text == text or earlier.deleted_at is not None
    return Posted(earlier, duplicate=True) if same else ChatError("idempotency_conflict")
