"""Attachments: uploaded for a room, claimed by a message, erased with it; what no message claims goes after a day.

The order of the steps keeps one thing true through every crash: a file has a row in the database. So nothing has to be
searched for, and a sweep finds by the rows what is to be erased.
"""

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import IO, Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from chat.file_names import is_image_by_name, name_of_image, shown_name, type_of
from chat.frames import attachment_shown
from chat.models import Attachment, Message
from foundation import rates, stored_files
from foundation.errors import ChatError, invalid
from foundation.images import CONTENT_TYPES, Picture, picture_in
from foundation.limits import ATTACHMENTS_PER_MESSAGE, ERASED_AT_ONCE, FILE_MAX_BYTES, ORPHAN_LIFE_S
from foundation.statements import update_all
from rooms import policies
from rooms.models import Room
from rooms.policies import Access, Person

log = logging.getLogger("parlor.files")
MIB = 1024 * 1024
SWEPT_BY_AN_UPLOAD = 10
IMAGE_TYPES = {*CONTENT_TYPES.values(), "image/gif", "image/jpg", "image/apng"}
TO_SWEEP = Q(seq__isnull=True) | Q(room__isnull=True)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def check_may_upload(*, actor: User, slug: str) -> None:
    """Raise `not_found`, `forbidden`, `archived` unless the actor may post in the room."""
    policies.require_right(policies.room_for(actor, slug), "post")


def upload(*, actor: User, slug: str, file: IO[bytes], name: str, size: int, declared_type: str = "") -> Attachment:
    """Keep a file for a message that the actor is about to post in the room; until then only they can read it.

    An image is drawn anew, and has a thumbnail. Raises what `check_may_upload` does, `empty_file`, `file_too_large`,
    `type_mismatch` for what is no image and says it is one, `image_too_large`, `quota_exceeded`, `rate_limited`,
    `overloaded`, `unavailable`.
    """
    check_may_upload(actor=actor, slug=slug)
    if size == 0:
        raise ChatError("empty_file")
    if size > FILE_MAX_BYTES:
        raise ChatError("file_too_large", f"A file has at most {FILE_MAX_BYTES // MIB} MiB.")
    rates.take("uploads", actor.pk)
    sweep(at_most=SWEPT_BY_AN_UPLOAD)
    name = shown_name(name)
    picture = picture_in(file)
    if picture is None and (declared_type.lower() in IMAGE_TYPES or is_image_by_name(name)):
        raise ChatError("type_mismatch", "The file says that it is an image, and is none.")
    attachment = Attachment(uploader=actor, file=stored_files.new_name(), name=name, size=size)
    if picture is None:
        attachment.content_type = type_of(name)
    else:
        file = describe(attachment, picture)
    _enter(attachment, slug)
    _write(attachment, file, picture)
    return attachment


def check_attachments(ids: Sequence[str]) -> None:
    """Raise `validation_error` for too many attachments, or what cannot be their ids."""
    if len(ids) > ATTACHMENTS_PER_MESSAGE:
        raise invalid("attachments", "too_many", f"A message has at most {ATTACHMENTS_PER_MESSAGE}.")
    if len(set(ids)) < len(ids) or not all(_ID.match(each) for each in ids):
        raise _not_to_be_had()


class Uploads:
    """The uploads that the messages of one transaction ask for, locked; each can be taken once."""

    def __init__(self, ids: Collection[str]) -> None:
        self._free: dict[str, Attachment] = {}
        self._taken: dict[str, Attachment] = {}
        if ids:
            found = Attachment.objects.select_for_update().filter(public_id__in=ids, seq=None)
            self._free = {str(each.public_id): each for each in found}

    def take(self, ids: Sequence[str], access: Access) -> list[dict[str, Any]] | None:
        """The uploads as a message shows them. Raises `validation_error`, with the same words whatever is wrong."""
        found = [self._free.get(each) for each in ids]
        mine = [each for each in found if each and (each.room_id, each.uploader_id) == (access.room.pk, access.user.pk)]
        if len(mine) < len(ids):
            raise _not_to_be_had()
        self._taken |= {each: self._free.pop(each) for each in ids}
        return [msgspec.to_builtins(attachment_shown(each)) for each in mine] or None

    def give(self, messages: Iterable[Message]) -> None:
        """Write down which message has which: call it when the messages have their numbers."""
        for message in messages:
            for shown in message.attachments or ():
                self._taken[shown["id"]].seq = message.seq
        update_all(self._taken.values(), "seq")


def readable(*, actor: Person, public_id: Any) -> Attachment:
    """A file that the actor may read now. Raises `not_found`, whatever the reason."""
    attachment = Attachment.objects.select_related("room").filter(public_id=public_id, room__isnull=False).first()
    if attachment is None or attachment.room is None:
        raise ChatError("not_found")
    try:
        policies.room_for(actor, attachment.room.slug)
    except ChatError:
        raise ChatError("not_found") from None
    if attachment.seq is None and attachment.uploader_id != actor.pk:
        raise ChatError("not_found")
    return attachment


def forget(room: Room, seqs: Collection[int]) -> None:
    """Take the files from messages that were deleted."""
    release(Attachment.objects.filter(room=room, seq__in=seqs))


def forget_room(room: Room) -> None:
    """Take the files from a room that is being deleted."""
    release(Attachment.objects.filter(room=room))


def release(attachments: QuerySet[Attachment]) -> None:
    """Let nobody read these files from now on, and erase them after the commit; of very many the sweep erases the rest.

    The caller is in a transaction."""
    keys = list(attachments.values_list("pk", flat=True))
    if keys:
        attachments.update(room=None)
        transaction.on_commit(partial(_erase, keys[:ERASED_AT_ONCE]), robust=True)


def sweep(*, at_most: int | None = None) -> int:
    """Erase uploads that no message has claimed for a day, and what is left of deleted messages; tell how many."""
    stale = TO_SWEEP & Q(created_at__lt=timezone.now() - timedelta(seconds=ORPHAN_LIFE_S))
    keys = list(Attachment.objects.filter(stale).order_by("created_at").values_list("pk", flat=True)[:at_most])
    erased = 0
    for start in range(0, len(keys), ERASED_AT_ONCE):
        with transaction.atomic():  # a message that claims one of them now is before us or after
            locked = Attachment.objects.select_for_update().filter(stale, pk__in=keys[start : start + ERASED_AT_ONCE])
            part = list(locked.values_list("pk", flat=True))
            Attachment.objects.filter(pk__in=part).update(room=None)
        erased += _erase(part)
    return erased


def describe(attachment: Attachment, picture: Picture) -> IO[bytes]:
    """Let the row say what the drawn image is, and give its bytes."""
    attachment.name = name_of_image(attachment.name, picture.content_type)
    attachment.content_type = picture.content_type
    attachment.width, attachment.height = picture.width, picture.height
    attachment.size, attachment.thumbnail_size = _size_of(picture.file), _size_of(picture.thumbnail)
    attachment.thumbnail = stored_files.new_name()
    return picture.file


def _size_of(file: IO[bytes]) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


def _enter(attachment: Attachment, slug: str) -> None:
    """Give it a row, if it fits into the person's quota; two uploads at once cannot both take the last of it."""
    with transaction.atomic():
        access = policies.room_for(attachment.uploader, slug, lock=True)
        policies.require_right(access, "post")
        User.objects.select_for_update(no_key=True).get(pk=attachment.uploader_id)
        quota = settings.UPLOAD_QUOTA_MIB
        mine = Attachment.objects.filter(uploader=attachment.uploader, room__isnull=False)
        if quota and (mine.aggregate(Sum("size"))["size__sum"] or 0) + attachment.size > quota * MIB:
            raise ChatError("quota_exceeded", f"Your files may have {quota:,} MiB: delete some of their messages.")
        attachment.room = access.room
        attachment.save(force_insert=True)


def _write(attachment: Attachment, file: IO[bytes], picture: Picture | None) -> None:
    try:
        stored_files.write(attachment.file, file)
        if picture is not None:
            stored_files.write(attachment.thumbnail, picture.thumbnail)
    except ChatError:
        with transaction.atomic():
            release(Attachment.objects.filter(pk=attachment.pk))
        raise


def _erase(keys: Collection[int]) -> int:
    erased = []
    for each in Attachment.objects.filter(pk__in=keys, room=None):
        try:
            stored_files.erase(filter(None, (each.file, each.thumbnail)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the row stays and the sweep tries again
            log.warning("a file could not be erased: %s: %s", type(error).__name__, error)
        else:
            erased.append(each.pk)
    Attachment.objects.filter(pk__in=erased).delete()
    return len(erased)


def _not_to_be_had() -> ChatError:
    return invalid("attachments", "invalid", "Each is a file that you uploaded for this room and have not used.")
