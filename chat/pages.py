"""The browser's pages: each finds through the person who asks, calls one command, and draws.

All of them work without a script; `static/chat/room.js` makes the room page live.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from msgspec import to_builtins

from accounts import signup
from accounts.models import User, public_user
from chat import history
from chat.erasing import delete_message
from chat.inbox import Waiting, waiting_in
from chat.posting import post_message
from chat.presence import roster_of
from chat.timeline import lines_of, span
from foundation.errors import ChatError, invalid
from foundation.limits import MESSAGE_MAX_CHARS, SEQ_MAX
from rooms import policies
from rooms.directory import matching, members_of, title_of, visible_rooms
from rooms.invitations import invitations_of
from rooms.models import Kind, Room
from rooms.policies import Access, Person, Standing

ROOMS_PER_PAGE = 50
PEOPLE_SHOWN = 100
DIRECTS_SHOWN = 100
SEARCH_MAX_CHARS = 200
MODULES = [
    *("composer", "connection", "deleting", "history", "inbox", "marker", "message", "outbox", "people", "presence"),
    *("reading", "sentences", "socket", "timeline", "times", "typing"),
]
REFUSALS = {400: "400.html", 403: "403.html", 404: "404.html", 410: "410.html"}
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
            return render(request, REFUSALS.get(status, "500.html"), {"detail": error.detail}, status=status)

    # Never cached: after signing out, the back button shows nothing that was private.
    return never_cache(answer)


@page
@require_http_methods(["GET", "HEAD"])
def rooms(request: HttpRequest) -> HttpResponse:
    """The rooms of this person and the others they may read, found by words of name and topic."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_MAX_CHARS]
    archived = request.GET.get("archived") == "true"
    found = matching(visible_rooms(request.user), words).filter(archived_at__isnull=not archived)
    user = request.user
    known = user.is_authenticated
    others = found.filter(my_role__isnull=True) if known else found
    mine = found.filter(my_role__isnull=False).exclude(kind=Kind.DIRECT) if known else found.none()
    directs = found.filter(kind=Kind.DIRECT).order_by("-last_seq", "pk")[:DIRECTS_SHOWN] if known else found.none()
    context = {
        "words": words,
        "archived": archived,
        "mine": waiting_in(mine, user),
        "directs": waiting_in(directs, user),
        "others": Paginator(others, ROOMS_PER_PAGE).get_page(request.GET.get("page")),
        "invitations": invitations_of(actor=user).order_by("-pk")[:ROOMS_PER_PAGE] if user.is_authenticated else [],
        "first_run": not known and not User.objects.exists(),
    }
    return draw(request, "chat/rooms.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: HttpRequest, slug: str) -> HttpResponse:
    """A room with its newest messages; a POST writes one."""
    complaint = ""
    if request.method == "POST":
        try:
            return redirect(f"{reverse('room', args=[slug])}#m{_post(request, slug)}")
        except ChatError as error:
            if error.refusal.status not in {400, 409, 413, 429} and error.code != "archived":
                raise
            complaint = next(iter(complaints(error).values()))
    access = policies.room_for(request.user, slug)
    context = _room_context(request, access, _before(request)) | {
        "complaint": complaint,
        "text": request.POST.get("text", ""),
        "client_id": secrets.token_urlsafe(16),
    }
    return draw(request, "chat/room.html", context, status=400 if complaint else 200)


def _post(request: HttpRequest, slug: str) -> int:
    # A form sends its line ends as CR LF; the script and the API send what was typed.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    client_id = request.POST.get("client_id") or None
    return post_message(actor=request.user, slug=slug, text=text, client_id=client_id).message.seq


@page
@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete the message whose button was pressed, and go back to it."""
    seq = request.POST.get("seq", "")
    if not (seq.isascii() and seq.isdigit()) or len(seq) > 16:
        raise ChatError("bad_request")
    delete_message(actor=signed_in(request), slug=slug, seq=int(seq))
    return redirect(f"{reverse('room', args=[slug])}#m{seq}")


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
    listed = visible_rooms(user).get(pk=access.room.pk)
    roles = _roles(user, slug)
    roster = roster_of(access.room.group)
    here = [{"user": to_builtins(who), "role": roles.pop(who.id, (None, None))[1]} for who in roster.here]
    away = [{"user": who, "role": role} for who, role in roles.values()]
    people = {"here": here, "away": away, "here_count": roster.here_count, "guests_here": roster.guests_here}
    first_seq = read.messages[0].seq if read.messages else 0
    return {
        "access": access,
        "room": listed,
        "title": title_of(listed, user),
        "slow_mode": _wait_of(access),
        **_sidebar(user, listed),
        "lines": lines_of(read, before=before),
        "first_seq": first_seq,
        "has_older": read.has_older,
        "has_newer": read.has_newer,
        "more_here": max(0, roster.here_count - len(here)),
        **people,
        "more_members": user.is_authenticated and listed.member_count > PEOPLE_SHOWN,
        "modules": [f"chat/{name}.js" for name in MODULES],
        "start": _start(request, access, read) | {"people": people},
    }


def _start(request: HttpRequest, access: Access, read: history.Page) -> dict[str, Any]:
    """What the script begins with."""
    return {
        "room": access.room.slug,
        "me": public_user(access.user),
        "seq": read.head,
        "epoch": read.epoch,
        "first_seq": read.messages[0].seq if read.messages else 0,
        "has_older": read.has_older,
        "has_newer": read.has_newer,
        "message_max_chars": MESSAGE_MAX_CHARS,
        "member": access.membership is not None,
        "may_delete": _may_delete(access),
        "sign_in": f"{reverse('account_login')}?next={request.path}",
        "rooms": reverse("rooms"),
    }


def _may_delete(access: Access) -> list[str]:
    """Which messages have a button; whoever posts becomes a member, and may delete that then."""
    own = access.may("delete_own") or (access.user.is_authenticated and access.may("post"))
    return [right for right, held in (("delete_own", own), ("delete_any", access.may("delete_any"))) if held]


def _wait_of(access: Access) -> str:
    """How long this person waits between two messages, in words; nothing where they do not."""
    waits = access.room.slow_mode_s and access.standing < Standing.MODERATOR
    return span(access.room.slow_mode_s) if waits else ""


def _roles(user: Person, slug: str) -> dict[int, tuple[dict[str, Any] | None, str | None]]:
    """The first members by id, as others see them, with their roles; a guest is not told who they are."""
    if not user.is_authenticated:
        return {}
    members = members_of(actor=user, slug=slug)[:PEOPLE_SHOWN]
    return {each.user_id: (public_user(each.user), each.role) for each in members}


def _sidebar(user: Person, current: Room) -> dict[str, list[Waiting]]:
    """The reader's rooms, and apart from them their direct ones; the one that is open is always among them."""
    rooms = visible_rooms(user).filter(archived_at=None)
    if user.is_authenticated:
        rooms = rooms.filter(my_role__isnull=False)
    listed: list[Room] = list(rooms[: ROOMS_PER_PAGE * 4])
    if current not in listed:
        listed.insert(0, current)
    waiting = waiting_in(listed, user)
    directs = [each for each in waiting if each.room.kind == Kind.DIRECT]
    return {"rooms": [each for each in waiting if each.room.kind != Kind.DIRECT], "directs": directs}


def complaints(error: ChatError) -> dict[str, str]:
    """The sentence for each field, or one for the whole form."""
    return {each.pointer.strip("/"): each.detail for each in error.errors} or {"form": error.detail}


def signed_in(request: HttpRequest) -> User:
    """Who asks. Raises `unauthenticated`, at which `page` leads to the sign-in form."""
    if not request.user.is_authenticated:
        raise ChatError("unauthenticated")
    return request.user


def draw(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Draw a page with what all of them show."""
    context |= {"me": public_user(request.user), "signup_open": signup.is_open()}
    return render(request, template, context, status=status)
