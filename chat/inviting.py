"""The invitations on the settings page of a room: what its buttons do, and what is listed."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as notes
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User, public_user
from foundation.errors import ChatError, FieldError, invalid
from rooms import invitations
from rooms.policies import Access

SHOWN = 20
LIVES = {"3600": "an hour", "86400": "a day", "604800": "a week", "2592000": "30 days", "": "for ever"}
USES = ["", "1", "5", "10", "25", "100"]


def listed(request: HttpRequest, access: Access) -> dict[str, Any]:
    """What the section draws: the invitations that hold, newest first, and the choices for a link."""
    if not access.may("remove"):  # an archived room, too, lets nobody in whom it does not want
        return {}
    found = invitations.invitations_to(access.room).order_by("-created_at", "-pk")
    pages = Paginator(found, SHOWN).get_page(request.GET.get("invitations"))
    rows = [{"it": each, "who": public_user(each.invitee), "by": public_user(each.created_by)} for each in pages]
    return {"invitation_pages": pages, "invitations": rows, "lives": LIVES, "uses": USES}


def invite(request: HttpRequest, actor: User, slug: str) -> str:
    username = request.POST.get("invitee", "").strip().removeprefix("@").lower()
    try:
        made, new = invitations.invite_person(actor=actor, slug=slug, username=username)
    except ChatError as error:
        if not error.errors:
            raise
        renamed = [FieldError("/invitee", each.code, each.detail) for each in error.errors]
        raise ChatError(error.code, error.detail, errors=renamed) from None
    name = made.invitee.display_name if made.invitee else username
    notes.success(request, f"{name} is invited." if new else f"{name} was invited already.")
    return _back(slug)


def make_link(request: HttpRequest, actor: User, slug: str) -> str:
    life, uses = _number(request, "expires_in_s"), _number(request, "max_uses")
    _, token = invitations.make_link(actor=actor, slug=slug, expires_in_s=life, max_uses=uses)
    # Kept nowhere but in the browser's own cookie until the next page has shown it.
    notes.success(request, request.build_absolute_uri(reverse("invitation", args=[token])), extra_tags="link")
    return _back(slug)


def revoke(request: HttpRequest, actor: User, slug: str) -> str:
    try:
        invitations.revoke_invitation(actor=actor, slug=slug, public_id=request.POST.get("invitation", ""))
        notes.success(request, "Revoked.")
    except ChatError as error:
        if error.detail != invitations.not_valid().detail:
            raise
        notes.info(request, "That invitation was not valid any more.")
    return _back(slug)


ACTIONS: dict[str, Callable[[HttpRequest, User, str], str]] = {
    "invite": invite,
    "make_link": make_link,
    "revoke": revoke,
}


def _number(request: HttpRequest, field: str) -> int | None:
    """A whole number of the form, or None for nothing."""
    text = request.POST.get(field, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise invalid(field, "invalid", "A whole number, or nothing.")
    return int(text)


def _back(slug: str) -> str:
    return f"{reverse('room_settings', args=[slug])}#inviting"
