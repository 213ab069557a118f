"""Retention: what is older than its room keeps it is deleted for good, from the beginning of the log on.

The log then begins at the room's `first_seq`. Who is told are the sockets, by a change of the log itself that makes hubs
forget what they remember; and whoever comes back with an older position, by `truncated`.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat import attaching, indexing
from chat.models import Attachment, Mention, Message, Revision
from foundation.database import in_background
from foundation.errors import ChatError
from foundation.limits import EXPIRE_DELAY_S, EXPIRE_INTERVAL_S, EXPIRED_AT_ONCE
from foundation.statements import select_in
from rooms import notices
from rooms.log import record_change
from rooms.models import Change, ChangeKind, Membership, Room

log = logging.getLogger("parlor.retention")


def expire(now: datetime | None = None) -> int:
    """Delete what is older than its room keeps it, and tell how many entries of logs that were.

    Publishes `room.updated` with the new `first_seq`."""
    deleted = 0
    for room_id in expiring_rooms():
        while part := expire_part(room_id, now or timezone.now()):
            deleted += part
    return deleted


def expiring_rooms() -> list[int]:
    """The rooms that do not keep everything."""
    return list(Room.objects.filter(retention_days__gt=0).order_by("pk").values_list("pk", flat=True))


def expire_part(room_id: int, now: datetime) -> int:
    """Delete the oldest entries of a room, EXPIRED_AT_ONCE at most, in one transaction; 0 when none is too old."""
    with transaction.atomic():
        rooms = select_in(Room, id=[room_id], lock=True)
        if not rooms or not rooms[0].retention_days:
            return 0
        [room] = rooms
        first_seq = _first_kept(room, now - timedelta(days=room.retention_days))
        count = first_seq - room.first_seq
        if count == 0 or _only_notices(room, first_seq, count):
            return 0
        _delete(room, first_seq)
    return count


async def keep_expiring() -> None:
    """Expire once an hour, for as long as the process lives. Several processes take turns at the locks of the rooms."""
    await asyncio.sleep(EXPIRE_DELAY_S)
    while True:
        try:
            for room_id in await in_background(expiring_rooms):
                while await in_background(expire_part, room_id, timezone.now()):
                    await asyncio.sleep(0)
        except ChatError as error:
            log.warning("expiring waits for its next turn: %s", error)
        except Exception:
            log.exception("expiring failed")
        await asyncio.sleep(EXPIRE_INTERVAL_S)


def _first_kept(room: Room, since: datetime) -> int:
    """The number of the first entry that stays, or that waits for another turn."""
    first = min(room.first_seq + EXPIRED_AT_ONCE, room.last_seq + 1)
    for rows, moment in ((Message.objects, "sent_at"), (Change.objects, "created_at")):
        old = rows.filter(room=room, seq__gte=room.first_seq, seq__lt=first)
        young = old.filter(**{f"{moment}__gte": since}).order_by("seq").values_list("seq", flat=True).first()
        first = first if young is None else young
    return first


def _only_notices(room: Room, first_seq: int, count: int) -> bool:
    """Whether only words of earlier expiries would go: each time another would come in their place, for ever."""
    if count == EXPIRED_AT_ONCE:
        return False
    notices_of_expiry = Change.objects.filter(room=room, seq__lt=first_seq, data__changes__first_seq__isnull=False)
    return notices_of_expiry.count() == count


def _delete(room: Room, first_seq: int) -> None:
    _pass_over(room, first_seq)
    indexing.forget_upto(room, first_seq - 1)
    attaching.release(Attachment.objects.filter(room=room, seq__lt=first_seq))
    for model in (Message, Change, Mention, Revision):
        model.objects.filter(room=room, seq__lt=first_seq).delete()
    room.first_seq = first_seq
    room.save(update_fields=["first_seq"])
    record_change(room, ChangeKind.ROOM_UPDATED, actor=None, changes={"first_seq": first_seq})


def _pass_over(room: Room, first_seq: int) -> None:
    """Count what goes as read by those who have not read it. `message_count` stays, so that nobody else has to know."""
    behind = Membership.objects.filter(room=room, read_seq__lt=first_seq - 1)
    people = list(behind.values_list("user_id", flat=True))
    if not people:
        return
    going = Message.objects.filter(room=room, seq__gt=OuterRef("read_seq"), seq__lt=first_seq).order_by()
    unread = Subquery(going.values("room").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    behind.update(messages_read=F("messages_read") + Coalesce(unread, 0), read_seq=first_seq - 1)
    notices.inbox_changed(people, room=room.pk)
