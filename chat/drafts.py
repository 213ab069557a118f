"""What is about to be said: what makes it sound, and what it repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.attaching import check_attachments
from chat.commands import check_client_id
from chat.formatting import PLAIN, Formatted
from chat.models import Message
from chat.texts import checked_text
from foundation.errors import ChatError
from foundation.statements import select_in
from rooms.policies import Access, Person


@dataclass(slots=True)
class Draft:
    """A message on its way in: who says what, where. `formatted` is for `check` to fill."""

    actor: Person
    slug: str
    text: str
    client_id: str | None = None
    reply_to: int | None = None
    attachments: tuple[str, ...] = ()  # the ids of uploads
    formatted: Formatted = PLAIN


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is on disk; `duplicate` when an earlier send with the same client_id put it there."""

    message: Message
    duplicate: bool


Outcome = Posted | Exception
Key = tuple[int, int | None, str]  # room, author, client_id


def check(draft: Draft) -> None:
    """Format the text. Raises `message_too_long` or `validation_error` for what cannot be a message."""
    check_client_id(draft.client_id)
    check_attachments(draft.attachments)
    draft.formatted = checked_text(draft.text, may_be_blank=bool(draft.attachments))


def key_of(draft: Draft, access: Access) -> Key | None:
    """What a repeated send has in common with the first; None where there is no client_id."""
    return (access.room.pk, access.user.pk, draft.client_id) if draft.client_id is not None else None


def sent_before(drafts: Sequence[Draft], accesses: Sequence[Access | ChatError]) -> dict[Key | None, Message]:
    """The messages that these drafts repeat, by key."""
    keys = {
        key
        for draft, access in zip(drafts, accesses, strict=True)
        if isinstance(access, Access) and (key := key_of(draft, access)) is not None
    }
    if not keys:
        return {}
    found = select_in(
        Message,
        one_by_one=True,
        client_id={client_id for _, _, client_id in keys},
        room={room for room, _, _ in keys},
    )
    earlier = {(message.room_id, message.author_id, message.client_id or ""): message for message in found}
    return {key: message for key, message in earlier.items() if key in keys}


def repeated(earlier: Message, draft: Draft) -> Outcome:
    """The outcome of a draft whose client_id an earlier message has."""
    files = tuple(shown["id"] for shown in earlier.attachments or ())
    # Of a deleted or edited message it is not known here what it said at first.
    changed = earlier.deleted_at is not None or earlier.edited_at is not None
    same = changed or (earlier.text, files) == (draft.text, draft.attachments)
    return Posted(earlier, duplicate=True) if same else ChatError("idempotency_conflict")
