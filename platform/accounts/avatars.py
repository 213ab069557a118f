"""Pictures of people: drawn anew as a small square, kept where attachments are, shown to whoever sees the person.

The address has the name of the file, which nobody can guess; a new picture has another, so that browsers may keep each
for ever. Messages hold no picture but their author's present one.
"""

import logging
import re
import secrets
from functools import partial
from typing import IO

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from accounts.people import tell_of
from foundation import rates, stored_files
from foundation.errors import ChatError
from foundation.images import avatar_in
from foundation.limits import FILE_MAX_BYTES

log = logging.getLogger("parlor.files")
MIB = 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{32}\Z")


def change_avatar(*, actor: User, file: IO[bytes], size: int) -> User:
    """Give the actor this picture, and erase the one before.

    Raises `empty_file`, `file_too_large`, `type_mismatch` for what is no whole image, `image_too_large`, `rate_limited`,
    `overloaded`, `unavailable`."""
    if size == 0:
        raise ChatError("empty_file")
    if size > FILE_MAX_BYTES:
        raise ChatError("file_too_large", f"A file has at most {FILE_MAX_BYTES // MIB} MiB.")
    rates.take("uploads", actor.pk)
    drawn = avatar_in(file)
    if drawn is None:
        raise ChatError("type_mismatch", "This is no image. JPEG, PNG, GIF and WebP are.")
    name = secrets.token_hex(16)
    stored_files.write(_place(name), drawn)
    try:
        _replace(actor, name)
    except BaseException:
        _erase(name)
        raise
    return actor


def remove_avatar(*, actor: User) -> bool:
    """Let the actor's initials be shown again, and erase the picture. Whether there was one."""
    return _replace(actor, None)


def picture_named(name: str) -> bytes:
    """The WebP of somebody's present avatar. Raises `not_found`, also for what they had before."""
    if not _NAME.match(name) or not User.objects.filter(avatar=name).exists():
        raise ChatError("not_found")
    try:
        with default_storage.open(_place(name)) as file:
            return bytes(file.read())
    except Exception as error:
        log.error("an avatar cannot be read: %s: %s", type(error).__name__, error)
        raise ChatError("not_found") from error


def _replace(actor: User, name: str | None) -> bool:
    with transaction.atomic():
        before = User.objects.select_for_update(no_key=True).get(pk=actor.pk).avatar
        actor.avatar = name
        actor.save(update_fields=["avatar"])
        if before is not None:
            transaction.on_commit(partial(_erase, before), robust=True)
        if before != name:
            tell_of(actor)
    return before is not None


def _erase(name: str) -> None:
    try:
        stored_files.erase([_place(name)])
    except Exception as error:  # noqa: BLE001 - nobody finds it any more; it only takes some room
        log.warning("an avatar could not be erased: %s: %s", type(error).__name__, error)


def _place(name: str) -> str:
    return f"avatars/{name[:2]}/{name}"
