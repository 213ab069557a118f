"""The inbox: my rooms, and what is new in each. What is unread is a difference of two counts, so that nothing has to
be written for each member of a room when somebody posts."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, OuterRef, Prefetch, QuerySet, Subquery, Sum

from accounts.models import User
from chat.models import Mention, Message
from rooms.invitations import invitations_of
from rooms.models import Kind, Membership, Room


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """One of a person's rooms: the membership with its room, the newest message, and how often one was mentioned in
    what is unread."""

    membership: Membership
    last_message: Message | None
    mentions: int
    people: list[User] | None

    @property
    def unread(self) -> int:
        return max(0, self.membership.room.message_count - self.membership.messages_read)


@dataclass(frozen=True, slots=True)
class Totals:
    """What waits in all rooms together; `unread` leaves out those that are muted."""

    rooms: int
    unread: int
    mentions: int
    invitations: int


def memberships(user_ids: Collection[int]) -> QuerySet[Membership]:
    """The places of these people in their rooms, with all that `entries` needs to know of each."""
    people = Membership.objects.filter(room__kind=Kind.DIRECT).select_related("user").order_by("user__username")
    newest = Message.objects.filter(room=OuterRef("room")).order_by("-seq").values("pk")[:1]
    places = Membership.objects.filter(user__in=user_ids).select_related("room").annotate(newest=Subquery(newest))
    return places.prefetch_related(Prefetch("room__memberships", people, to_attr="in_direct"))


def entries(places: Iterable[Membership]) -> list[InboxEntry]:
    """The entries of places that `memberships` found, in two queries however many there are."""
    places = list(places)
    newest = {place.newest for place in places} - {None}  # type: ignore[attr-defined]
    messages = (
        {each.pk: each for each in Message.objects.filter(pk__in=newest).select_related("author")} if newest else {}
    )
    counts = _mentions({place.user_id for place in places}, {place.room_id for place in places}) if places else {}
    return [
        InboxEntry(
            membership=place,
            last_message=messages.get(place.newest),  # type: ignore[attr-defined]
            mentions=counts.get((place.user_id, place.room_id), 0),
            people=_people(place),
        )
        for place in places
    ]


def entry_of(membership: Membership) -> InboxEntry:
    """The entry of one place."""
    [entry] = entries(memberships([membership.user_id]).filter(pk=membership.pk))
    return entry


@dataclass(slots=True)
class Waiting:
    """A room in a list, with what waits there for its reader."""

    room: Room
    unread: int = 0
    mentions: int = 0
    muted: bool = False
    favourite: bool = False
    position: int | None = None

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Favourites first, then those with a place of their own."""
        return not self.favourite, self.position is None, self.position or 0


def waiting_in(rooms: Iterable[Room], user: User | AnonymousUser) -> list[Waiting]:
    """These rooms with what waits in them, in the reader's own order, in two queries."""
    listed = [Waiting(room) for room in rooms]
    if not user.is_authenticated or not listed:
        return listed
    keys = {each.room.pk for each in listed}
    places = {place.room_id: place for place in Membership.objects.filter(user=user, room__in=keys)}
    mentions = _mentions({user.pk}, keys)
    for each in listed:
        place = places.get(each.room.pk)
        if place is not None:
            each.unread = max(0, each.room.message_count - place.messages_read)
            each.mentions = mentions.get((user.pk, each.room.pk), 0)
            each.muted, each.favourite, each.position = place.muted, place.favourite, place.position
    return sorted(listed, key=lambda each: each.rank)


def totals_of(user: User) -> Totals:
    """What waits for a person in all their rooms."""
    mine = Membership.objects.filter(user=user)
    unread = Sum(F("room__message_count") - F("messages_read"))
    found = mine.filter(muted=False).aggregate(unread=unread)
    return Totals(
        rooms=mine.count(),
        unread=found["unread"] or 0,
        mentions=sum(found.count() for found in _unread_mentions({user.pk})),
        invitations=invitations_of(actor=user).count(),
    )


def _people(place: Membership) -> list[User] | None:
    if place.room.kind != Kind.DIRECT:
        return None
    return [each.user for each in place.room.in_direct]  # type: ignore[attr-defined]


def _mentions(users: set[int], rooms: set[int]) -> dict[tuple[int, int], int]:
    counts: Counter[tuple[int, int]] = Counter()
    for found in _unread_mentions(users):
        counted = found.filter(room__in=rooms).values_list("room__memberships__user", "room").annotate(Count("pk"))
        counts.update({(user, room): count for user, room, count in counted})
    return counts


def _unread_mentions(users: set[int]) -> list[QuerySet[Mention]]:
    """The unread mentions of these people in their rooms, and those of everybody there."""
    unread = Mention.objects.filter(room__memberships__user__in=users, seq__gt=F("room__memberships__read_seq"))
    return [unread.filter(user=F("room__memberships__user")), unread.filter(user=None)]
