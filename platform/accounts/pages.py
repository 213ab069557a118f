"""The account pages that allauth has not: the profile, and signing out everywhere."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.names import DISPLAY_NAME_MAX_CHARS
from accounts.people import change_profile
from accounts.revocation import sign_out_everywhere
from foundation.errors import ChatError


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
    """How others see me: my name, and whether they see what I have read."""
    user, complaint = request.user, ""
    assert isinstance(user, User), "login_required"
    if request.method == "POST":
        try:
            change_profile(actor=user, name=request.POST.get("name", ""), read_receipts="read_receipts" in request.POST)
            messages.success(request, "Saved.")
            return redirect("account_profile")
        except ChatError as error:
            complaint = next((each.detail for each in error.errors), error.detail)
    context = {
        "name": request.POST.get("name", user.name),
        "name_max_chars": DISPLAY_NAME_MAX_CHARS,
        "read_receipts": "read_receipts" in request.POST if complaint else user.read_receipts,
        "complaint": complaint,
    }
    return render(request, "account/profile.html", context, status=400 if complaint else 200)
