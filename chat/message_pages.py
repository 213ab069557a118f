"""The pages of single messages: their permanent addresses, threads, earlier texts, and the pins and files of a room."""

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import public_user
from chat import history
from chat.editing import versions_of
from chat.gallery import sent_before
from chat.pages import complaint_of, draw, number_in, page, text_in
from chat.pinning import pinned_in
from chat.posting import post_message
from chat.timeline import lines_apart, thread_lines
from foundation.errors import ChatError
from rooms import policies
from rooms.directory import title_of, visible_rooms
from rooms.policies import Person


@page
@require_http_methods(["GET", "HEAD"])
def permalink(request: HttpRequest, slug: str, seq: int) -> HttpResponse:
    """Lead to a message where it stands in its room."""
    history.message_at(actor=request.user, slug=slug, seq=seq)
    return redirect(f"{reverse('room', args=[slug])}?around={seq}#m{seq}")


@page
@require_http_methods(["GET", "HEAD"])
def revisions(request: HttpRequest, slug: str, seq: int) -> HttpResponse:
    """What a message said, the present text first."""
    versions = list(versions_of(actor=request.user, slug=slug, seq=seq))
    message = history.message_at(actor=request.user, slug=slug, seq=seq)
    context = {"seq": seq, "author": public_user(message.author), "versions": versions[::-1]}
    return draw(request, "chat/revisions.html", _room(request.user, slug) | context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, slug: str, seq: int) -> HttpResponse:
    """A message and the replies to it, oldest first; a POST writes one. Of a reply: the thread that it is in."""
    root = history.message_at(actor=request.user, slug=slug, seq=seq)
    if root.thread is not None:
        return redirect(f"{reverse('thread', args=[slug, root.thread])}#m{seq}")
    complaint, address = "", reverse("thread", args=[slug, seq])
    if request.method == "POST":
        try:
            reply = _reply(request, slug, seq)
            return redirect(f"{address}?after={reply - 1}#m{reply}")
        except ChatError as error:
            complaint = complaint_of(error)
    after = number_in(request, "after") if request.GET.get("after") else 0
    replies = history.page(actor=request.user, slug=slug, thread=seq, after=after)
    context = {
        "seq": seq,
        "count": root.reply_count or 0,
        "lines": thread_lines(root, replies.messages, slug),
        "last_seq": replies.messages[-1].seq if replies.messages else seq,
        "has_newer": replies.has_newer,
        "has_older": replies.has_older,
        "may_reply": root.deleted_at is None,
        "complaint": complaint,
        "text": request.POST.get("text", ""),
        "client_id": secrets.token_urlsafe(16),
    }
    status = 400 if complaint else 200
    return draw(request, "chat/thread.html", _room(request.user, slug) | context, status=status)


def _reply(request: HttpRequest, slug: str, seq: int) -> int:
    text, client_id = text_in(request)
    return post_message(actor=request.user, slug=slug, text=text, client_id=client_id, reply_to=seq).message.seq


@page
@require_http_methods(["GET", "HEAD"])
def pins(request: HttpRequest, slug: str) -> HttpResponse:
    """The pinned messages of a room, the latest pin first."""
    _, pinned = pinned_in(actor=request.user, slug=slug)
    context = {"lines": lines_apart(pinned, slug)}
    return draw(request, "chat/pins.html", _room(request.user, slug) | context)


@page
@require_http_methods(["GET", "HEAD"])
def files(request: HttpRequest, slug: str) -> HttpResponse:
    """The files of a room, newest first: its pictures, and all others."""
    before = number_in(request, "before") if request.GET.get("before") else None
    sent, more_before = sent_before(actor=request.user, slug=slug, before=before)
    context = {
        "pictures": [each for each in sent if each.file.thumbnail_url],
        "others": [each for each in sent if not each.file.thumbnail_url],
        "more_before": more_before,
        "is_later_page": before is not None,
    }
    return draw(request, "chat/files.html", _room(request.user, slug) | context)


def _room(user: Person, slug: str) -> dict[str, Any]:
    access = policies.room_for(user, slug)
    room = visible_rooms(user).get(pk=access.room.pk)
    return {"access": access, "room": room, "title": title_of(room, user)}
