"""One message over REST, by its number: reading, editing, deleting it, its revisions, reactions, replies and pin."""

from datetime import datetime
from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.account import ADA
from api.authentication import signed_in
from api.messages import HELLO, PAGE, MessagePage, ThreadQuery, page_shown
from api.schema import answer, asked, problems
from api.strict import StrictBody, StrictCharField, StrictView, rendered
from chat import history
from chat.editing import edit_message, versions_of
from chat.erasing import delete_message
from chat.frames import MessageFrame, message_frame
from chat.pinning import pin_message, pinned_in, unpin_message
from chat.reacting import react, reactors_of, unreact
from foundation.limits import MESSAGE_MAX_BYTES, MESSAGE_MAX_CHARS
from rooms.events import Person, person


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What a message said, and since when."""

    value: str
    written_at: datetime


class Revisions(msgspec.Struct, frozen=True, kw_only=True):
    """All that a message has said: the first text first, the present one last."""

    results: list[Revision]


class Reactors(msgspec.Struct, frozen=True, kw_only=True):
    """Who put this emoji on the message, in the order they came."""

    emoji: str
    users: list[Person]


class Reactions(msgspec.Struct, frozen=True, kw_only=True):
    """The emoji on a message, in the order they came."""

    results: list[Reactors]


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """The pinned messages of a room, the latest pin first."""

    results: list[MessageFrame]


class EditBody(StrictBody):
    value = StrictCharField(
        allow_blank=True,
        shape={"minLength": 1, "maxLength": MESSAGE_MAX_CHARS},
        help_text=f"The new text, kept byte for byte; at most {MESSAGE_MAX_BYTES} bytes in UTF-8.",
    )


EDITED = msgspec.structs.replace(
    HELLO, value="Hello, **tea**!", html="<p>Hello, <strong>tea</strong>!</p>", edited_at=HELLO.sent_at
)
PINNED = msgspec.structs.replace(HELLO, pinned_at=HELLO.sent_at)


class MessageView(StrictView):
    open_to_guests = frozenset({"GET"})
    bodies: ClassVar = {"PATCH": EditBody}

    @extend_schema(
        operation_id="messages_retrieve",
        summary="Read one message",
        description="By its number in the room. Numbers that belong to other changes of the room are not found.",
        responses={200: answer(MessageFrame, "The message.", HELLO), **problems("not_found")},
    )
    def get(self, request: Request, slug: str, seq: int) -> Response:
        return rendered(message_frame(history.message_at(actor=request.user, slug=slug, seq=seq), slug))

    @extend_schema(
        operation_id="messages_partial_update",
        summary="Edit a message",
        description="One's own. What it said before stays readable under `revisions/`.",
        examples=[asked({"value": "Hello, **tea**!"})],
        responses={
            200: answer(MessageFrame, "The message as it is now.", EDITED),
            **problems("validation_error", "forbidden", "edit_window", "archived", "not_found"),
            **problems("limit_reached", "message_too_long", "rate_limited"),
        },
    )
    def patch(self, request: Request, slug: str, seq: int) -> Response:
        message, _ = edit_message(actor=signed_in(request), slug=slug, seq=seq, text=self.body()["value"])
        return rendered(message_frame(message, slug))

    @extend_schema(
        operation_id="messages_destroy",
        summary="Delete a message",
        description=(
            "One's own, or as a moderator anybody's. Its text is erased and its number stays, with `deleted`; doing it "
            "again changes nothing."
        ),
        responses={204: answer(None, "Its text is gone."), **problems("forbidden", "archived", "not_found")},
    )
    def delete(self, request: Request, slug: str, seq: int) -> Response:
        delete_message(actor=signed_in(request), slug=slug, seq=seq)
        return Response(status=204)


class RevisionsView(StrictView):
    open_to_guests = frozenset({"GET"})

    @extend_schema(
        operation_id="messages_revisions_list",
        summary="Read what a message said before",
        description="Of a deleted message nothing is left.",
        responses={
            200: answer(
                Revisions,
                "All of them.",
                Revisions(results=[Revision(value="Hello, tea!", written_at=HELLO.sent_at)]),
            ),
            **problems("not_found"),
        },
    )
    def get(self, request: Request, slug: str, seq: int) -> Response:
        versions = versions_of(actor=request.user, slug=slug, seq=seq)
        return rendered(Revisions(results=[Revision(value=each.text, written_at=each.written_at) for each in versions]))


class RepliesView(StrictView):
    open_to_guests = frozenset({"GET"})
    queries: ClassVar = {"GET": ThreadQuery}

    @extend_schema(
        operation_id="messages_replies_list",
        summary="Read a thread",
        description="The replies to the message at its root: the newest, or those before or after a number.",
        responses={
            200: answer(MessagePage, "One page.", PAGE),
            **problems("not_found", "position_invalid"),
        },
    )
    def get(self, request: Request, slug: str, seq: int) -> Response:
        page = history.page(actor=request.user, slug=slug, thread=seq, **self.query)
        return rendered(page_shown(request, page, self.query["limit"], request.path))


class ReactionsView(StrictView):
    open_to_guests = frozenset({"GET"})

    @extend_schema(
        operation_id="messages_reactions_list",
        summary="Who reacted to a message",
        responses={
            200: answer(Reactions, "All of them.", Reactions(results=[Reactors(emoji="👍", users=[ADA])])),
            **problems("not_found"),
        },
    )
    def get(self, request: Request, slug: str, seq: int) -> Response:
        found = reactors_of(actor=request.user, slug=slug, seq=seq)
        people = [(emoji, [who for each in users if (who := person(each))]) for emoji, users in found]
        return rendered(Reactions(results=[Reactors(emoji=emoji, users=users) for emoji, users in people]))


class ReactionView(StrictView):
    @extend_schema(
        operation_id="messages_reactions_update",
        summary="React to a message",
        description="One emoji of a kind for each person; doing it again changes nothing.",
        responses={
            204: answer(None, "It is there."),
            **problems("validation_error", "forbidden", "archived", "not_found", "limit_reached", "rate_limited"),
        },
    )
    def put(self, request: Request, slug: str, seq: int, emoji: str) -> Response:
        react(actor=signed_in(request), slug=slug, seq=seq, emoji=emoji)
        return Response(status=204)

    @extend_schema(
        operation_id="messages_reactions_destroy",
        summary="Take a reaction back",
        description="Doing it again changes nothing.",
        responses={
            204: answer(None, "It is gone."),
            **problems("validation_error", "forbidden", "archived", "not_found", "rate_limited"),
        },
    )
    def delete(self, request: Request, slug: str, seq: int, emoji: str) -> Response:
        unreact(actor=signed_in(request), slug=slug, seq=seq, emoji=emoji)
        return Response(status=204)


class PinsView(StrictView):
    open_to_guests = frozenset({"GET"})

    @extend_schema(
        operation_id="pins_list",
        summary="Read the pinned messages",
        responses={200: answer(Pins, "All of them.", Pins(results=[PINNED])), **problems("not_found")},
    )
    def get(self, request: Request, slug: str) -> Response:
        room, pinned = pinned_in(actor=request.user, slug=slug)
        return rendered(Pins(results=[message_frame(message, room.slug) for message in pinned]))


class PinView(StrictView):
    @extend_schema(
        operation_id="pins_update",
        summary="Pin a message",
        description="Doing it again changes nothing.",
        responses={
            204: answer(None, "It is pinned."),
            **problems("forbidden", "archived", "not_found", "limit_reached"),
        },
    )
    def put(self, request: Request, slug: str, seq: int) -> Response:
        pin_message(actor=signed_in(request), slug=slug, seq=seq)
        return Response(status=204)

    @extend_schema(
        operation_id="pins_destroy",
        summary="Take a pin off",
        description="Doing it again changes nothing.",
        responses={204: answer(None, "It is not pinned."), **problems("forbidden", "archived", "not_found")},
    )
    def delete(self, request: Request, slug: str, seq: int) -> Response:
        unpin_message(actor=signed_in(request), slug=slug, seq=seq)
        return Response(status=204)
