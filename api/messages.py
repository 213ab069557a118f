"""Messages over REST: `rooms/{slug}/messages/` and `rooms/{slug}/sync/`. One of them by its number is in `message.py`.

A message in an answer is the very `message` frame that sockets get.
"""

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListField

from api.account import ADA
from api.rooms import TEA, RoleWord, Room, presence_of, room_found
from api.schema import LOCATION, answer, asked, problems
from api.strict import (
    StrictBody,
    StrictCharField,
    StrictIntegerField,
    StrictNumberField,
    StrictQuery,
    StrictView,
    rendered,
)
from chat import history
from chat.frames import MessageFrame, message_frame
from chat.posting import post_message
from foundation.errors import invalid
from foundation.limits import (
    ATTACHMENTS_PER_MESSAGE,
    MESSAGE_MAX_BYTES,
    MESSAGE_MAX_CHARS,
    PAGE_DEFAULT,
    PAGE_MAX,
    SEQ_MAX,
)
from rooms.events import Person, person

KEY_HEADER = "Idempotency-Key"


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in ascending order. `previous` leads to older ones, `next` to newer ones; `seq` is the end of the
    room's log and `epoch` its incarnation: a socket opened with `?after=<seq>&epoch=<epoch>` misses nothing. The log
    begins at `first_seq`; `truncated` when some of what came after `after` has expired."""

    results: list[MessageFrame]
    previous: str | None
    next: str | None
    seq: int
    epoch: str
    first_seq: int
    truncated: bool


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """All that a client needs to show a room and then follow it: open `socket` with `?after=<seq>&epoch=<epoch>`."""

    room: Room
    me: Person | None
    role: RoleWord | None
    capabilities: list[str]
    messages: MessagePage
    here: list[Person]
    here_count: int
    guests_here: int
    seq: int
    epoch: str
    socket: str


class LimitQuery(StrictQuery):
    limit = StrictIntegerField(
        required=False, default=PAGE_DEFAULT, min_value=1, max_value=PAGE_MAX, help_text="How many, at most."
    )


class ThreadQuery(LimitQuery):
    before = StrictIntegerField(required=False, help_text="Only messages with a smaller number, the newest of them.")
    after = StrictIntegerField(required=False, help_text="Only messages with a greater number, the oldest of them.")


class MessageQuery(ThreadQuery):
    around = StrictIntegerField(required=False, help_text="Messages on both sides of this number.")


class MessageBody(StrictBody):
    value = StrictCharField(
        allow_blank=True,
        shape={"maxLength": MESSAGE_MAX_CHARS},
        help_text=f"The text, kept byte for byte; at most {MESSAGE_MAX_BYTES} bytes in UTF-8. With `attachments` it may be empty.",
    )
    client_id = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        shape={"pattern": "^[A-Za-z0-9_-]{1,64}$"},
        help_text="Makes a repeated request find the first message.",
    )
    reply_to = StrictNumberField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=SEQ_MAX,
        help_text="The number of the message in this room that this one answers.",
    )
    attachments = ListField(
        child=StrictCharField(allow_blank=True),
        required=False,
        help_text=f"The ids of files that I uploaded for this room, {ATTACHMENTS_PER_MESSAGE} at most.",
    )


HELLO = MessageFrame(
    room="tea",
    seq=42,
    value="Hello, tea!",
    user=ADA,
    sent_at=datetime.fromisoformat("2026-11-23T12:00:00.123456Z"),
    client_id="c-1",
)
PAGE = MessagePage(
    results=[HELLO],
    previous="http://localhost:8000/api/rooms/tea/messages/?before=42&limit=50",
    next=None,
    seq=42,
    epoch="p0rHq2cXk1Jm",
    first_seq=1,
    truncated=False,
)


def page_shown(request: Request, page: history.Page, limit: int, path: str | None = None) -> MessagePage:
    """A page of history with the addresses of its neighbours. An empty page leads back to where there are messages."""
    frames = [message_frame(message, page.room.slug) for message in page.messages]
    base = request.build_absolute_uri(path or reverse("api:messages", args=[page.room.slug]))

    def address(**position: int) -> str:
        return f"{base}?{urlencode({**position, 'limit': limit})}"

    oldest = frames[0].seq if frames else page.head + 1
    newest = frames[-1].seq if frames else 0
    return MessagePage(
        results=frames,
        previous=address(before=oldest) if page.has_older else None,
        next=address(after=newest) if page.has_newer else None,
        seq=page.head,
        epoch=page.epoch,
        first_seq=page.room.first_seq,
        truncated=page.truncated,
    )


class MessagesView(StrictView):
    open_to_guests = frozenset({"GET", "POST"})
    queries: ClassVar = {"GET": MessageQuery}
    bodies: ClassVar = {"POST": MessageBody}

    @extend_schema(
        operation_id="messages_list",
        summary="Read messages",
        description="The newest messages, or those before, after or around a number: one of the three.",
        responses={200: answer(MessagePage, "One page.", PAGE), **problems("not_found", "position_invalid")},
    )
    def get(self, request: Request, slug: str) -> Response:
        page = history.page(actor=request.user, slug=slug, **self.query)
        return rendered(page_shown(request, page, self.query["limit"]))

    @extend_schema(
        operation_id="messages_create",
        summary="Post a message",
        description=(
            "In a public room the first message makes one a member. With a `client_id`, in the body or as the header "
            "`Idempotency-Key`, the request may be repeated: there is one message."
        ),
        parameters=[
            LOCATION,
            OpenApiParameter(KEY_HEADER, str, OpenApiParameter.HEADER, description="The same as `client_id`."),
        ],
        examples=[asked({"value": "Hello, tea!", "client_id": "c-1"})],
        responses={
            201: answer(MessageFrame, "The message, on disk and on its way to everybody.", HELLO),
            200: answer(MessageFrame, "The message that an earlier request with this `client_id` posted.", HELLO),
            **problems("validation_error", "forbidden", "not_found", "idempotency_conflict", "message_too_long"),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        values = self.body()
        client_id = _client_id(request, values)
        posted = post_message(
            actor=request.user,
            slug=slug,
            text=values["value"],
            client_id=client_id,
            reply_to=values.get("reply_to"),
            attachments=values.get("attachments", ()),
        )
        frame = message_frame(posted.message, slug)
        location = reverse("api:message", args=[slug, frame.seq])
        return rendered(frame, 200 if posted.duplicate else 201, Location=location)


def _client_id(request: Request, values: dict[str, Any]) -> str | None:
    given: str | None = values.get("client_id")
    header: str | None = request.headers.get(KEY_HEADER)
    if given is not None and header is not None and given != header:
        raise invalid("client_id", "differs", f"The header {KEY_HEADER} says something else.")
    return given if header is None else header


class SyncView(StrictView):
    open_to_guests = frozenset({"GET"})
    queries: ClassVar = {"GET": LimitQuery}

    @extend_schema(
        operation_id="rooms_sync_retrieve",
        summary="Join without a gap",
        description="The room, the last page of messages, who is here, and the position to open the socket from.",
        responses={
            200: answer(
                Sync,
                "The room as it is now.",
                Sync(
                    room=TEA,
                    me=ADA,
                    role=TEA.my_role,
                    capabilities=TEA.capabilities,
                    messages=PAGE,
                    here=[ADA],
                    here_count=1,
                    guests_here=1,
                    seq=PAGE.seq,
                    epoch=PAGE.epoch,
                    socket="/ws/chat/tea/",
                ),
            ),
            **problems("not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        page = history.page(actor=request.user, slug=slug, limit=self.query["limit"])
        # After the page: what is newer than its end, the socket repeats; what is older, it would never tell.
        room, who = room_found(request.user, slug), presence_of(page.room)
        return rendered(
            Sync(
                room=room,
                me=person(request.user),
                role=room.my_role,
                capabilities=room.capabilities,
                messages=page_shown(request, page, self.query["limit"]),
                here=who.here,
                here_count=who.here_count,
                guests_here=who.guests_here,
                seq=page.head,
                epoch=page.epoch,
                socket=f"/ws/chat/{slug}/",
            )
        )
