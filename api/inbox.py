"""The inbox over REST: `inbox/` and the place of one room in it, and the read marker, `rooms/{slug}/read/`."""

from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ChoiceField

from api.authentication import signed_in
from api.messages import HELLO
from api.paging import PageQuery, page_of
from api.schema import answer, asked, problems
from api.strict import StrictBody, StrictBooleanField, StrictNumberField, StrictView, rendered
from chat import inbox
from chat.frames import RoomHead
from chat.inbox_frames import InboxRoom, InboxTotals, inbox_room, totals_shown
from chat.reading import mark_read
from foundation.limits import POSITION_MAX, SEQ_MAX
from rooms.models import Membership, Notify
from rooms.preferences import set_preferences


class InboxPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of my rooms in the order in which I came into them, and what waits in all of them."""

    next: str | None
    previous: str | None
    results: list[InboxRoom]
    totals: InboxTotals


class ReadMarker(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where I have read, and what is left."""

    seq: int
    unread: int
    mentions: int


class PreferencesBody(StrictBody):
    notify = ChoiceField(Notify.choices, required=False, help_text="What I want to be told of.")
    muted = StrictBooleanField(
        required=False, help_text="Muted rooms stay quiet, and out of the total of what is unread."
    )
    favourite = StrictBooleanField(required=False, help_text="Favourites come first.")
    position = StrictNumberField(
        required=False,
        allow_null=True,
        shape={"minimum": 0, "maximum": POSITION_MAX},
        help_text="Its place among my rooms; null: by its name.",
    )


class ReadBody(StrictBody):
    seq = StrictNumberField(shape={"minimum": 0, "maximum": SEQ_MAX}, min_value=0, max_value=SEQ_MAX)


ENTRY = InboxRoom(
    room=RoomHead(
        slug="tea",
        name="Tea",
        topic="No coffee",
        kind="public",
        guests="none",
        posting="members",
        slow_mode_s=0,
        archived_at=None,
    ),
    people=None,
    role="owner",
    seq=42,
    message_count=40,
    read_seq=39,
    messages_read=38,
    unread=2,
    mentions=1,
    last_message=HELLO,
    notify="everything",
    muted=False,
    favourite=True,
    position=None,
)
TOTALS = InboxTotals(rooms=1, unread=2, mentions=1, invitations=0)


class InboxView(StrictView):
    queries: ClassVar = {"GET": PageQuery}

    @extend_schema(
        operation_id="inbox_list",
        summary="My rooms, and what is new in them",
        description=(
            "In the order in which I came in; show favourites first, then by `position` and by what is newest. "
            "`ws/inbox/` tells what changes: open it first, then read this."
        ),
        responses={
            200: answer(InboxPage, "One page.", InboxPage(next=None, previous=None, results=[ENTRY], totals=TOTALS))
        },
    )
    def get(self, request: Request) -> Response:
        me = signed_in(request)
        entries: dict[int, inbox.InboxEntry] = {}

        def shown(place: Membership) -> InboxRoom:
            return inbox_room(entries[place.pk])

        def load(places: list[Membership]) -> None:
            entries.update((entry.membership.pk, entry) for entry in inbox.entries(places))

        page = page_of(request, inbox.memberships([me.pk]), shown, ordering="joined_at", load=load, **self.query)
        return Response({**page, "totals": msgspec.to_builtins(totals_shown(inbox.totals_of(me)))})


class InboxRoomView(StrictView):
    bodies: ClassVar = {"PATCH": PreferencesBody}

    @extend_schema(
        operation_id="inbox_partial_update",
        summary="Say how I want to have a room",
        description="For members. My other devices hear it at `ws/inbox/`.",
        examples=[asked({"favourite": True, "notify": "mentions"})],
        responses={
            200: answer(InboxRoom, "The room in my inbox.", ENTRY),
            **problems("validation_error", "forbidden", "not_found"),
        },
    )
    def patch(self, request: Request, slug: str) -> Response:
        place = set_preferences(actor=signed_in(request), slug=slug, **self.body())
        return rendered(inbox_room(inbox.entry_of(place)))


class ReadView(StrictView):
    bodies: ClassVar = {"PUT": ReadBody}

    @extend_schema(
        operation_id="rooms_read_update",
        summary="Move my read marker",
        description="Up to this number everything is read; it may go back, which makes messages unread again.",
        examples=[asked({"seq": 42})],
        responses={
            200: answer(ReadMarker, "What is left.", ReadMarker(seq=42, unread=0, mentions=0)),
            **problems("validation_error", "forbidden", "not_found", "position_invalid"),
        },
    )
    def put(self, request: Request, slug: str) -> Response:
        entry = inbox.entry_of(mark_read(actor=signed_in(request), slug=slug, upto=self.body()["seq"]))
        return rendered(ReadMarker(seq=entry.membership.read_seq, unread=entry.unread, mentions=entry.mentions))
