"""Read markers: up to where a member has seen the room's log."""

from django.db import transaction

from chat.models import Message
from foundation.errors import ChatError
from rooms import notices, policies
from rooms.models import Membership


def mark_read(*, actor: policies.Person, slug: str, upto: int) -> Membership:
    """Set the actor's read marker to a number of the log; it may go back, which makes messages unread again.

    Tells the actor's open inboxes. Raises `not_found`, `forbidden` for who is no member, `position_invalid` beyond the
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
        membership.read_seq = upto
        membership.messages_read = room.message_count
        if upto < room.last_seq:
            left = Message.objects.filter(room=room, seq__gt=upto, seq__lte=room.last_seq)
            membership.messages_read -= left.count()
        membership.save(update_fields=["read_seq", "messages_read"])
        notices.inbox_changed([membership.user_id], room=room.pk)
    return membership
