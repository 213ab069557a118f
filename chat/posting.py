"""Posting: the one command behind the socket and the REST route."""

import unicodedata
from dataclasses import dataclass

from django.db import transaction

from chat.frames import check_client_id, message_frame, render
from chat.models import Message
from foundation.errors import ChatError, invalid
from foundation.limits import MESSAGE_MAX_BYTES, MESSAGE_MAX_CHARS
from foundation.publishing import Entry, publish
from rooms import policies
from rooms.log import next_seq
from rooms.membership import enter
from rooms.policies import Access, Person


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is on disk; `duplicate` when an earlier send with the same client_id put it there."""

    message: Message
    duplicate: bool


def post_message(*, actor: Person, slug: str, text: str, client_id: str | None = None) -> Posted:
    """Append a message to a room's log and publish it after the commit.

    The text is stored as it is, byte for byte. Rights, repetition and the number are decided under the room's lock, so
    a person removed at number n never has a message after n. A signed-in person who is no member becomes one first.
    Publishes `message`. Raises `validation_error`, `message_too_long`, `not_found`, `unauthenticated`, `forbidden`,
    and `idempotency_conflict` when the client_id was used for another text.
    """
    check_text(text)
    check_client_id(client_id)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require(access.may_post)
        if client_id is not None:
            earlier = _earlier(access, client_id)
            if earlier is not None:
                return _repeated(earlier, text)
        if access.may_join:
            enter(access)
        return Posted(_append(access, text, client_id), duplicate=False)


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


def _earlier(access: Access, client_id: str) -> Message | None:
    author = access.user if access.user.is_authenticated else None
    sent = Message.objects.select_related("author")
    return sent.filter(room=access.room, author=author, client_id=client_id).first()


def _repeated(earlier: Message, text: str) -> Posted:
    if earlier.text != text:
        raise ChatError("idempotency_conflict")
    return Posted(earlier, duplicate=True)


def _append(access: Access, text: str, client_id: str | None) -> Message:
    room = access.room
    author = access.user if access.user.is_authenticated else None
    message = Message.objects.create(
        room=room,
        seq=next_seq(room),
        author=author,
        text=text,
        client_id=client_id,
    )
    publish(room.group, message.seq, [Entry(render(message_frame(message, room.slug)))])
    return message
