"""Mentions: `@grace` in a message tells a member of the room that it is for them, `@room` tells everybody.

Who is no member is passed over without a word, so that nobody learns who has an account.
"""

from collections.abc import Collection, Mapping, Sequence

from accounts.models import User
from chat.formatting import Formatted, only_mentions
from chat.markdown import EVERYBODY
from chat.models import Mention, Message
from foundation.errors import ChatError, invalid
from foundation.limits import MENTION_ROOM_MEMBERS_MAX, MENTIONS_MAX
from foundation.statements import insert_all, select_in
from rooms.models import Membership, Room
from rooms.policies import Access


def check_number(formatted: Formatted) -> None:
    """Raise `validation_error` (too_many_mentions) for a text that mentions more than MENTIONS_MAX."""
    if len(formatted.names) > MENTIONS_MAX:
        raise invalid("value", "too_many_mentions", f"A message mentions at most {MENTIONS_MAX} people.")


def check_right(access: Access, formatted: Formatted) -> None:
    """Raise `forbidden` for `@room` from a guest, and in a large room from who may not `mention_room`."""
    if EVERYBODY not in formatted.names or access.may("mention_room"):
        return
    members = Membership.objects.filter(room=access.room).count()
    if not access.user.is_authenticated or members > MENTION_ROOM_MEMBERS_MAX:
        raise ChatError("forbidden", f"You may not mention {EVERYBODY} here.")


def note(fresh: Mapping[Room, Sequence[Message]]) -> None:
    """Write down whom these messages mention, and leave only those in their `mentions` and `html`, which held every name
    of the text: members of the room, and nobody themselves. Texts without `@` cost nothing."""
    mentioning = [(room, each, each.mentions) for room, messages in fresh.items() for each in messages if each.mentions]
    inside = _members([(room, names) for room, _, names in mentioning])
    rows: list[Mention] = []
    for room, message, names in mentioning:
        people = {name: inside[room.pk, name] for name in names if (room.pk, name) in inside}
        people = {name: key for name, key in people.items() if key is None or key != message.author_id}
        message.mentions = list(people) or None
        message.html = only_mentions(message.html, people, message.text)
        rows += [Mention(room=room, user_id=key, seq=message.seq) for key in people.values()]
    insert_all(rows)


def forget(room: Room, seqs: Collection[int]) -> None:
    """Take back the mentions of messages that say something else now, or nothing."""
    Mention.objects.filter(room=room, seq__in=seqs).delete()


def _members(mentioning: Sequence[tuple[Room, Collection[str]]]) -> dict[tuple[int, str], int | None]:
    """The keys of those who are named and members, by room and name; `@room` has none."""
    names = {name for _, each in mentioning for name in each}
    rooms = {room.pk for room, _ in mentioning}
    found: dict[tuple[int, str], int | None] = {}
    if EVERYBODY in names:
        found |= {(room, EVERYBODY): None for room in rooms}
    names.discard(EVERYBODY)
    people = {user.pk: user.username for user in select_in(User, username=names)} if names else {}
    if people:
        places = select_in(Membership, room=rooms, user=people.keys())
        found |= {(place.room_id, people[place.user_id]): place.user_id for place in places}
    return found
