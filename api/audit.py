"""What moderators and administrators did in a room, over REST: `rooms/{slug}/audit/`."""

from typing import Any, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.account import ADA, Moment
from api.authentication import signed_in
from api.bans import MALLORY
from api.invitations import WHEN
from api.paging import PageQuery, page_of
from api.schema import answer, problems
from api.strict import StrictView
from rooms import models
from rooms.audit import entries_of
from rooms.events import Person, person


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One action: who did it, to whom, when and why. `data` is what else there is to know, by the kind of action."""

    action: str
    actor: Person | None
    subject: Person | None
    reason: str
    data: dict[str, Any]
    at: Moment


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit, newest first."""

    next: str | None
    previous: str | None
    results: list[AuditEntry]


SHOWN = AuditEntry(action="person.banned", actor=ADA, subject=MALLORY, reason="Spam", data={"until": None}, at=WHEN)


def entry_shown(entry: models.AuditEntry) -> AuditEntry:
    return AuditEntry(
        action=entry.action,
        actor=person(entry.actor),
        subject=person(entry.subject),
        reason=entry.reason,
        data=entry.data,
        at=entry.at,
    )


class AuditView(StrictView):
    queries: ClassVar = {"GET": PageQuery}

    @extend_schema(
        operation_id="rooms_audit_list",
        summary="Read what moderators did",
        description=(
            "For owners, newest first: `member.added`, `member.removed`, `role.changed`, `person.banned`, `ban.lifted`, "
            "`message.deleted`, `messages.purged`, `invitation.made`, `invitation.revoked`, `room.updated`, "
            "`room.archived`, `room.unarchived`, `room.exported`, "
            "`room.imported`. What people do to themselves is not here."
        ),
        responses={
            200: answer(AuditPage, "One page.", AuditPage(next=None, previous=None, results=[SHOWN])),
            **problems("forbidden", "not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        found = entries_of(actor=signed_in(request), slug=slug)
        return Response(page_of(request, found, entry_shown, ordering="-at", **self.query))
