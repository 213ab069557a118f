"""How I want to have a room, on its settings page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as notes
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from foundation.errors import invalid
from foundation.limits import POSITION_MAX
from rooms.models import Notify
from rooms.policies import Access
from rooms.preferences import set_preferences

WORDS = {Notify.EVERYTHING: "everything", Notify.MENTIONS: "mentions of me", Notify.NOTHING: "nothing"}


def listed(access: Access) -> dict[str, Any]:
    """What the section draws: the choices and what is chosen."""
    notices = {str(value): words for value, words in WORDS.items()}
    return {"mine": access.membership, "notices": notices, "position_max": POSITION_MAX}


def prefer(request: HttpRequest, actor: User, slug: str) -> str:
    chosen: dict[str, Any] = {"muted": "muted" in request.POST, "favourite": "favourite" in request.POST}
    if "position" in request.POST:
        chosen["position"] = _position(request.POST["position"].strip())
    set_preferences(actor=actor, slug=slug, notify=request.POST.get("notify", Notify.EVERYTHING), **chosen)
    notes.success(request, "Saved.")
    return reverse("room_settings", args=[slug])


def _position(text: str) -> int | None:
    """A place in the list, or None for the one that the room's name gives. Raises `validation_error`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise invalid("position", "invalid", "A whole number, or nothing.")
    return int(text)


ACTIONS: dict[str, Callable[[HttpRequest, User, str], str]] = {"prefer": prefer}
