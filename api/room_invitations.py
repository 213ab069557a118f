"""The invitations of a room over REST: `rooms/{slug}/invitations/`, by username and as links."""

from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.account import ADA, Moment
from api.authentication import signed_in
from api.invitations import ID, UNTIL, UUID_SHOWN, WHEN
from api.paging import PageQuery, page_of
from api.schema import answer, asked, problems
from api.strict import StrictBody, StrictCharField, StrictNumberField, StrictView, rendered
from foundation.limits import INVITATION_LIFE_MAX_S, INVITATION_LIFE_MIN_S, INVITATION_LIFE_S, INVITATION_USES_MAX
from rooms import invitations, models
from rooms.events import Person, person

Number = Annotated[int, msgspec.Meta(ge=0)]


class RoomInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to a room as its moderators see it: of one `user`, or with null a link. `max_uses` null: any number."""

    id: UUID
    user: Person | None
    by: Person | None
    uses: Number
    max_uses: Number | None
    created_at: Moment
    expires_at: Moment | None


class RoomInvitationPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a room's invitations, newest first."""

    next: str | None
    previous: str | None
    results: list[RoomInvitation]


class NewLink(RoomInvitation, frozen=True, kw_only=True):
    """A new link; `url` and the `token` at its end are shown this once."""

    url: str
    token: str


class InvitationBody(StrictBody):
    username = StrictCharField(help_text="Who is invited.")


class LinkBody(StrictBody):
    expires_in_s = StrictNumberField(
        required=False,
        allow_null=True,
        shape={"minimum": INVITATION_LIFE_MIN_S, "maximum": INVITATION_LIFE_MAX_S},
        help_text=f"How long the link holds, in seconds; null for ever, {INVITATION_LIFE_S} where nothing is said.",
    )
    max_uses = StrictNumberField(
        required=False,
        allow_null=True,
        shape={"minimum": 1, "maximum": INVITATION_USES_MAX},
        help_text="How many people it lets in; null, and where nothing is said: any number.",
    )


LINK = RoomInvitation(id=UUID_SHOWN, user=None, by=ADA, uses=3, max_uses=10, created_at=WHEN, expires_at=UNTIL)
SECRET = "Zx3vYq0s4b1T0y9cX1l2n3p4q5r6s7t8u9v0w1x2y3z"
NEW_LINK = NewLink(**msgspec.structs.asdict(LINK), url=f"https://chat.example.org/join/{SECRET}/", token=SECRET)


def link_address(request: Request, token: str) -> str:
    """The whole address behind which a link is followed."""
    address: str = request.build_absolute_uri(reverse("invitation", args=[token]))
    return address


def invitation_shown(invitation: models.Invitation) -> RoomInvitation:
    return RoomInvitation(
        id=invitation.public_id,
        user=person(invitation.invitee),
        by=person(invitation.created_by),
        uses=invitation.uses,
        max_uses=invitation.max_uses,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


class RoomInvitationsView(StrictView):
    queries: ClassVar = {"GET": PageQuery}
    bodies: ClassVar = {"POST": InvitationBody}

    @extend_schema(
        operation_id="rooms_invitations_list",
        summary="List the invitations to a room",
        description="For moderators: those that hold, newest first. A link is never shown again.",
        responses={
            200: answer(RoomInvitationPage, "One page.", RoomInvitationPage(next=None, previous=None, results=[LINK])),
            **problems("forbidden", "not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        found = invitations.invitations_in(actor=signed_in(request), slug=slug)
        return Response(page_of(request, found, invitation_shown, ordering="-created_at", **self.query))

    @extend_schema(
        operation_id="rooms_invitations_create",
        summary="Invite somebody by username",
        description=(
            "They find it in `invitations/`, for 30 days, and join by accepting. Inviting again gives the same "
            "invitation; a member is refused, with the code `member` for `/username`."
        ),
        examples=[asked({"username": "grace"})],
        responses={
            200: answer(RoomInvitation, "The invitation; they were invited before.", LINK),
            201: answer(RoomInvitation, "The invitation.", LINK),
            **problems("validation_error", "forbidden", "archived", "not_found", "banned", "limit_reached"),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        me, asked_for = signed_in(request), self.body()
        invitation, made = invitations.invite_person(actor=me, slug=slug, **asked_for)
        return rendered(invitation_shown(invitation), 201 if made else 200)


class RoomLinksView(StrictView):
    bodies: ClassVar = {"POST": LinkBody}

    @extend_schema(
        operation_id="rooms_invitations_links_create",
        summary="Make a link that lets people in",
        description=(
            "Whoever has the link and an account may join, so treat it like a password. It holds until it expires, is "
            "used up or revoked, and only while whoever made it may invite."
        ),
        examples=[asked({"expires_in_s": 86400, "max_uses": 10}), asked({}, "For a week, for everybody")],
        responses={
            201: answer(NewLink, "The link, shown this once.", NEW_LINK),
            **problems("validation_error", "forbidden", "archived", "not_found", "limit_reached"),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        me, bounds = signed_in(request), self.body()
        invitation, token = invitations.make_link(actor=me, slug=slug, **bounds)
        shown = msgspec.structs.asdict(invitation_shown(invitation))
        return rendered(NewLink(**shown, url=link_address(request, token), token=token), 201)


class RoomInvitationView(StrictView):
    @extend_schema(
        operation_id="rooms_invitations_destroy",
        summary="Revoke an invitation",
        description="For moderators of the room, whoever made it. Who came in by it stays.",
        parameters=[ID],
        responses={204: answer(None, "It is not valid now."), **problems("forbidden", "not_found")},
    )
    def delete(self, request: Request, slug: str, id: str) -> Response:
        invitations.revoke_invitation(actor=signed_in(request), slug=slug, public_id=id)
        return Response(status=204)


urlpatterns = [
    path("invitations/", RoomInvitationsView.as_view(), name="room_invitations"),
    path("invitations/links/", RoomLinksView.as_view(), name="room_links"),
    path("invitations/<str:id>/", RoomInvitationView.as_view(), name="room_invitation"),
]
