"""The bans on the settings page of a room: what its buttons do, and what is listed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages as notes
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, public_user
from chat.erasing import ban_and_purge
from foundation.errors import ChatError, FieldError, invalid
from foundation.limits import REASON_MAX_CHARS
from rooms.bans import ban_person, bans_in, lift_ban
from rooms.policies import Access

SHOWN = 20
TERMS = {"": "for good", "3600": "for an hour", "86400": "for a day", "604800": "for a week", "2592000": "for 30 days"}


def listed(request: HttpRequest, access: Access) -> dict[str, Any]:
    """What the section draws: who is banned now, newest first, and the choices of the form."""
    if not access.may("ban") or not isinstance(access.user, User):
        return {}
    pages = Paginator(bans_in(actor=access.user, slug=access.room.slug), SHOWN).get_page(request.GET.get("bans"))
    rows = [{"it": each, "who": public_user(each.user), "by": public_user(each.by)} for each in pages]
    return {"ban_pages": pages, "bans": rows, "terms": TERMS, "reason_max_chars": REASON_MAX_CHARS}


def ban(request: HttpRequest, actor: User, slug: str) -> str:
    username = request.POST.get("banned", "").strip().removeprefix("@").lower()
    term = request.POST.get("term", "")
    if term not in TERMS:
        raise ChatError("bad_request")
    until = timezone.now() + timedelta(seconds=int(term)) if term else None
    command = ban_and_purge if request.POST.get("purge") else ban_person
    try:
        made, new = command(
            actor=actor, slug=slug, username=username, reason=request.POST.get("reason", "").strip(), until=until
        )
    except ChatError as error:
        if error.code == "not_found":
            raise invalid("banned", "unknown", "There is nobody with this username.") from None
        renamed = [
            FieldError("/banned" if each.pointer == "/username" else each.pointer, each.code, each.detail)
            for each in error.errors
        ]
        raise ChatError(error.code, error.detail, errors=renamed) from None
    notes.success(request, f"{made.user.display_name} is banned{'' if new else ' as you say now'}.")
    return _back(slug)


def lift(request: HttpRequest, actor: User, slug: str) -> str:
    lift_ban(actor=actor, slug=slug, username=request.POST.get("banned", ""))
    notes.success(request, "The ban is lifted.")
    return _back(slug)


def _back(slug: str) -> str:
    return reverse("room_settings", args=[slug]) + "#bans"


ACTIONS: dict[str, Callable[[HttpRequest, User, str], str]] = {"ban": ban, "lift_ban": lift}
