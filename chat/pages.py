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
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST
from msgspec import to_builtins

from accounts import signup
from accounts.models import User, public_user
from chat import history
from chat.erasing import delete_message
from chat.posting import post_message
from chat.presence import roster_of
from chat.scripts import first_of_all
from chat.sidebar import sections_of, sidebar_of
from chat.timeline import lines_of, span
from foundation.errors import ChatError, invalid
from foundation.limits import ATTACHMENTS_PER_MESSAGE, FILE_MAX_BYTES, MESSAGE_MAX_CHARS, SEQ_MAX
from rooms import policies
from rooms.directory import matching, members_of, title_of, visible_rooms
from rooms.invitations import invitations_of
from rooms.models import Kind, Membership, Role
from rooms.policies import Access, Person, Standing

ROOMS_PER_PAGE = 50
PEOPLE_SHOWN = 100
DIRECTS_SHOWN = 100
SEARCH_MAX_CHARS = 200
EMOJI = (
    *(("👍", "Thumbs up"), ("❤️", "Heart"), ("😂", "Laughing"), ("🎉", "Hooray")),
    *(("🙏", "Thank you"), ("😮", "Surprised"), ("😢", "Sad"), ("👀", "Looking")),
)
REFUSALS = {status: f"{status}.html" for status in (400, 403, 404, 409, 410, 429)}
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

    # Never cached: after signing out, the back button shows nothing that was private. Compressed, as most of a page is the
    # same for every message; Django adds random bytes, so that the length tells nothing of what is secret.
    return never_cache(gzip_page(answer))


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
    sections = sections_of([*mine, *directs], user)
    context = {
        "words": words,
        "archived": archived,
        "sections": sections,
        "has_rooms": any(section.rooms for section in sections),
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
            complaint = complaint_of(error)
    access = policies.room_for(request.user, slug)
    context = _room_context(request, access, _position(request)) | {
        "complaint": complaint,
        "text": request.POST.get("text", ""),
        "client_id": secrets.token_urlsafe(16),
    }
    return draw(request, "chat/room.html", context, status=400 if complaint else 200)


def _post(request: HttpRequest, slug: str) -> int:
    text, client_id = text_in(request)
    return post_message(actor=request.user, slug=slug, text=text, client_id=client_id).message.seq


def text_in(request: HttpRequest) -> tuple[str, str | None]:
    """What a form says, and its client_id. It sends its line ends as CR LF; the script and the API send what was typed."""
    return request.POST.get("text", "").replace("\r\n", "\n"), request.POST.get("client_id") or None


@page
@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete the message whose button was pressed, and go back to it."""
    seq = request.POST.get("seq", "")
    if not (seq.isascii() and seq.isdigit()) or len(seq) > 16:
        raise ChatError("bad_request")
    delete_message(actor=signed_in(request), slug=slug, seq=int(seq))
    return redirect(f"{reverse('room', args=[slug])}#m{seq}")


def _position(request: HttpRequest) -> dict[str, int]:
    """Which part of the log is asked for: before, after or around a number."""
    return {name: number_in(request, name) for name in ("before", "after", "around") if request.GET.get(name)}


def number_in(request: HttpRequest, name: str) -> int:
    """A sequence number in the address. Raises `validation_error`."""
    text = request.GET[name]
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > SEQ_MAX:
        raise invalid(name, "invalid", "A sequence number: a whole number from 0.")
    return int(text)


def _room_context(request: HttpRequest, access: Access, position: dict[str, int]) -> dict[str, Any]:
    """Everything the room page draws, and under `start` what its script begins with."""
    user, slug = access.user, access.room.slug
    read = history.page(actor=user, slug=slug, **position)
    listed = visible_rooms(user).get(pk=access.room.pk)
    roles = _roles(user, slug)
    roster = roster_of(access.room.group)
    here = [{"user": to_builtins(who), "role": roles.pop(who.id, (None, None))[1]} for who in roster.here]
    away = [{"user": who, "role": role} for who, role in roles.values()]
    people = {"here": here, "away": away, "here_count": roster.here_count, "guests_here": roster.guests_here}
    first_seq = read.messages[0].seq if read.messages else 0
    more_members = user.is_authenticated and listed.member_count > PEOPLE_SHOWN
    return {
        "access": access,
        "room": listed,
        "title": title_of(listed, user),
        "slow_mode": _wait_of(access),
        **sidebar_of(user, listed),
        "lines": lines_of(
            read,
            before=position.get("before"),
            after=position.get("after"),
            read=access.membership.read_seq if access.membership else None,
        ),
        "first_seq": first_seq,
        "last_seq": read.messages[-1].seq if read.messages else 0,
        "has_older": read.has_older,
        "has_newer": read.has_newer,
        "emoji": EMOJI,
        "more_here": max(0, roster.here_count - len(here)),
        **people,
        "more_members": more_members,
        "modules": first_of_all("room", "keys", "theme", *(("inbox", "notified") if user.is_authenticated else ())),
        "start": _start(request, access, read) | {"people": people, "more_members": more_members},
    }


def _start(request: HttpRequest, access: Access, read: history.Page) -> dict[str, Any]:
    """What the script begins with."""
    return {
        "room": access.room.slug,
        "me": public_user(access.user),
        "seq": read.head,
        "epoch": read.epoch,
        "has_newer": read.has_newer,
        "first_unread": _first_unread(access, read),
        "message_max_chars": MESSAGE_MAX_CHARS,
        "attachments_max": ATTACHMENTS_PER_MESSAGE,
        "file_max_bytes": FILE_MAX_BYTES,
        "member": access.membership is not None,
        "capabilities": access.capabilities,
        "as_member": _as_member(access),
        "sign_in": f"{reverse('account_login')}?next={request.path}",
        "rooms": reverse("rooms"),
    }


def _first_unread(access: Access, read: history.Page) -> int | None:
    """The first message that this person has not read, where the page begins after it."""
    seen = access.membership.read_seq if access.membership else 0
    if not seen or not read.has_older or read.messages[0].seq <= seen + 1:
        return None
    first = history.page(actor=access.user, slug=access.room.slug, after=seen, limit=1).messages[0].seq
    return first if first < read.messages[0].seq else None


def _as_member(access: Access) -> list[str]:
    """What this person may do from the moment they are a member: whoever posts becomes one."""
    if access.membership is not None or not access.user.is_authenticated:
        return access.capabilities
    joined = Membership(room=access.room, user=access.user, role=Role.MEMBER)
    return Access(access.room, access.user, joined).capabilities


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


def complaints(error: ChatError) -> dict[str, str]:
    """The sentence for each field, or one for the whole form."""
    return {each.pointer.strip("/"): each.detail for each in error.errors} or {"form": error.detail}


def complaint_of(error: ChatError) -> str:
    """What is wrong with a message, to be said beside its box. Raises what is to be a page of its own."""
    if error.refusal.status not in {400, 409, 413, 429} and error.code != "archived":
        raise error
    return next(iter(complaints(error).values()))


def signed_in(request: HttpRequest) -> User:
    """Who asks. Raises `unauthenticated`, at which `page` leads to the sign-in form."""
    if not request.user.is_authenticated:
        raise ChatError("unauthenticated")
    return request.user


def draw(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Draw a page with what all of them show."""
    context |= {"me": public_user(request.user), "signup_open": signup.is_open()}
    return render(request, template, context, status=status)
