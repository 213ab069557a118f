"""The pages on which people follow an invitation: by a link, or by name from their page of rooms."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User, public_user
from chat.pages import page
from foundation.errors import ChatError
from rooms import invitations

View = Callable[..., HttpResponse]


def invitation_page(view: View) -> View:
    """A page for who is signed in; what is wrong with the invitation is said calmly, and its address told to nobody."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            raise ChatError("unauthenticated")
        try:
            return view(request, request.user, *args, **kwargs)
        except ChatError as error:
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
def follow_link(request: HttpRequest, actor: User, token: str) -> HttpResponse:
    """The room that a link leads to, and a button that joins it; who is in already goes straight there."""
    if request.method == "POST":
        membership, _ = invitations.accept_link(actor=actor, token=token)
        return redirect("room", membership.room.slug)
    shown, member = invitations.link_shown(actor=actor, token=token)
    if member:
        return redirect("room", shown.room.slug)
    context = {"room": shown.room, "by": public_user(shown.created_by), "me": public_user(actor)}
    return render(request, "chat/invitation.html", context)


@require_POST
@invitation_page
def answer_invitation(request: HttpRequest, actor: User, public_id: str) -> HttpResponse:
    """Accept or decline a personal invitation, as the pressed button says."""
    match request.POST.get("do"):
        case "accept":
            membership, _ = invitations.accept_invitation(actor=actor, public_id=public_id)
            return redirect("room", membership.room.slug)
        case "decline":
            invitations.decline_invitation(actor=actor, public_id=public_id)
            notes.success(request, "Declined.")
            return redirect("rooms")
    raise ChatError("bad_request")
