"""Handing a room over to another member, on its settings page."""

from collections.abc import Callable

from django.contrib import messages as notes
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from foundation.errors import ChatError, FieldError, invalid
from rooms.membership import hand_over


def give(request: HttpRequest, actor: User, slug: str) -> str:
    username = request.POST.get("heir", "").strip().removeprefix("@").lower()
    try:
        made = hand_over(actor=actor, slug=slug, username=username)
    except ChatError as error:
        if error.code == "not_found":
            raise invalid("heir", "unknown", "There is no member with this username.") from None
        renamed = [FieldError("/heir", each.code, each.detail) for each in error.errors]
        raise ChatError(error.code, error.detail, errors=renamed) from None
    notes.success(request, f"The room is {made.user.display_name}'s now, and you are a member.")
    return reverse("room_settings", args=[slug])


ACTIONS: dict[str, Callable[[HttpRequest, User, str], str]] = {"hand_over": give}
