"""Mentions: `@grace` in a message tells a member of the room that it is for them."""

import re
from collections.abc import Collection, Mapping, Sequence

from accounts.models import User
from chat.models import Mention, Message
from foundation.limits import MENTIONS_MAX
from foundation.statements import insert_all, select_in
from rooms.models import Membership, Room

# Not inside of a word, an address or a path; a dot or hyphen at the end belongs to the sentence.
_MENTION = re.compile(r"(?<![\w.@/-])@([A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9_])?)(?![\w@])")


def usernames_in(text: str) -> list[str]:
    """The first MENTIONS_MAX usernames that a text mentions, each once."""
    return list(dict.fromkeys(found.lower() for found in _MENTION.findall(text)))[:MENTIONS_MAX]


def note(fresh: Mapping[Room, Sequence[Message]]) -> None:
    """Write down whom new messages mention: members of their rooms, and nobody themselves.

    Others are passed over without a word, so that nobody learns who has an account. Texts without `@` cost nothing."""
    mentioned = {
        (room, message.seq, message.author_id): names
        for room, messages in fresh.items()
        for message in messages
        if "@" in message.text and (names := usernames_in(message.text))
    }
    if not mentioned:
        return
    people = {
        user.username: user.pk for user in select_in(User, username={n for each in mentioned.values() for n in each})
    }
    if not people:
        return
    rooms = {room.pk for room, _, _ in mentioned}
    inside = {(each.room_id, each.user_id) for each in select_in(Membership, room=rooms, user=set(people.values()))}
    insert_all(
        [
            Mention(room=room, user_id=pk, seq=seq)
            for (room, seq, author), names in mentioned.items()
            for name in names
            if (pk := people.get(name)) is not None and pk != author and (room.pk, pk) in inside
        ]
    )


def forget(room: Room, seqs: Collection[int]) -> None:
    """Take back the mentions of messages that were deleted."""
    Mention.objects.filter(room=room, seq__in=seqs).delete()
