"""Members over REST: `rooms/{slug}/members/` and one of them, by username or as `me`."""

from datetime import datetime
from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ChoiceField

from accounts.models import User
from api.account import ADA
from api.acquaintances import NamesQuery
from api.authentication import signed_in
from api.paging import page_of
from api.rooms import RoleWord
from api.schema import answer, asked, problems
from api.strict import StrictBody, StrictCharField, StrictQuery, StrictView, rendered
from foundation.errors import ChatError
from foundation.limits import REASON_MAX_CHARS
from rooms.directory import members_of
from rooms.events import Person, person
from rooms.membership import add_member, change_role, join_room, leave_room, remove_member
from rooms.models import Membership, Role

ME = "me"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a room. `read_seq`: up to where they have read, of those who let others know; else null."""

    user: Person | None
    role: RoleWord
    joined_at: datetime
    read_seq: int | None


class MemberPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of members, oldest first."""

    next: str | None
    previous: str | None
    results: list[Member]


class RemovalQuery(StrictQuery):
    reason = StrictCharField(
        required=False,
        allow_blank=True,
        shape={"maxLength": REASON_MAX_CHARS},
        help_text="Why, in one line: for the audit, never for the room.",
    )


class MemberBody(StrictBody):
    role = ChoiceField(Role.choices, required=False, help_text="A new member is a `member` where nothing is said.")


ADA_IN_TEA = Member(user=ADA, role="owner", joined_at=datetime.fromisoformat("2026-11-23T12:00:00Z"), read_seq=42)


def member_shown(membership: Membership) -> Member:
    return Member(
        user=person(membership.user),
        role=membership.role,
        joined_at=membership.joined_at,
        read_seq=membership.read_seq if membership.user.read_receipts else None,
    )


class MembersView(StrictView):
    queries: ClassVar = {"GET": NamesQuery}

    @extend_schema(
        operation_id="members_list",
        summary="List the members of a room",
        description="Oldest first. Who is here now is another question: `presence/`.",
        responses={
            200: answer(MemberPage, "One page.", MemberPage(next=None, previous=None, results=[ADA_IN_TEA])),
            **problems("not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = dict(self.query)
        members = members_of(actor=signed_in(request), slug=slug, words=asked.pop("q", ""))
        return Response(page_of(request, members, member_shown, ordering="joined_at", **asked))


class MemberView(StrictView):
    queries: ClassVar = {"DELETE": RemovalQuery}
    bodies: ClassVar = {"PUT": MemberBody}

    @extend_schema(
        operation_id="members_retrieve",
        summary="Look at one member",
        description="Somebody who is not in the room is not found.",
        responses={200: answer(Member, "The member.", ADA_IN_TEA), **problems("not_found")},
    )
    def get(self, request: Request, slug: str, username: str) -> Response:
        me = signed_in(request)
        found = _member(me, slug, _named(me, username))
        if found is None:
            raise ChatError("not_found")
        return rendered(member_shown(found))

    @extend_schema(
        operation_id="members_update",
        summary="Join, add somebody, or give a role",
        description=(
            "With my own username, or `me`, I join a public room. With another's, an owner brings them in. "
            "With a `role`, an owner makes a member an owner or an owner a member."
        ),
        examples=[asked({}, "Join or add"), asked({"role": "owner"}, "Make an owner")],
        responses={
            200: answer(Member, "The member; they were in the room before.", ADA_IN_TEA),
            201: answer(Member, "The new member.", ADA_IN_TEA),
            **problems("validation_error", "forbidden", "not_found", "last_owner"),
        },
    )
    def put(self, request: Request, slug: str, username: str) -> Response:
        me, role = signed_in(request), self.body().get("role")
        username = _named(me, username)
        present = _member(me, slug, username)
        if present is None:
            return rendered(member_shown(_enter(me, slug, username, role)), 201)
        if role is not None and role != present.role:
            present = change_role(actor=me, slug=slug, username=username, role=role)
        elif username != me.username:
            present = add_member(actor=me, slug=slug, username=username)
        return rendered(member_shown(present))

    @extend_schema(
        operation_id="members_destroy",
        summary="Leave, or remove somebody",
        description=(
            "With my own username, or `me`, I leave. With another's, a moderator removes a member, an owner anybody: "
            "their sockets close."
        ),
        responses={
            204: answer(None, "They are no member now."),
            **problems("validation_error", "forbidden", "not_found", "last_owner"),
        },
    )
    def delete(self, request: Request, slug: str, username: str) -> Response:
        me = signed_in(request)
        username = _named(me, username)
        if username == me.username:
            leave_room(actor=me, slug=slug)
        else:
            remove_member(actor=me, slug=slug, username=username, **self.query)
        return Response(status=204)


def _named(actor: User, username: str) -> str:
    return actor.username if username == ME else username


def _member(actor: User, slug: str, username: str) -> Membership | None:
    return members_of(actor=actor, slug=slug).filter(user__username=username).first()


def _enter(actor: User, slug: str, username: str, role: str | None) -> Membership:
    """Bring in somebody who is not in: oneself as a member, anybody in any role where one may manage members."""
    if username == actor.username and role in {None, Role.MEMBER}:
        return join_room(actor=actor, slug=slug)
    return add_member(actor=actor, slug=slug, username=username, role=role or Role.MEMBER)
