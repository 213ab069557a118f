"""The browser's pages: each finds through the person who asks, calls one command, and draws.

All of them work without a script; `static/chat/room.js` makes the room page live.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages as notes
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from msgspec import to_builtins

from accounts import signup
from accounts.models import User, public_user
from chat import history
from chat.posting import post_message
from chat.presence import roster_of
from chat.timeline import lines_of
from foundation.errors import ChatError, invalid
from foundation.limits import MESSAGE_MAX_CHARS, ROOM_NAME_MAX_CHARS, ROOM_TOPIC_MAX_CHARS, SEQ_MAX
from rooms import lifecycle, membership, policies
from rooms.directory import matching, members_of, room_as_listed, visible_rooms
from rooms.models import Guests, Kind, Role, Room
from rooms.policies import Access, Person

ROOMS_PER_PAGE = 50
PEOPLE_SHOWN = 100
SEARCH_MAX_CHARS = 200
MODULES = [
    *("connection", "composer", "history", "message", "outbox", "people", "presence", "reading"),
    *("sentences", "socket", "timeline", "times", "typing"),
]
REFUSALS = {400: "400.html", 403: "403.html", 404: "404.html"}
View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """Draw a refusal as a page: to the sign-in form for the unknown, else in words."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ChatError as error:
            if error.code == "unauthenticated":
                return redirect_to_login(request.get_full_path())
            status = error.refusal.status
            return render(request, REFUSALS.get(status, "500.html"), status=status)

    # Never cached: after signing out, the back button shows nothing that was private.
    return never_cache(answer)


@page
@require_http_methods(["GET", "HEAD"])
def rooms(request: HttpRequest) -> HttpResponse:
    """The rooms of this person and the others they may read, found by words of name and topic."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_MAX_CHARS]
    found = matching(visible_rooms(request.user), words)
    signed_in = request.user.is_authenticated
    others = found.filter(my_role__isnull=True) if signed_in else found
    context = {
        "words": words,
        "mine": found.filter(my_role__isnull=False) if signed_in else [],
        "others": Paginator(others, ROOMS_PER_PAGE).get_page(request.GET.get("page")),
        "first_run": not signed_in and not User.objects.exists(),
    }
    return _draw(request, "chat/rooms.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_room(request: HttpRequest) -> HttpResponse:
    """A form that opens a room."""
    actor = _signed_in(request)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            opened = lifecycle.open_room(actor=actor, **_room_fields(request))
            return redirect("room", opened.slug)
        except ChatError as error:
            errors = _complaints(error)
    values = _room_fields(request) if errors else {"guests": Guests.NONE, "name": request.GET.get("name", "")}
    context = {"values": values, "errors": errors, **_room_limits()}
    return _draw(request, "chat/new_room.html", context, status=400 if errors else 200)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """A room with its newest messages; a POST writes one."""
    complaint = ""
    if request.method == "POST":
        try:
            return redirect(f"{reverse('room', args=[slug])}#m{_post(request, slug)}")
        except ChatError as error:
            if error.refusal.status not in {400, 409, 413}:
                raise
            complaint = next(iter(_complaints(error).values()))
    access = policies.room_for(request.user, slug)
    context = _room_context(request, access, _before(request)) | {
        "complaint": complaint,
        "text": request.POST.get("text", ""),
        "client_id": secrets.token_urlsafe(16),
    }
    return _draw(request, "chat/room.html", context, status=400 if complaint else 200)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What the room is and who is in it; a POST changes one thing, named by `do`."""
    actor = _signed_in(request)
    access = policies.room_for(actor, slug)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return redirect(_change(request, actor, slug))
        except ChatError as error:
            if error.refusal.status not in {400, 409}:
                raise
            errors = _complaints(error)
    listed = room_as_listed(actor=actor, slug=slug)
    pages = Paginator(members_of(actor=actor, slug=slug), ROOMS_PER_PAGE).get_page(request.GET.get("page"))
    values = {field: getattr(listed, field) for field in lifecycle.CHANGEABLE}
    if errors:
        values |= request.POST.dict()
    context = {
        "access": access,
        "room": listed,
        "pages": pages,
        "members": [{"who": public_user(each.user), "role": each.role} for each in pages],
        "may_vanish": slug != lifecycle.LOBBY,
        "values": values,
        "errors": errors,
        **_room_limits(),
    }
    return _draw(request, "chat/settings.html", context, status=400 if errors else 200)


def _post(request: HttpRequest, slug: str) -> int:
    # A form sends its line ends as CR LF; the script and the API send what was typed.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    client_id = request.POST.get("client_id") or None
    return post_message(actor=request.user, slug=slug, text=text, client_id=client_id).message.seq


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > SEQ_MAX:
        raise invalid("before", "invalid", "A sequence number: a whole number from 0.")
    return int(text)


def _room_context(request: HttpRequest, access: Access, before: int | None) -> dict[str, Any]:
    """Everything the room page draws, and under `start` what its script begins with."""
    user, slug = access.user, access.room.slug
    read = history.page(actor=user, slug=slug, before=before)
    lines = lines_of(read, before=before)
    listed = visible_rooms(user).get(pk=access.room.pk)
    roles = _roles(user, slug)
    roster = roster_of(access.room.group)
    here = [{"user": to_builtins(who), "role": roles.pop(who.id, (None, None))[1]} for who in roster.here]
    away = [{"user": who, "role": role} for who, role in roles.values()]
    people = {"here": here, "away": away, "here_count": roster.here_count, "guests_here": roster.guests_here}
    first_seq = read.messages[0].seq if read.messages else 0
    start = {
        "room": slug,
        "me": public_user(user),
        "seq": read.head,
        "epoch": read.epoch,
        "first_seq": first_seq,
        "has_older": read.has_older,
        "has_newer": read.has_newer,
        "message_max_chars": MESSAGE_MAX_CHARS,
        "people": people,
        "sign_in": f"{reverse('account_login')}?next={request.path}",
        "rooms": reverse("rooms"),
    }
    return {
        "access": access,
        "room": listed,
        "rooms": _sidebar(user, listed),
        "lines": lines,
        "first_seq": first_seq,
        "has_older": read.has_older,
        "has_newer": read.has_newer,
        "more_here": max(0, roster.here_count - len(here)),
        **people,
        "more_members": user.is_authenticated and listed.member_count > PEOPLE_SHOWN,
        "modules": [f"chat/{name}.js" for name in MODULES],
        "start": start,
    }


def _roles(user: Person, slug: str) -> dict[int, tuple[dict[str, Any] | None, str | None]]:
    """The first members by id, as others see them, with their roles; a guest is not told who they are."""
    if not user.is_authenticated:
        return {}
    members = members_of(actor=user, slug=slug)[:PEOPLE_SHOWN]
    return {each.user_id: (public_user(each.user), each.role) for each in members}


def _sidebar(user: Person, current: Room) -> list[Room]:
    rooms = visible_rooms(user)
    if user.is_authenticated:
        rooms = rooms.filter(my_role__isnull=False)
    listed: list[Room] = list(rooms[: ROOMS_PER_PAGE * 4])
    return listed if current in listed else [current, *listed]


def _change(request: HttpRequest, actor: User, slug: str) -> str:
    """Do what the pressed button says, and return the address to go on to."""
    back = reverse("room_settings", args=[slug])
    username = request.POST.get("username", "").strip().removeprefix("@").lower()
    match request.POST.get("do"):
        case "update":
            lifecycle.update_room(actor=actor, slug=slug, **_room_fields(request))
            notes.success(request, "Saved.")
        case "add":
            added = membership.add_member(actor=actor, slug=slug, username=username)
            notes.success(request, f"{added.user.display_name} is in.")
        case "remove":
            membership.remove_member(actor=actor, slug=slug, username=username)
            notes.success(request, f"{username} was removed.")
        case "make_owner" | "make_member" as action:
            role = Role.OWNER if action == "make_owner" else Role.MEMBER
            membership.change_role(actor=actor, slug=slug, username=username, role=role)
        case "join":
            membership.join_room(actor=actor, slug=slug)
            back = reverse("room", args=[slug])
        case "leave":
            membership.leave_room(actor=actor, slug=slug)
            back = reverse("rooms")
        case "delete" if request.POST.get("sure"):
            lifecycle.delete_room(actor=actor, slug=slug)
            back = reverse("rooms")
        case _:
            raise ChatError("bad_request")
    return back


def _room_fields(request: HttpRequest) -> dict[str, str]:
    kind = request.POST.get("kind", Kind.PUBLIC)
    guests = Guests.NONE if kind == Kind.PRIVATE else request.POST.get("guests", Guests.NONE)
    return {
        "name": request.POST.get("name", ""),
        "topic": request.POST.get("topic", "").strip(),
        "kind": kind,
        "guests": guests,
    }


def _room_limits() -> dict[str, int]:
    return {"name_max_chars": ROOM_NAME_MAX_CHARS, "topic_max_chars": ROOM_TOPIC_MAX_CHARS}


def _complaints(error: ChatError) -> dict[str, str]:
    """The sentence for each field, or one for the whole form."""
    return {each.pointer.strip("/"): each.detail for each in error.errors} or {"form": error.detail}


def _signed_in(request: HttpRequest) -> User:
    if not request.user.is_authenticated:
        raise ChatError("unauthenticated")
    return request.user


def _draw(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    context |= {"me": public_user(request.user), "signup_open": signup.is_open()}
    return render(request, template, context, status=status)
