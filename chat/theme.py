"""Light or dark: by the system, or as somebody chose on this device. A cookie keeps it, so that the server draws the page
in the right colours before any script runs."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from chat.pages import page
from foundation.errors import ChatError

COOKIE = "parlor_theme"
CHOSEN = ("light", "dark")
SYSTEM = "system"
KEPT_S = 365 * 24 * 3600


def theme_of(request: HttpRequest | None) -> str:
    """What was chosen on this device; empty where the system decides."""
    chosen = request.COOKIES.get(COOKIE, "") if request is not None else ""
    return chosen if chosen in CHOSEN else ""


@page
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the choice whose button was pressed on this device, and go back to where it was pressed."""
    chosen = request.POST.get("theme", "")
    if chosen not in (*CHOSEN, SYSTEM):
        raise ChatError("bad_request")
    way = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(way, {request.get_host()}, require_https=request.is_secure()):
        way = reverse("rooms")
    response = redirect(way)
    if chosen == SYSTEM:
        response.delete_cookie(COOKIE, samesite="Lax")
    else:
        # The script reads it too, when an old page comes back out of the browser's memory.
        response.set_cookie(COOKIE, chosen, max_age=KEPT_S, samesite="Lax", secure=settings.HTTPS)
    return response
