"""Rooms over REST: `rooms/`, `rooms/{slug}/` and who is in one now, `rooms/{slug}/presence/`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ChoiceField

from api.account import ADA
from api.authentication import signed_in
from api.paging import PageQuery, page_of
from api.schema import LOCATION, answer, asked, problems
from api.strict import StrictBody, StrictBooleanField, StrictCharField, StrictNumberField, StrictView, rendered
from chat.presence import roster_of
from foundation.limits import (
    RETENTION_MAX_DAYS,
    ROOM_DESCRIPTION_MAX_CHARS,
    ROOM_NAME_MAX_CHARS,
    ROOM_TOPIC_MAX_CHARS,
    SLOW_MODE_MAX_S,
    SLUG_MAX_CHARS,
)
from rooms import models
from rooms.directory import Listed, matching, room_as_listed, visible_rooms
from rooms.events import Person, person
from rooms.lifecycle import KINDS, delete_room, open_room, update_room
from rooms.models import Guests, Kind, Membership, Posting, Role
from rooms.policies import Access, room_for
from rooms.policies import Person as Asker

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

SEARCH_MAX_CHARS = 100
ORDERS = ("name", "-name", "created_at", "-created_at", "last_seq", "-last_seq")
KindWord = Annotated[str, msgspec.Meta(extra_json_schema={"enum": Kind.values})]
PostingWord = Annotated[str, msgspec.Meta(extra_json_schema={"enum": Posting.values})]
GuestsWord = Annotated[str, msgspec.Meta(extra_json_schema={"enum": Guests.values})]
RoleWord = Annotated[str, msgspec.Meta(extra_json_schema={"enum": Role.values})]


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room as the person who asks sees it: `my_role` is null for somebody who is no member, `people` for a room that
    is not direct."""

    slug: str
    name: str
    topic: str
    description: str
    kind: KindWord
    guests: GuestsWord
    posting: PostingWord
    slow_mode_s: int
    retention_days: int
    archived_at: datetime | None
    people: list[Person] | None
    created_by: Person | None
    created_at: datetime
    last_seq: int
    member_count: int
    my_role: RoleWord | None
    my_read_seq: int | None
    capabilities: list[str]


class RoomPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rooms."""

    next: str | None
    previous: str | None
    results: list[Room]


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a socket open in the room: people by username, of a crowd those who came first; guests as a number."""

    here: list[Person]
    here_count: int
    guests_here: int


class RoomQuery(PageQuery):
    q = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=SEARCH_MAX_CHARS,
        help_text="Words, all of them in name, topic or address.",
    )
    ordering = ChoiceField(ORDERS, required=False, default="name", help_text="A leading `-` means downward.")
    member = ChoiceField(("true", "false"), required=False, help_text="Only rooms that I am in, or am not in.")
    kind = ChoiceField(Kind.choices, required=False, help_text="Only rooms of this kind.")
    archived = ChoiceField(
        ("true", "false"), required=False, default="false", help_text="Only archived rooms, or only the others."
    )


NAME_SHAPE = {"minLength": 1, "maxLength": ROOM_NAME_MAX_CHARS}
TOPIC_SHAPE = {"maxLength": ROOM_TOPIC_MAX_CHARS}
DESCRIPTION_SHAPE = {"maxLength": ROOM_DESCRIPTION_MAX_CHARS}
DESCRIPTION_HELP = "What the room is for, in lines of plain text."
SLOW_MODE_SHAPE = {"minimum": 0, "maximum": SLOW_MODE_MAX_S}
SLOW_MODE_HELP = "Seconds that a member waits between two messages; 0 is no slow mode."
RETENTION_SHAPE = {"minimum": 0, "maximum": RETENTION_MAX_DAYS}
RETENTION_HELP = "Days after which messages are deleted for good; 0 keeps them."
SLUG_SHAPE = {"pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": SLUG_MAX_CHARS}


class _Fields(StrictBody):
    topic = StrictCharField(required=False, allow_blank=True, shape=TOPIC_SHAPE)
    description = StrictCharField(required=False, allow_blank=True, shape=DESCRIPTION_SHAPE, help_text=DESCRIPTION_HELP)
    kind = ChoiceField(KINDS, required=False)
    guests = ChoiceField(Guests.choices, required=False, help_text="What people without an account may do.")
    posting = ChoiceField(Posting.choices, required=False, help_text="Who may post.")
    slow_mode_s = StrictNumberField(required=False, shape=SLOW_MODE_SHAPE, help_text=SLOW_MODE_HELP)
    retention_days = StrictNumberField(required=False, shape=RETENTION_SHAPE, help_text=RETENTION_HELP)


class RoomBody(_Fields):
    name = StrictCharField(shape=NAME_SHAPE)
    slug = StrictCharField(
        required=False, shape=SLUG_SHAPE, help_text="The address; made of the name where it is not given."
    )


class RoomChangesBody(_Fields):
    name = StrictCharField(required=False, shape=NAME_SHAPE)
    archived = StrictBooleanField(required=False, help_text="Archive the room, or take it up again.")


TEA = Room(
    slug="tea",
    name="Tea",
    topic="No coffee",
    description="Leaves, water, and how long.\nNo bags.",
    kind="public",
    guests="none",
    posting="members",
    slow_mode_s=0,
    retention_days=0,
    archived_at=None,
    people=None,
    created_by=ADA,
    created_at=datetime.fromisoformat("2026-11-23T12:00:00Z"),
    last_seq=42,
    member_count=2,
    my_role="owner",
    my_read_seq=39,
    capabilities=["post", "leave", "delete_own", "delete_any", "invite", "remove", "ban", "change_role", "update"],
)


def room_shown(room: "WithAnnotations[models.Room, Listed]", user: Asker) -> Room:
    """The body of a room as `rooms.directory` lists it."""
    membership = Membership(room=room, role=room.my_role) if room.my_role else None
    direct = room.kind == Kind.DIRECT
    people = [who for each in room.in_direct if (who := person(each.user))] if direct else None
    return Room(
        slug=room.slug,
        name=room.name,
        topic=room.topic,
        description=room.description,
        kind=room.kind,
        guests=room.guests,
        posting=room.posting,
        slow_mode_s=room.slow_mode_s,
        retention_days=room.retention_days,
        archived_at=room.archived_at,
        people=people,
        created_by=person(room.created_by),
        created_at=room.created_at,
        last_seq=room.last_seq,
        member_count=room.member_count,
        my_role=room.my_role,
        my_read_seq=room.my_read_seq,
        capabilities=Access(room, user, membership).capabilities,
    )


def room_found(user: Asker, slug: str) -> Room:
    """One room for the person who asks. Raises `not_found`, and for guests `unauthenticated`."""
    return room_shown(room_as_listed(actor=user, slug=slug), user)


def presence_of(room: models.Room) -> Presence:
    roster = roster_of(room.group)
    return Presence(here=roster.here, here_count=roster.here_count, guests_here=roster.guests_here)


class RoomsView(StrictView):
    queries: ClassVar = {"GET": RoomQuery}
    bodies: ClassVar = {"POST": RoomBody}

    @extend_schema(
        operation_id="rooms_list",
        summary="List the rooms that I may read",
        description="Public rooms, and the private and direct ones that I am in. Archived rooms are asked for apart.",
        responses={200: answer(RoomPage, "One page.", RoomPage(next=None, previous=None, results=[TEA]))},
    )
    def get(self, request: Request) -> Response:
        rooms = _chosen(visible_rooms(request.user), **self.query)
        page = {name: self.query[name] for name in ("ordering", "limit", "cursor") if name in self.query}
        return Response(page_of(request, rooms, lambda room: room_shown(room, request.user), **page))

    @extend_schema(
        operation_id="rooms_create",
        summary="Open a room",
        description="Whoever opens a room owns it. A private room's address ends in random letters unless you choose it.",
        parameters=[LOCATION],
        examples=[
            asked({"name": "Tea", "topic": "No coffee"}, "Public"),
            asked({"name": "Cellar", "slug": "cellar", "kind": "private"}, "Private, with an address of my choice"),
        ],
        responses={201: answer(Room, "The room.", TEA), **problems("validation_error", "name_taken")},
    )
    def post(self, request: Request) -> Response:
        room = open_room(actor=signed_in(request), **self.body())
        location = reverse("api:room", args=[room.slug])
        return rendered(room_found(request.user, room.slug), 201, Location=location)


def _chosen(
    rooms: "QuerySet[WithAnnotations[models.Room, Listed]]",
    *,
    q: str = "",
    member: str | None = None,
    kind: str | None = None,
    archived: str,
    **_: object,
) -> "QuerySet[WithAnnotations[models.Room, Listed]]":
    if member is not None:
        rooms = rooms.filter(my_role__isnull=member == "false")
    if kind is not None:
        rooms = rooms.filter(kind=kind)
    return matching(rooms.filter(archived_at__isnull=archived == "false"), q)


class RoomView(StrictView):
    open_to_guests = frozenset({"GET"})
    bodies: ClassVar = {"PATCH": RoomChangesBody}

    @extend_schema(
        operation_id="rooms_retrieve",
        summary="Look at a room",
        description="A room that does not exist and one that is hidden from me are the same answer.",
        responses={200: answer(Room, "The room.", TEA), **problems("not_found", "room_deleted")},
    )
    def get(self, request: Request, slug: str) -> Response:
        return rendered(room_found(request.user, slug))

    @extend_schema(
        operation_id="rooms_partial_update",
        summary="Change a room",
        description=(
            "For owners. Everybody in the room hears `room.updated`; who may no longer read it is sent out. "
            "Unarchiving comes before the other changes, archiving after them."
        ),
        examples=[asked({"topic": "Some coffee", "guests": "read"})],
        responses={
            200: answer(Room, "The room after the change.", TEA),
            **problems("validation_error", "forbidden", "archived", "not_found", "name_taken", "room_deleted"),
        },
    )
    def patch(self, request: Request, slug: str) -> Response:
        update_room(actor=signed_in(request), slug=slug, **self.body())
        return rendered(room_found(request.user, slug))

    @extend_schema(
        operation_id="rooms_destroy",
        summary="Delete a room with its messages",
        description=(
            "For owners, and for good: the address is never given again. Open sockets close with 4410. The lobby stays."
        ),
        responses={204: answer(None, "The room is gone."), **problems("forbidden", "not_found")},
    )
    def delete(self, request: Request, slug: str) -> Response:
        delete_room(actor=signed_in(request), slug=slug)
        return Response(status=204)


class PresenceView(StrictView):
    open_to_guests = frozenset({"GET"})

    @extend_schema(
        operation_id="rooms_presence_retrieve",
        summary="See who is here",
        description="Who has a socket open in the room now. Sockets hear every change as a `presence` frame.",
        responses={
            200: answer(Presence, "Who is here.", Presence(here=[ADA], here_count=1, guests_here=1)),
            **problems("not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        return rendered(presence_of(room_for(request.user, slug).room))
