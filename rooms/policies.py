"""Who may do what. Every permission of Parlor is on this page.

| right            | guest          | signed in, public room | member | owner | administrator |
|------------------|----------------|------------------------|--------|-------|---------------|
| read             | guests ≠ none  | yes                    | yes    | yes   | yes           |
| post             | guests = write | yes (and joins)        | yes    | yes   | yes (joins)   |
| join             | no             | yes                    |        |       | yes           |
| update           | no             | no                     | no     | yes   | yes           |
| manage_members   | no             | no                     | no     | yes   | yes           |
| delete           | no             | no                     | no     | yes   | yes           |

A private room does not exist for anyone but its members and the administrator. For a guest every room that is not
open to guests answers alike, whether it exists or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from foundation.errors import ChatError
from foundation.limits import SLUG_PATTERN
from foundation.statements import select_in
from rooms.models import Guests, Kind, Membership, Role, Room

Person = User | AnonymousUser


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
    def may_post(self) -> bool:
        return self.user.is_authenticated or self.room.guests == Guests.WRITE

    @property
    def may_join(self) -> bool:
        return self.user.is_authenticated and self.membership is None

    @property
    def may_manage(self) -> bool:
        return self.role == Role.OWNER or self.user.is_superuser

    may_update = may_delete = may_manage_members = may_manage

    @property
    def capabilities(self) -> list[str]:
        """The rights of this person in this room, as words of the wire."""
        rights = {
            "post": self.may_post,
            "join": self.may_join,
            "update": self.may_update,
            "manage_members": self.may_manage_members,
            "delete": self.may_delete,
        }
        return [name for name, allowed in rights.items() if allowed]


def may_read(room: Room, user: Person, membership: Membership | None) -> bool:
    if not user.is_authenticated:
        return room.kind == Kind.PUBLIC and room.guests != Guests.NONE
    return room.kind == Kind.PUBLIC or membership is not None or user.is_superuser


def room_for(user: Person, slug: str, *, lock: bool = False) -> Access:
    """Find a room through the person who asks.

    With `lock`, inside a transaction, the room's row is held until the end: rights read here then hold for what is
    written, and the next sequence number is ours.
    Raises `not_found` for missing and hidden alike; for a guest `unauthenticated`.
    """
    [found] = rooms_for([(user, slug)], lock=lock)
    if isinstance(found, ChatError):
        raise found
    return found


def rooms_for(asked: Sequence[tuple[Person, str]], *, lock: bool = False) -> list[Access | ChatError]:
    """`room_for` many people at once, in two queries; who asks for the same room is given the same object.

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
    return [_access(user, rooms.get(slug), memberships) for user, slug in asked]


def _access(user: Person, room: Room | None, memberships: dict[tuple[int, int], Membership]) -> Access | ChatError:
    membership = memberships.get((room.pk, user.pk)) if room and user.pk else None
    if room is not None and may_read(room, user, membership):
        return Access(room, user, membership)
    return ChatError("not_found" if user.is_authenticated else "unauthenticated")


def require(allowed: bool) -> None:
    """Raise `forbidden` unless the right is there."""
    if not allowed:
        raise ChatError("forbidden")
