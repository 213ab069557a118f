"""How I want to have a room, on its settings page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as notes
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from rooms.models import Notify
from rooms.policies import Access
from rooms.preferences import set_preferences

WORDS = {Notify.EVERYTHING: "everything", Notify.MENTIONS: "mentions of me", Notify.NOTHING: "nothing"}


def listed(access: Access) -> dict[str, Any]:
    """What the section draws: the choices and what is chosen."""
    return {"mine": access.membership, "notices": {str(value): words for value, words in WORDS.items()}}


def prefer(request: HttpRequest, actor: User, slug: str) -> str:
    chosen = {"muted": "muted" in request.POST, "favourite": "favourite" in request.POST}
    set_preferences(actor=actor, slug=slug, notify=request.POST.get("notify", Notify.EVERYTHING), **chosen)
    notes.success(request, "Saved.")
    return reverse("room_settings", args=[slug])


ACTIONS: dict[str, Callable[[HttpRequest, User, str], str]] = {"prefer": prefer}
