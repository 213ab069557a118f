"""My invitations over REST, `invitations/`, and following a link, `invitations/links/{token}/`."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.account import ADA, Moment
from api.authentication import signed_in
from api.members import ADA_IN_TEA, Member, member_shown
from api.paging import PageQuery, page_of
from api.rooms import KindWord
from api.schema import answer, problems
from api.strict import StrictBody, StrictView, rendered
from rooms import invitations, models
from rooms.events import Person, person

ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
TOKEN = OpenApiParameter("token", str, OpenApiParameter.PATH, description="The end of the link: a secret.")


class InvitedTo(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a room as people see before they are in it."""

    slug: str
    name: str
    topic: str
    kind: KindWord


class LinkTarget(msgspec.Struct, frozen=True, kw_only=True):
    """Where a link leads, and who made it."""

    room: InvitedTo
    by: Person | None
    created_at: Moment
    expires_at: Moment | None


class MyInvitation(LinkTarget, frozen=True, kw_only=True):
    """Somebody wants me in a room."""

    id: UUID


class MyInvitationPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of my invitations, newest first."""

    next: str | None
    previous: str | None
    results: list[MyInvitation]


class NewMember(Member, frozen=True, kw_only=True):
    """Me as a member of the room that I was invited to; `room` is its address."""

    room: str


class AcceptBody(StrictBody):
    """Nothing: who accepts is whoever asks."""


TO_TEA = InvitedTo(slug="tea", name="Tea", topic="No coffee", kind="public")
WHEN = datetime.fromisoformat("2026-11-23T12:00:00Z")
UNTIL = datetime.fromisoformat("2026-11-30T12:00:00Z")
UUID_SHOWN = UUID("7d9f4c1e-2b6a-4f0e-8c3d-5a1b2c3d4e5f")
MINE = MyInvitation(id=UUID_SHOWN, room=TO_TEA, by=ADA, created_at=WHEN, expires_at=UNTIL)
ADA_JOINED = NewMember(**msgspec.structs.asdict(ADA_IN_TEA), room="tea")


def room_shown(room: models.Room) -> InvitedTo:
    return InvitedTo(slug=room.slug, name=room.name, topic=room.topic, kind=room.kind)


def mine_shown(invitation: models.Invitation) -> MyInvitation:
    return MyInvitation(
        id=invitation.public_id,
        room=room_shown(invitation.room),
        by=person(invitation.created_by),
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


def joined_shown(membership: models.Membership, joined: bool) -> Response:
    member = msgspec.structs.asdict(member_shown(membership))
    return rendered(NewMember(**member, room=membership.room.slug), 201 if joined else 200)


class InvitationsView(StrictView):
    queries: ClassVar = {"GET": PageQuery}

    @extend_schema(
        operation_id="invitations_list",
        summary="List the rooms that I am invited to",
        responses={
            200: answer(
                MyInvitationPage, "One page, newest first.", MyInvitationPage(next=None, previous=None, results=[MINE])
            )
        },
    )
    def get(self, request: Request) -> Response:
        found = invitations.invitations_of(actor=signed_in(request))
        return Response(page_of(request, found, mine_shown, ordering="-created_at", **self.query))


class InvitationView(StrictView):
    @extend_schema(
        operation_id="invitations_destroy",
        summary="Decline an invitation",
        parameters=[ID],
        responses={204: answer(None, "I am not invited now."), **problems("not_found")},
    )
    def delete(self, request: Request, id: str) -> Response:
        invitations.decline_invitation(actor=signed_in(request), public_id=id)
        return Response(status=204)


class AcceptView(StrictView):
    bodies: ClassVar = {"POST": AcceptBody}

    @extend_schema(
        operation_id="invitations_accept",
        summary="Accept an invitation",
        description="I become a member. Whoever is one already stays as they are.",
        parameters=[ID],
        responses={
            200: answer(NewMember, "I was a member already.", ADA_JOINED),
            201: answer(NewMember, "I am a member now.", ADA_JOINED),
            **problems("forbidden", "archived", "not_found"),
        },
    )
    def post(self, request: Request, id: str) -> Response:
        self.body()
        return joined_shown(*invitations.accept_invitation(actor=signed_in(request), public_id=id))


class LinkView(StrictView):
    bodies: ClassVar = {"POST": AcceptBody}

    @extend_schema(
        operation_id="invitations_links_retrieve",
        summary="See where a link leads",
        description=(
            "Whatever is not valid – used up, expired, revoked, never made – is not found, always in the same words."
        ),
        parameters=[TOKEN],
        responses={
            200: answer(LinkTarget, "The room.", LinkTarget(room=TO_TEA, by=ADA, created_at=WHEN, expires_at=UNTIL)),
            **problems("forbidden", "archived", "not_found"),
        },
    )
    def get(self, request: Request, token: str) -> Response:
        found, _ = invitations.link_shown(actor=signed_in(request), token=token)
        shown = msgspec.structs.asdict(mine_shown(found))
        del shown["id"]
        return rendered(LinkTarget(**shown))

    @extend_schema(
        operation_id="invitations_links_accept",
        summary="Follow a link",
        description="I become a member, which takes one of the link's uses. Whoever is one already takes none.",
        parameters=[TOKEN],
        responses={
            200: answer(NewMember, "I was a member already.", ADA_JOINED),
            201: answer(NewMember, "I am a member now.", ADA_JOINED),
            **problems("forbidden", "archived", "not_found"),
        },
    )
    def post(self, request: Request, token: str) -> Response:
        self.body()
        return joined_shown(*invitations.accept_link(actor=signed_in(request), token=token))


urlpatterns = [
    path("invitations/", InvitationsView.as_view(), name="invitations"),
    path("invitations/links/<str:token>/", LinkView.as_view(), name="link"),
    path("invitations/<str:id>/", InvitationView.as_view(), name="invitation"),
    path("invitations/<str:id>/accept/", AcceptView.as_view(), name="accept_invitation"),
]
