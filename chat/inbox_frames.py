"""The frames of the inbox's socket, and one room of an inbox as both doors show it."""

import msgspec

from chat.commands import Ping
from chat.frames import MessageFrame, RoomHead, _Frame, message_frame, room_head
from chat.inbox import InboxEntry, Totals
from rooms.events import Person, person

COMMANDS: dict[str, type[Ping]] = {"ping": Ping}


class InboxRoom(msgspec.Struct, frozen=True, kw_only=True):
    """One of my rooms. `unread` is `message_count` less `messages_read`, the messages up to my read marker `read_seq`.
    `people` is null for a room that is not direct."""

    room: RoomHead
    people: list[Person] | None
    role: str
    seq: int
    message_count: int
    read_seq: int
    messages_read: int
    unread: int
    mentions: int
    last_message: MessageFrame | None
    notify: str
    muted: bool
    favourite: bool
    position: int | None


class InboxTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What waits in all rooms together; `unread` leaves out muted ones."""

    rooms: int
    unread: int
    mentions: int
    invitations: int


class Inbox(_Frame, tag="inbox", frozen=True, kw_only=True):
    """The second frame of an inbox's socket: whose it is, and what waits."""

    me: Person | None
    totals: InboxTotals
    epoch: str
    ping_interval_s: int


class InboxActivity(_Frame, tag="inbox.activity", frozen=True, kw_only=True):
    """Something was said in one of my rooms; everybody who is in it gets the same frame."""

    room: str
    seq: int
    message_count: int
    last_message: MessageFrame | None


class InboxRoomFrame(_Frame, tag="inbox.room", frozen=True, kw_only=True):
    """A room has come, what is mine in it has changed (my marker, mentions, role or preferences), or something happened
    there that was no message."""

    entry: InboxRoom


class InboxGone(_Frame, tag="inbox.gone", frozen=True, kw_only=True):
    """A room is mine no more."""

    room: str


class InboxInvitations(_Frame, tag="inbox.invitations", frozen=True, kw_only=True):
    """How many invitations wait for me."""

    count: int


def inbox_room(entry: InboxEntry) -> InboxRoom:
    """An entry for either door."""
    place, room = entry.membership, entry.membership.room
    people = entry.people
    return InboxRoom(
        room=room_head(room),
        people=None if people is None else [who for each in people if (who := person(each))],
        role=place.role,
        seq=room.last_seq,
        message_count=room.message_count,
        read_seq=place.read_seq,
        messages_read=place.messages_read,
        unread=entry.unread,
        mentions=entry.mentions,
        last_message=message_frame(entry.last_message, room.slug) if entry.last_message else None,
        notify=place.notify,
        muted=place.muted,
        favourite=place.favourite,
        position=place.position,
    )


def totals_shown(totals: Totals) -> InboxTotals:
    return InboxTotals(
        rooms=totals.rooms, unread=totals.unread, mentions=totals.mentions, invitations=totals.invitations
    )
