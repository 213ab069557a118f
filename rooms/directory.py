"""Reading: which rooms a person sees, and who is in them."""

from typing import TYPE_CHECKING, TypedDict

from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from foundation.errors import ChatError
from rooms import policies
from rooms.models import Ban, Guests, Kind, Membership, Room
from rooms.policies import Person

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Listed(TypedDict):
    """What a listing adds to a room."""

    my_role: str | None
    my_read_seq: int | None
    member_count: int
    in_direct: list[Membership]


def visible_rooms(user: Person) -> "QuerySet[WithAnnotations[Room, Listed]]":
    """The rooms this person may read, each with `my_role` and `my_read_seq` (or None), `member_count`, and of a direct
    room the people."""
    counts = Membership.objects.filter(room=OuterRef("pk")).order_by().values("room").annotate(n=Count("pk"))
    rooms = Room.objects.select_related("created_by").annotate(
        member_count=Coalesce(Subquery(counts.values("n"), output_field=IntegerField()), 0)
    )
    people = Membership.objects.filter(room__kind=Kind.DIRECT).select_related("user").order_by("user__username")
    rooms = rooms.prefetch_related(Prefetch("memberships", people, to_attr="in_direct"))
    if not user.is_authenticated:
        nothing = Value(None, output_field=Membership._meta.get_field("read_seq"))
        nobody = Value(None, output_field=Membership._meta.get_field("role"))
        return rooms.filter(kind=Kind.PUBLIC).exclude(guests=Guests.NONE).annotate(my_role=nobody, my_read_seq=nothing)
    mine = Membership.objects.filter(room=OuterRef("pk"), user_id=user.pk)
    rooms = rooms.annotate(my_role=Subquery(mine.values("role")), my_read_seq=Subquery(mine.values("read_seq")))
    is_mine = Q(my_role__isnull=False)
    if user.is_superuser:
        return rooms.filter(is_mine | ~Q(kind=Kind.DIRECT))
    bans = Ban.objects.filter(Q(until=None) | Q(until__gt=timezone.now()), room=OuterRef("pk"), user_id=user.pk)
    return rooms.filter(is_mine | Q(kind=Kind.PUBLIC) & ~Exists(bans))


def readable_rooms(user: Person) -> QuerySet[Room]:
    """The rooms that `visible_rooms` has, bare, for a condition of another query."""
    rooms = Room.objects.order_by()
    if not user.is_authenticated:
        return rooms.filter(kind=Kind.PUBLIC).exclude(guests=Guests.NONE)
    is_mine = Q(pk__in=Membership.objects.filter(user_id=user.pk).values("room"))
    if user.is_superuser:
        return rooms.filter(is_mine | ~Q(kind=Kind.DIRECT))
    bans = Ban.objects.filter(Q(until=None) | Q(until__gt=timezone.now()), user_id=user.pk)
    return rooms.filter(is_mine | Q(kind=Kind.PUBLIC) & ~Q(pk__in=bans.values("room")))


def matching(rooms: "QuerySet[WithAnnotations[Room, Listed]]", words: str) -> "QuerySet[WithAnnotations[Room, Listed]]":
    """Keep the rooms whose name, topic or slug has every one of the words."""
    for word in words.split():
        rooms = rooms.filter(Q(name__icontains=word) | Q(topic__icontains=word) | Q(slug__icontains=word))
    return rooms


def room_as_listed(*, actor: Person, slug: str) -> "WithAnnotations[Room, Listed]":
    """One room with what `visible_rooms` adds. Raises `not_found` or `unauthenticated`."""
    access = policies.room_for(actor, slug)
    room = visible_rooms(actor).filter(pk=access.room.pk).first()
    if room is None:  # it went between the two queries
        raise ChatError("not_found")
    return room


def title_of(room: "WithAnnotations[Room, Listed]", reader: Person) -> str:
    """What a room is called for its reader: a direct one by the names of the others."""
    others = [each.user.display_name for each in room.in_direct if each.user_id != reader.pk]
    return ", ".join(others) or str(room)


def acquaintances(*, actor: User, words: str) -> QuerySet[User]:
    """The others with whom the actor shares a room, whose name or username has every one of the words."""
    mine = Membership.objects.filter(user=actor).values("room")
    shared = Membership.objects.filter(user=OuterRef("pk"), room__in=mine)
    people = User.objects.filter(Exists(shared), is_active=True).exclude(pk=actor.pk).order_by("username")
    for word in words.split():
        people = people.filter(Q(name__icontains=word) | Q(username__icontains=word.removeprefix("@")))
    return people


def members_of(*, actor: User, slug: str, words: str = "") -> QuerySet[Membership]:
    """The members of a room that the actor may read, whose name or username has every one of the words; oldest first."""
    access = policies.room_for(actor, slug)
    members = Membership.objects.filter(room=access.room).select_related("user").order_by("joined_at", "pk")
    for word in words.split():
        members = members.filter(Q(user__name__icontains=word) | Q(user__username__icontains=word.removeprefix("@")))
    return members
