"""Deleting messages: the number stays, the text goes."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat import attaching, indexing, mentions
from chat.models import Message, Revision
from foundation.errors import ChatError
from foundation.limits import ERASED_PER_CHANGE, SEQ_MAX
from rooms import audit, policies
from rooms.bans import ban_person
from rooms.log import record_change
from rooms.models import Ban, Change, ChangeKind, Room
from rooms.policies import Person


def delete_message(*, actor: Person, slug: str, seq: int) -> bool:
    """Erase a message and leave a tombstone with its number; False when that was done before.

    Publishes `message.deleted`. Raises `not_found`, `unauthenticated`, `forbidden`, `archived`.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        message = Message.objects.select_related("author").filter(room=access.room, seq=min(seq, SEQ_MAX)).first()
        if message is None:
            raise ChatError("not_found")
        own = message.author is not None and message.author == actor
        policies.require_right(access, "delete_own" if own else "delete_any")
        if message.deleted_at is not None:
            return False
        assert isinstance(actor, User), "guests have neither right"
        _erase(access.room, actor, message.author, [message.seq])
        if not own:
            audit.record(access.room, actor, "message.deleted", subject=message.author, seq=message.seq)
    return True


def ban_and_purge(
    *, actor: User, slug: str, username: str, reason: str = "", until: datetime | None = None
) -> tuple[Ban, bool]:
    """Ban somebody and erase all that they said in the room. Raises what `ban_person` does, and `archived`."""
    with transaction.atomic():
        ban, is_new = ban_person(actor=actor, slug=slug, username=username, reason=reason, until=until)
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "delete_any")
        said = Message.objects.filter(room=access.room, author=ban.user, deleted_at=None)
        seqs = list(said.order_by("seq").values_list("seq", flat=True))
        if seqs:
            _erase(access.room, actor, ban.user, seqs)
            audit.record(access.room, actor, "messages.purged", subject=ban.user, reason=reason, count=len(seqs))
    return ban, is_new


def _erase(room: Room, actor: User, author: User | None, seqs: list[int]) -> None:
    indexing.forget(room, seqs)
    messages = Message.objects.filter(room=room, author=author, seq__gte=seqs[0], seq__lte=seqs[-1])
    nothing = dict.fromkeys(("html", "mentions", "attachments", "reactions", "edited_at", "pinned_at"))
    messages.filter(deleted_at=None).update(text="", deleted_at=timezone.now(), **nothing)
    for part in _parts(seqs):
        mentions.forget(room, part)
        attaching.forget(room, part)
        _erase_revisions(room, part)
        record_change(room, ChangeKind.MESSAGE_DELETED, actor=actor, subject=author, messages=part)


def _erase_revisions(room: Room, seqs: list[int]) -> None:
    """Erase what the messages said before, also from the changes that told of it."""
    revisions = Revision.objects.filter(room=room, seq__in=seqs)
    edits = Change.objects.filter(room=room, seq__in=revisions.values("replaced_by"))
    for edit in edits:
        edit.data |= {"value": "", "html": None, "mentions": []}
    Change.objects.bulk_update(edits, ["data"])
    revisions.delete()


def _parts(seqs: list[int]) -> list[list[int]]:
    return [seqs[start : start + ERASED_PER_CHANGE] for start in range(0, len(seqs), ERASED_PER_CHANGE)]
