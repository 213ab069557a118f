"""All files of a room, apart from what was said around them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from chat.frames import AttachmentShown, attachment_shown
from chat.models import Attachment, Message
from rooms import policies
from rooms.policies import Person

FILES_PER_PAGE = 48


@dataclass(frozen=True, slots=True)
class Sent:
    """A file with the number of its message, and who sent that when; no author for a guest."""

    seq: int
    author: User | None
    sent_at: datetime
    file: AttachmentShown


def attachments_in(*, actor: Person, slug: str) -> QuerySet[Attachment]:
    """The files of a room's messages; those that no message has, or that went with theirs, are not among them.

    Raises `not_found`, `unauthenticated`."""
    room = policies.room_for(actor, slug).room
    return Attachment.objects.filter(room=room, seq__gte=room.first_seq)


def sent_with(attachments: Collection[Attachment]) -> list[Sent]:
    """Files of one room, in their order, each with what is known of its message, in one query."""
    rooms, seqs = {each.room_id for each in attachments}, {each.seq or 0 for each in attachments}
    messages = Message.objects.filter(room__in=rooms, seq__in=seqs).select_related("author") if attachments else ()
    by_seq = {message.seq: message for message in messages}
    return [_sent(each, by_seq.get(each.seq or 0)) for each in attachments]


def sent_before(*, actor: Person, slug: str, before: int | None = None) -> tuple[list[Sent], int | None]:
    """The newest files, or the newest of the messages before a number; and the number before which there are more.

    The files of a message stay together. Raises what `attachments_in` does."""
    found = attachments_in(actor=actor, slug=slug)
    if before is not None:
        found = found.filter(seq__lt=before)
    rows = list(found.order_by("-seq", "-pk")[: FILES_PER_PAGE + 1])
    if len(rows) <= FILES_PER_PAGE:
        return sent_with(rows), None
    whole = [each for each in rows if each.seq != rows[-1].seq]
    return sent_with(whole), whole[-1].seq


def _sent(attachment: Attachment, message: Message | None) -> Sent:
    # The message may have gone while we looked.
    author, sent_at = (message.author, message.sent_at) if message else (None, attachment.created_at)
    return Sent(attachment.seq or 0, author, sent_at, attachment_shown(attachment))
