"""Who may do what. Every permission of Parlor is on this page.

| right        | guest          | signed in | member  | moderator | owner | administrator |
|--------------|----------------|-----------|---------|-----------|-------|---------------|
| read         | guests ≠ none  | public    | yes     | yes       | yes   | yes           |
| post         | guests = write | open      | open    | yes       | yes   | yes           |
| join         | no             | yes       |         |           |       | yes           |
| leave        | no             | no        | yes     | yes       | yes   | no            |
| edit_own     | no             | no        | yes     | yes       | yes   | yes           |
| delete_own   | no             | no        | yes     | yes       | yes   | yes           |
| delete_any   | no             | no        | no      | yes       | yes   | yes           |
| react        | no             | no        | yes     | yes       | yes   | yes           |
| pin          | no             | no        | closed  | yes       | yes   | yes           |
| mention_room | no             | no        | no      | yes       | yes   | yes           |
| invite       | no             | no        | no      | yes       | yes   | yes           |
| remove       | no             | no        | no      | members   | yes   | yes           |
| ban          | no             | no        | no      | members   | yes   | yes           |
| change_role  | no             | no        | no      | no        | yes   | yes           |
| update       | no             | no        | no      | no        | yes   | yes           |
| archive      | no             | no        | no      | no        | yes   | yes           |
| delete       | no             | no        | no      | no        | yes   | yes           |
| audit        | no             | no        | no      | no        | yes   | yes           |
| export       | no             | no        | no      | no        | yes   | yes           |

Every right supposes `read`. `open` is where `posting` is `members`; guests also wait for the end of a slow mode. Whoever
is signed in and posts in a room becomes a member. `closed` is in rooms that are not public. In a room of up to 50
members each of them may mention the whole room without `mention_room`. `members` is: on members alone, and on people who
are none. Nobody gives a role above their own. An administrator has this column besides that of their role, and cannot be
banned.

A private or direct room does not exist for anyone but its members and, unless it is direct, the administrator. For a
guest every room that is not open to guests answers alike, whether it exists or not. A direct room gives `read`, `post`,
`edit_own`, `delete_own`, `react` and `pin` alone. In an archived room `post`, `join`, `invite`, `update`, `edit_own`,
`delete_own`, `delete_any`, `react`, `pin` and `mention_room` rest.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from foundation.errors import ChatError
from foundation.limits import SLUG_PATTERN
from foundation.statements import select_in
from rooms.models import Ban, FormerRoom, Guests, Kind, Membership, Posting, Role, Room

Person = User | AnonymousUser


class Standing(IntEnum):
    """The columns of the table, each above the one before it."""

    GUEST = 0
    SIGNED_IN = 1
    MEMBER = 2
    MODERATOR = 3
    OWNER = 4
    ADMINISTRATOR = 5


Rule = Callable[[Room], bool]
STANDING_OF = {Role.MEMBER: Standing.MEMBER, Role.MODERATOR: Standing.MODERATOR, Role.OWNER: Standing.OWNER}
DIRECT_RIGHTS = frozenset({"read", "post", "edit_own", "delete_own", "react", "pin"})
RESTING_RIGHTS = frozenset(
    {"post", "join", "invite", "update", "edit_own", "delete_own", "delete_any", "react", "pin", "mention_room"}
)


def _no(room: Room) -> bool:
    return False


def _yes(room: Room) -> bool:
    return True


def _public(room: Room) -> bool:
    return room.kind == Kind.PUBLIC


def _for_guests(room: Room) -> bool:
    return room.guests != Guests.NONE


def _guests_write(room: Room) -> bool:
    # Guests cannot be told apart, so nobody can be asked to wait: in slow mode they read.
    return room.guests == Guests.WRITE and _open(room) and not room.slow_mode_s


def _open(room: Room) -> bool:
    return room.posting == Posting.MEMBERS


def _closed(room: Room) -> bool:
    return room.kind != Kind.PUBLIC


TABLE: dict[str, tuple[Rule, ...]] = {
    "read": (_for_guests, _public, _yes, _yes, _yes, _yes),
    "post": (_guests_write, _open, _open, _yes, _yes, _yes),
    "join": (_no, _yes, _no, _no, _no, _yes),
    "leave": (_no, _no, _yes, _yes, _yes, _no),
    "edit_own": (_no, _no, _yes, _yes, _yes, _yes),
    "delete_own": (_no, _no, _yes, _yes, _yes, _yes),
    "delete_any": (_no, _no, _no, _yes, _yes, _yes),
    "react": (_no, _no, _yes, _yes, _yes, _yes),
    "pin": (_no, _no, _closed, _yes, _yes, _yes),
    "mention_room": (_no, _no, _no, _yes, _yes, _yes),
    "invite": (_no, _no, _no, _yes, _yes, _yes),
    "remove": (_no, _no, _no, _yes, _yes, _yes),
    "ban": (_no, _no, _no, _yes, _yes, _yes),
    "change_role": (_no, _no, _no, _no, _yes, _yes),
    "update": (_no, _no, _no, _no, _yes, _yes),
    "archive": (_no, _no, _no, _no, _yes, _yes),
    "delete": (_no, _no, _no, _no, _yes, _yes),
    "audit": (_no, _no, _no, _no, _yes, _yes),
    "export": (_no, _no, _no, _no, _yes, _yes),
}


@dataclass(frozen=True, slots=True)
class Access:
    """A person in front of a room that they may at least read."""

    room: Room
    user: Person
    membership: Membership | None

    @property
    def role(self) -> str | None:
        return self.membership.role if self.membership else None

    @property
    def standing(self) -> Standing:
        """The person's highest column of the table."""
        return max(_standings(self.room, self.user, self.membership))

    def may(self, right: str) -> bool:
        return _may(right, self.room, self.user, self.membership)

    def may_act_on(self, role: str | None) -> bool:
        """Whether a person with this role (None: no member) is within reach of `remove`, `ban` and `change_role`."""
        return self.standing >= Standing.OWNER or self.standing > _rank(role)

    def may_give(self, role: str) -> bool:
        return self.standing >= _rank(role)

    @property
    def capabilities(self) -> list[str]:
        """The rights of this person in this room, as words of the wire."""
        return [right for right in TABLE if right != "read" and self.may(right)]


def _rank(role: str | None) -> Standing:
    return STANDING_OF[Role(role)] if role else Standing.SIGNED_IN


def _standings(room: Room, user: Person, membership: Membership | None) -> list[Standing]:
    if not user.is_authenticated:
        return [Standing.GUEST]
    standing = _rank(membership.role if membership else None)
    administers = user.is_superuser and room.kind != Kind.DIRECT
    return [standing, Standing.ADMINISTRATOR] if administers else [standing]


def _may(right: str, room: Room, user: Person, membership: Membership | None) -> bool:
    if room.kind == Kind.DIRECT and right not in DIRECT_RIGHTS:
        return False
    if room.archived_at is not None and right in RESTING_RIGHTS:
        return False
    if right == "join" and membership is not None:
        return False
    return any(TABLE[right][standing](room) for standing in _standings(room, user, membership))


def room_for(user: Person, slug: str, *, lock: bool = False) -> Access:
    """Find a room through the person who asks.

    With `lock`, inside a transaction, the room's row is held until the end: rights read here then hold for what is
    written, and the next sequence number is ours.
    Raises `not_found` for missing and hidden alike, for a guest `unauthenticated`; `forbidden` for who is banned from
    a public room, and `room_deleted` for who could read a room that is no more.
    """
    [found] = rooms_for([(user, slug)], lock=lock)
    if isinstance(found, ChatError):
        raise found
    return found


def rooms_for(asked: Sequence[tuple[Person, str]], *, lock: bool = False) -> list[Access | ChatError]:
    """`room_for` many people at once, in as many queries; who asks for the same room is given the same object.

    Several rooms are locked in one order, that of their keys, so that two batches cannot wait for each other."""
    # The pattern first: a database may choke on what it refuses (a NUL on PostgreSQL).
    slugs = {slug for _, slug in asked if SLUG_PATTERN.match(slug)}
    rooms = {room.slug: room for room in select_in(Room, slug=slugs, lock=lock)} if slugs else {}
    people = {user.pk for user, _ in asked if user.is_authenticated}
    memberships: dict[tuple[int, int], Membership] = {}
    if people:
        # Asked for missing rooms too: a hidden one must not be known by the time its refusal takes.
        found = select_in(Membership, room=[0, *(room.pk for room in rooms.values())], user=people)
        memberships = {(membership.room_id, membership.user_id): membership for membership in found}
    answers = [_access(user, rooms.get(slug), memberships) for user, slug in asked]
    return _without_the_banned(_with_former_rooms(asked, answers))


def _access(user: Person, room: Room | None, memberships: dict[tuple[int, int], Membership]) -> Access | ChatError:
    membership = memberships.get((room.pk, user.pk)) if room and user.pk else None
    if room is not None and _may("read", room, user, membership):
        return Access(room, user, membership)
    return ChatError("not_found" if user.is_authenticated else "unauthenticated")


def _without_the_banned(answers: list[Access | ChatError]) -> list[Access | ChatError]:
    """Members are never banned, so nothing is asked where all are members."""
    others = [each for each in answers if isinstance(each, Access) and not each.membership]
    people = {each.user.pk for each in others if each.user.pk}
    if not people:
        return answers
    bans = bans_of(rooms={each.room.pk for each in others}, people=people)
    return [
        ChatError("forbidden", "You are banned from this room.")
        if isinstance(each, Access) and (each.room.pk, each.user.pk) in bans and not each.user.is_superuser
        else each
        for each in answers
    ]


def bans_of(*, rooms: Collection[int], people: Collection[int]) -> dict[tuple[int, int], Ban]:
    """The bans that hold now, by room and person."""
    now = timezone.now()
    found = select_in(Ban, room=rooms, user=people)
    return {(ban.room_id, ban.user_id): ban for ban in found if ban.until is None or ban.until > now}


def _with_former_rooms(
    asked: Sequence[tuple[Person, str]], answers: list[Access | ChatError]
) -> list[Access | ChatError]:
    """Tell those who could read a room that it is no more. Asked for hidden rooms too, as above."""
    lost = {slug for (user, slug), answer in zip(asked, answers, strict=True) if _may_be_former(user, slug, answer)}
    former = {room.slug: room.readers for room in select_in(FormerRoom, slug=lost)} if lost else {}
    return [
        ChatError("room_deleted")
        if _may_be_former(user, slug, answer) and slug in former and _could_read(user, former[slug])
        else answer
        for (user, slug), answer in zip(asked, answers, strict=True)
    ]


def _may_be_former(user: Person, slug: str, answer: Access | ChatError) -> bool:
    return isinstance(answer, ChatError) and user.is_authenticated and SLUG_PATTERN.match(slug) is not None


def _could_read(user: Person, readers: list[int] | None) -> bool:
    return readers is None or user.pk in readers


def require(allowed: bool) -> None:
    """Raise `forbidden` unless the right is there."""
    if not allowed:
        raise ChatError("forbidden")


def require_right(access: Access, right: str) -> None:
    """Raise `forbidden` unless the person has the right; `archived` where it only rests."""
    if access.may(right):
        return
    raise ChatError("archived" if access.room.archived and right in RESTING_RIGHTS else "forbidden")
