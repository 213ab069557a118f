"""The pages that open a room, or a direct one with some people, and the fields of a room's form."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.models import public_user
from chat.pages import complaints, draw, page, signed_in
from foundation.errors import ChatError, invalid
from foundation.limits import DIRECT_PEOPLE_MAX, ROOM_DESCRIPTION_MAX_CHARS, ROOM_NAME_MAX_CHARS, ROOM_TOPIC_MAX_CHARS
from rooms.direct import open_direct
from rooms.directory import acquaintances
from rooms.lifecycle import open_room
from rooms.models import Guests, Kind, Posting

KNOWN_SHOWN = 50
SLOW_MODES = {
    0: "off",
    5: "5 seconds",
    10: "10 seconds",
    30: "30 seconds",
    60: "1 minute",
    300: "5 minutes",
    900: "15 minutes",
    3600: "1 hour",
    21600: "6 hours",
}
RETENTIONS = {
    0: "for ever",
    1: "1 day",
    7: "1 week",
    30: "30 days",
    90: "90 days",
    365: "1 year",
    1095: "3 years",
}


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_room(request: HttpRequest) -> HttpResponse:
    """A form that opens a room."""
    actor = signed_in(request)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return redirect("room", open_room(actor=actor, **room_fields(request)).slug)
        except ChatError as error:
            errors = complaints(error)
    values = request.POST.dict() if errors else {"name": request.GET.get("name", "")}
    context = {"values": values, "errors": errors, **form_context(values)}
    return draw(request, "chat/new_room.html", context, status=400 if errors else 200)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_direct(request: HttpRequest) -> HttpResponse:
    """A form that opens the direct room of some people, or finds it."""
    actor = signed_in(request)
    typed = " ".join([request.POST.get("people", request.GET.get("people", "")), *request.GET.getlist("with")]).strip()
    complaint = ""
    if request.method == "POST":
        usernames = [word.removeprefix("@").lower() for word in typed.replace(",", " ").split()]
        try:
            return redirect("room", open_direct(actor=actor, usernames=usernames)[0].slug)
        except ChatError as error:
            complaint = _about_people(error, usernames)
    picked = {word.removeprefix("@").lower() for word in typed.replace(",", " ").split() if "\0" not in word}
    known = acquaintances(actor=actor, words=request.GET.get("q", "").replace("\0", "").strip())
    shown = [public_user(each) for each in known.exclude(username__in=picked)[:KNOWN_SHOWN]]
    context = {"typed": typed, "complaint": complaint, "others_max": DIRECT_PEOPLE_MAX - 1, "known": shown}
    context["q"] = request.GET.get("q", "")
    return draw(request, "chat/new_direct.html", context, status=400 if complaint else 200)


def room_fields(request: HttpRequest) -> dict[str, Any]:
    """What the form of a room says, as the commands take it. Raises `validation_error`."""
    kind = request.POST.get("kind", Kind.PUBLIC)
    return {
        "name": request.POST.get("name", ""),
        "topic": request.POST.get("topic", "").strip(),
        "description": request.POST.get("description", "").replace("\r\n", "\n").strip(),
        "kind": kind,
        "guests": Guests.NONE if kind == Kind.PRIVATE else request.POST.get("guests", Guests.NONE),
        "posting": request.POST.get("posting", Posting.MEMBERS),
        "slow_mode_s": _number(request, "slow_mode_s", "seconds"),
        "retention_days": _number(request, "retention_days", "days"),
    }


def _number(request: HttpRequest, field: str, unit: str) -> int:
    text = request.POST.get(field, "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise invalid(field, "invalid", f"A number of {unit}.")
    return int(text)


def form_context(values: dict[str, Any]) -> dict[str, Any]:
    """What the form needs besides its values; a number between the steps stays what it is."""
    return {
        "slow_modes": _choices(SLOW_MODES, str(values.get("slow_mode_s", 0)), "seconds"),
        "retentions": _choices(RETENTIONS, str(values.get("retention_days", 0)), "days"),
        "name_max_chars": ROOM_NAME_MAX_CHARS,
        "topic_max_chars": ROOM_TOPIC_MAX_CHARS,
        "description_max_chars": ROOM_DESCRIPTION_MAX_CHARS,
    }


def _choices(steps: dict[int, str], chosen: str, unit: str) -> list[tuple[str, str, bool]]:
    choices = {str(number): words for number, words in steps.items()}
    if chosen.isascii() and chosen.isdigit():
        choices.setdefault(chosen, f"{chosen} {unit}")
    return [(number, words, number == chosen) for number, words in choices.items()]


def _about_people(error: ChatError, usernames: list[str]) -> str:
    """The first complaint, with the name that it is about."""
    first = error.errors[0]
    place = first.pointer.removeprefix("/people/")
    return f"{usernames[int(place)]}: {first.detail}" if place.isdigit() else first.detail
