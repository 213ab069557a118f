"""Editing messages: the number stays, the text changes, and what it was stays readable."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat import history, indexing, mentions
from chat.models import Message, Revision
from chat.texts import checked_text
from foundation import rates
from foundation.errors import ChatError
from foundation.limits import REVISIONS_MAX
from rooms import policies
from rooms.log import record_change
from rooms.models import ChangeKind
from rooms.policies import Person


@dataclass(frozen=True, slots=True)
class Version:
    """What a message says or said, and since when."""

    text: str
    written_at: datetime


def edit_message(*, actor: User, slug: str, seq: int, text: str) -> tuple[Message, bool]:
    """Give a message of one's own another text; False beside it when it said so already.

    Who is mentioned now is told, who is not any more is not. Publishes `message.edited`. Raises `validation_error`,
    `message_too_long`, `not_found` (also for what was deleted), `forbidden`, `edit_window` once EDIT_WINDOW_S is over,
    `archived`, `limit_reached` after REVISIONS_MAX edits, `rate_limited`.
    """
    html, names = formatted = checked_text(text)
    rates.take("posts", actor.pk)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        message = history.locked_message(access, seq)
        policies.require(message.author_id == actor.pk)
        policies.require_right(access, "edit_own")
        _check_window(message)
        if message.text == text:
            return message, False
        mentions.check_right(access, formatted)
        room, before, written_at = access.room, message.text, message.edited_at or message.sent_at
        _check_revisions(message)
        mentions.forget(room, [message.seq])
        message.text, message.html, message.mentions = text, html, names or None
        mentions.note({room: [message]})
        change = record_change(
            room,
            ChangeKind.MESSAGE_EDITED,
            actor=actor,
            message=message.seq,
            value=text,
            html=message.html,
            mentions=message.mentions or [],
        )
        Revision.objects.create(room=room, seq=message.seq, replaced_by=change.seq, text=before, written_at=written_at)
        message.edited_at = change.created_at
        message.save(update_fields=["text", "html", "mentions", "edited_at"])
        indexing.reindex(message, was=before)
    return message, True


def versions_of(*, actor: Person, slug: str, seq: int) -> Iterator[Version]:
    """What a message has said, the first text first and the present one last. Raises `not_found`, `unauthenticated`."""
    message = history.message_at(actor=actor, slug=slug, seq=seq)
    if message.deleted_at is not None:
        raise ChatError("not_found")
    for revision in Revision.objects.filter(room=message.room_id, seq=seq):
        yield Version(revision.text, revision.written_at)
    yield Version(message.text, message.edited_at or message.sent_at)


def _check_window(message: Message) -> None:
    window_s = settings.EDIT_WINDOW_S
    if window_s and (timezone.now() - message.sent_at).total_seconds() > window_s:
        raise ChatError("edit_window")


def _check_revisions(message: Message) -> None:
    if Revision.objects.filter(room=message.room_id, seq=message.seq).count() >= REVISIONS_MAX:
        raise ChatError("limit_reached", f"A message can be edited {REVISIONS_MAX} times.")
