"""The page on which a room's owners read what its moderators did."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.models import public_user
from chat.pages import ROOMS_PER_PAGE, draw, page, signed_in
from rooms import policies
from rooms.audit import entries_of
from rooms.directory import room_as_listed, title_of
from rooms.models import AuditEntry

WORDS = {
    "member.added": "added",
    "member.removed": "removed",
    "role.changed": "changed the role of",
    "person.banned": "banned",
    "ban.lifted": "lifted the ban of",
    "message.deleted": "deleted a message of",
    "messages.purged": "deleted all messages of",
    "invitation.made": "invited",
    "invitation.revoked": "took back the invitation of",
    "room.updated": "changed the room",
    "room.archived": "archived the room",
    "room.unarchived": "opened the room again",
    "room.exported": "exported the room",
    "room.imported": "imported the room",
}
OF_LINKS = {"invitation.made": "made an invitation link", "invitation.revoked": "took back an invitation link"}


@page
@require_http_methods(["GET", "HEAD"])
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """What was done in the room, newest first."""
    actor = signed_in(request)
    entries = entries_of(actor=actor, slug=slug)
    room = room_as_listed(actor=actor, slug=slug)
    pages = Paginator(entries, ROOMS_PER_PAGE).get_page(request.GET.get("page"))
    access = policies.room_for(actor, slug)
    context = {
        "access": access,
        "mine": access.membership,
        "room": room,
        "title": title_of(room, actor),
        "pages": pages,
        "entries": [_row(each) for each in pages],
    }
    return draw(request, "chat/audit.html", context)


def _row(entry: AuditEntry) -> dict[str, Any]:
    words = WORDS.get(entry.action, entry.action)
    if entry.subject is None:
        words = OF_LINKS.get(entry.action, words)
    return {
        "actor": public_user(entry.actor),
        "words": words,
        "subject": public_user(entry.subject),
        "what": ", ".join(f"{field}: {value}" for field, value in _told(entry.data).items()),
        "reason": entry.reason,
        "at": entry.at,
    }


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """The part of an entry's data that says something to people."""
    changes: dict[str, Any] = data.get("changes", {})
    told = {field: data[field] for field in ("role", "before", "until", "count") if data.get(field) is not None}
    return {**changes, **told}
