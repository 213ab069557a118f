"""Read markers: up to where a member has seen the room's log."""

from django.db import transaction

from accounts.models import User
from chat.frames import ReadFrame, render
from chat.models import Message
from foundation.errors import ChatError
from foundation.limits import RECEIPTS_MEMBERS_MAX
from foundation.publishing import publish_ephemeral
from rooms import notices, policies
from rooms.events import person
from rooms.models import Membership, Room


def mark_read(*, actor: policies.Person, slug: str, upto: int) -> Membership:
    """Set the actor's read marker to a number of the log; it may go back, which makes messages unread again.

    Tells the actor's open inboxes, and, as `read`, the people in a room of up to RECEIPTS_MEMBERS_MAX members, when it
    went on and the actor lets others know. Raises `not_found`, `forbidden` for who is no member, `position_invalid` beyond the
    end of the log.
    """
    with transaction.atomic():
        access = policies.room_for(actor, slug)
        room, membership = access.room, access.membership
        policies.require(membership is not None)
        assert membership is not None
        if upto > room.last_seq:
            raise ChatError("position_invalid", extra={"head": room.last_seq})
        if upto == membership.read_seq:
            return membership
        went_on, membership.read_seq = upto > membership.read_seq, upto
        membership.messages_read = room.message_count
        if upto < room.last_seq:
            left = Message.objects.filter(room=room, seq__gt=upto, seq__lte=room.last_seq)
            membership.messages_read -= left.count()
        membership.save(update_fields=["read_seq", "messages_read"])
        notices.inbox_changed([membership.user_id], room=room.pk)
    if went_on and actor.is_authenticated and actor.read_receipts:
        _tell(room, actor, upto)
    return membership


def _tell(room: Room, reader: User, upto: int) -> None:
    """Let the room know up to where somebody has read; not a large one, where everybody's reading would be a flood."""
    if Membership.objects.filter(room=room).count() <= RECEIPTS_MEMBERS_MAX:
        publish_ephemeral(room.group, render(ReadFrame(room=room.slug, user=person(reader), read_seq=upto)))
