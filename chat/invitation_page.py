"""The pages on which people follow an invitation: by a link, or by name from their page of rooms."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import public_user
from chat.pages import draw, page, signed_in
from foundation.errors import ChatError
from rooms import invitations

View = Callable[..., HttpResponse]


def invitation_page(view: View) -> View:
    """A page that says calmly what is wrong with the invitation, and tells its address to nobody."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ChatError as error:
            if error.code == "unauthenticated":
                raise
            context = {"reason": error.detail, "me": public_user(request.user)}
            return render(request, "chat/no_invitation.html", context, status=error.refusal.status)

    shown = page(answer)

    @wraps(view)
    def unreferred(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = shown(request, *args, **kwargs)
        # Not no-referrer: browsers then send `Origin: null` with the form, and the CSRF check refuses it.
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    return unreferred


@require_http_methods(["GET", "HEAD", "POST"])
@invitation_page
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """The room that a link leads to, and a button that joins it; who is in already goes straight there.

    Who has the link may know the room: a stranger is shown it too, with the way to an account and back."""
    if request.method == "POST":
        membership, _ = invitations.accept_link(actor=signed_in(request), token=token)
        return redirect("room", membership.room.slug)
    if request.user.is_authenticated:
        shown, member = invitations.link_shown(actor=request.user, token=token)
        if member:
            return redirect("room", shown.room.slug)
    else:
        shown = invitations.link_announced(token=token)
    context = {"room": shown.room, "by": public_user(shown.created_by), "members": shown.room.memberships.count()}
    return draw(request, "chat/invitation.html", context)


@require_POST
@invitation_page
def answer_invitation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Accept or decline a personal invitation, as the pressed button says."""
    actor = signed_in(request)
    match request.POST.get("do"):
        case "accept":
            membership, _ = invitations.accept_invitation(actor=actor, public_id=public_id)
            return redirect("room", membership.room.slug)
        case "decline":
            invitations.decline_invitation(actor=actor, public_id=public_id)
            notes.success(request, "Declined.")
            return redirect("rooms")
    raise ChatError("bad_request")
