"""Threads: a reply belongs to the thread of the message that it answers; a thread is the replies to one root.

Threads hide nothing: every reply is a message of the room like any other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from chat.models import Message
from foundation.errors import invalid
from foundation.statements import select_in, update_all
from rooms.models import Room

Key = tuple[int, int]  # room, seq
Targets = dict[Key, Message]


def targets_of(asked: Collection[Key]) -> Targets:
    """The messages that are answered, and the roots of the threads that they are in."""
    found = _messages(asked)
    roots = {(each.room_id, each.thread) for each in found.values() if each.thread is not None}
    return found | _messages(roots - found.keys())


def answer(message: Message, reply_to: int, targets: Targets) -> None:
    """Make a new message a reply. Raises `validation_error` (not_found) where nothing can be answered: missing, deleted
    and of another room alike."""
    target = targets.get((message.room_id, reply_to))
    if target is None or target.deleted_at is not None:
        raise invalid("reply_to", "not_found", "There is no such message in the room to reply to.")
    message.reply_to = message.thread = target.seq
    if target.thread is not None and (target.room_id, target.thread) in targets:
        message.thread = target.thread


def count(fresh: Mapping[Room, Sequence[Message]], targets: Targets) -> None:
    """Number new replies within their threads and tell the roots, under the locks of the rooms."""
    roots: Targets = {}
    for message in _replies(fresh):
        assert message.thread is not None, "a reply is in a thread"
        key = message.room_id, message.thread
        root = roots[key] = targets[key]
        root.reply_count = message.nth = (root.reply_count or 0) + 1
        root.last_reply = message.seq
    update_all(roots.values(), "reply_count", "last_reply")


def _replies(fresh: Mapping[Room, Sequence[Message]]) -> Iterable[Message]:
    return (message for messages in fresh.values() for message in messages if message.reply_to is not None)


def _messages(asked: Collection[Key]) -> Targets:
    if not asked:
        return {}
    found = select_in(Message, one_by_one=True, room={room for room, _ in asked}, seq={seq for _, seq in asked})
    return {key: each for each in found if (key := (each.room_id, each.seq)) in asked}
