"""Who is kept out of a room, over REST: `rooms/{slug}/bans/` and one of them, by username."""

from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.account import ADA, Moment
from api.authentication import signed_in
from api.invitations import UNTIL, WHEN
from api.paging import PageQuery, page_of
from api.schema import answer, asked, problems
from api.strict import StrictBody, StrictBooleanField, StrictCharField, StrictTimeField, StrictView, rendered
from chat.erasing import ban_and_purge
from foundation.errors import ChatError
from foundation.limits import REASON_MAX_CHARS
from rooms import models
from rooms.bans import ban_person, bans_in, lift_ban
from rooms.events import Person, person


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """Who may not come back, why, and until when; null is for good."""

    user: Person | None
    by: Person | None
    reason: str
    until: Moment | None
    created_at: Moment


class BanPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the bans that hold, newest first."""

    next: str | None
    previous: str | None
    results: list[Ban]


class BanBody(StrictBody):
    reason = StrictCharField(
        required=False,
        allow_blank=True,
        shape={"maxLength": REASON_MAX_CHARS},
        help_text="Why, in one line: for the moderators and the audit, never for the room.",
    )
    until = StrictTimeField(
        required=False, allow_null=True, help_text="A time to come; null, and where nothing is said: for good."
    )
    purge = StrictBooleanField(required=False, help_text="Delete all messages of theirs in this room too.")


MALLORY = Person(id=3, username="mallory", name="mallory", avatar=None)
BANNED = Ban(user=MALLORY, by=ADA, reason="Spam", until=UNTIL, created_at=WHEN)


def ban_shown(ban: models.Ban) -> Ban:
    return Ban(user=person(ban.user), by=person(ban.by), reason=ban.reason, until=ban.until, created_at=ban.created_at)


class BansView(StrictView):
    queries: ClassVar = {"GET": PageQuery}

    @extend_schema(
        operation_id="bans_list",
        summary="List the bans of a room",
        description="For moderators: those that hold, newest first.",
        responses={
            200: answer(BanPage, "One page.", BanPage(next=None, previous=None, results=[BANNED])),
            **problems("forbidden", "not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        found = bans_in(actor=signed_in(request), slug=slug)
        return Response(page_of(request, found, ban_shown, ordering="-created_at", **self.query))


class BanView(StrictView):
    bodies: ClassVar = {"PUT": BanBody}

    @extend_schema(
        operation_id="bans_retrieve",
        summary="Look at one ban",
        description="For moderators. Who is not banned is not found.",
        responses={200: answer(Ban, "The ban.", BANNED), **problems("forbidden", "not_found")},
    )
    def get(self, request: Request, slug: str, username: str) -> Response:
        return rendered(ban_shown(_ban_of(request, slug, username)))

    @extend_schema(
        operation_id="bans_update",
        summary="Ban somebody",
        description=(
            "Whether they are in the room, were, or never came: they may not read, join or post, and their sockets "
            "close. Banning again gives the ban another reason and end. A moderator bans members and people who are "
            "none, an owner everybody but the administrator."
        ),
        examples=[
            asked({"reason": "Spam", "until": "2027-01-31T12:00:00Z"}),
            asked({"purge": True}, "For good, with all they said"),
        ],
        responses={
            200: answer(Ban, "The ban; they were banned before.", BANNED),
            201: answer(Ban, "The new ban.", BANNED),
            **problems("validation_error", "forbidden", "archived", "not_found", "last_owner"),
        },
    )
    def put(self, request: Request, slug: str, username: str) -> Response:
        me, terms = signed_in(request), self.body()
        command = ban_and_purge if terms.pop("purge", False) else ban_person
        ban, new = command(actor=me, slug=slug, username=username, **terms)
        return rendered(ban_shown(ban), 201 if new else 200)

    @extend_schema(
        operation_id="bans_destroy",
        summary="Lift a ban",
        description="They may come back; nothing brings them back by itself.",
        responses={204: answer(None, "They are not banned now."), **problems("forbidden", "not_found")},
    )
    def delete(self, request: Request, slug: str, username: str) -> Response:
        lift_ban(actor=signed_in(request), slug=slug, username=username)
        return Response(status=204)


def _ban_of(request: Request, slug: str, username: str) -> models.Ban:
    ban = bans_in(actor=signed_in(request), slug=slug).filter(user__username=username).first()
    if ban is None:
        raise ChatError("not_found")
    return ban
