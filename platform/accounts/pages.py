"""The account pages that allauth has not: the profile with its picture, and signing out everywhere."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.avatars import change_avatar, remove_avatar
from accounts.models import User, public_user
from accounts.names import DISPLAY_NAME_MAX_CHARS
from accounts.people import change_profile
from accounts.revocation import sign_out_everywhere
from foundation.errors import ChatError, invalid
from foundation.limits import FILE_MAX_BYTES


@require_POST
def everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of whoever presses the button, and go on to the sign-in form."""
    if request.user.is_authenticated:
        sign_out_everywhere(actor=request.user)
        request.session.flush()
        messages.success(request, "You are signed out on all devices.")
    return redirect("account_login")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """How others see me: my picture and my name, and whether they see what I have read."""
    user = actor_of(request)
    if request.method != "POST":
        return _profile(request, user)
    try:
        change_profile(actor=user, name=request.POST.get("name", ""), read_receipts="read_receipts" in request.POST)
    except ChatError as error:
        typed = {"name": request.POST.get("name", ""), "read_receipts": "read_receipts" in request.POST}
        return _profile(request, user, 400, complaint=said(error), **typed)
    messages.success(request, "Saved.")
    return redirect("account_profile")


@never_cache
@login_required
@require_POST
def avatar(request: HttpRequest) -> HttpResponse:
    """Change or remove my picture, as the pressed button says, and go back to the profile."""
    user = actor_of(request)
    try:
        if request.POST.get("do") == "remove":
            remove_avatar(actor=user)
            messages.success(request, "The picture is removed.")
            return redirect("account_profile")
        file = request.FILES.get("file")
        if file is None:
            raise invalid("file", "required", "Choose an image first.")
        change_avatar(actor=user, file=file, size=file.size or 0)
    except ChatError as error:
        return _profile(request, user, error.refusal.status, picture_complaint=said(error))
    messages.success(request, "That is how others see you now.")
    return redirect("account_profile")


def actor_of(request: HttpRequest) -> User:
    """Whoever is signed in, which `login_required` has seen to."""
    assert isinstance(request.user, User), "login_required"
    return request.user


def said(error: ChatError) -> str:
    """What is wrong, as one sentence to stand beside the field."""
    return next((each.detail for each in error.errors), error.detail)


def _profile(request: HttpRequest, user: User, status: int = 200, **typed: Any) -> HttpResponse:
    context = {
        "me": public_user(user),
        "name": user.name,
        "read_receipts": user.read_receipts,
        "name_max_chars": DISPLAY_NAME_MAX_CHARS,
        "file_max_bytes": FILE_MAX_BYTES,
        **typed,
    }
    return render(request, "account/profile.html", context, status=status)
