"""The one account page that allauth has not: signing out everywhere."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.revocation import sign_out_everywhere


@require_POST
def everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of whoever presses the button, and go on to the sign-in form."""
    if request.user.is_authenticated:
        sign_out_everywhere(actor=request.user)
        request.session.flush()
        messages.success(request, "You are signed out on all devices.")
    return redirect("account_login")
