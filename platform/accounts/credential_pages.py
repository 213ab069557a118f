"""The pages of what lets in as me: the devices where I am signed in, and the tokens of my programs."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.devices import end_other_sign_ins, end_sign_in, sign_ins_of
from accounts.models import User
from accounts.pages import actor_of, said
from accounts.tokens import issue_token, revoke_all_tokens, revoke_token, tokens_of
from foundation.errors import ChatError
from foundation.limits import TOKEN_NAME_MAX_CHARS


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """Where I am signed in; a POST signs out one of them, or all but this."""
    actor = actor_of(request)
    if request.method == "POST":
        _sign_out(request, actor)
        return redirect("account_devices")
    rows = sign_ins_of(actor)
    this = [each for each in rows if each.session_key == request.session.session_key]
    others = [each for each in rows if each not in this]
    return render(request, "account/devices.html", {"this": this, "others": others})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of my programs; a POST makes one, which is shown in its answer and never again, or revokes one."""
    actor = actor_of(request)
    context: dict[str, Any] = {}
    if request.method == "POST":
        match request.POST.get("do"):
            case "revoke":
                return _revoke(request, actor)
            case "revoke_all":
                revoke_all_tokens(actor=actor)
                messages.success(request, "All tokens are revoked.")
                return redirect("account_tokens")
            case "create":
                context = _create(request, actor)
            case _:
                raise Http404
    context |= {"tokens": tokens_of(actor).order_by("-created"), "name_max_chars": TOKEN_NAME_MAX_CHARS}
    return render(request, "account/tokens.html", context, status=400 if "complaint" in context else 200)


def _sign_out(request: HttpRequest, actor: User) -> None:
    try:
        match request.POST.get("do"):
            case "end":
                end_sign_in(actor=actor, public_id=request.POST.get("device", ""))
                messages.success(request, "That device is signed out.")
            case "end_others":
                ended = end_other_sign_ins(actor=actor, session=request.session)
                messages.success(request, f"{ended} other device{'' if ended == 1 else 's'} signed out.")
            case _:
                raise Http404
    except ChatError:
        messages.info(request, "That device was signed out already.")


def _create(request: HttpRequest, actor: User) -> dict[str, Any]:
    name = request.POST.get("name", "")
    try:
        made, secret = issue_token(actor=actor, name=name)
    except ChatError as error:
        return {"name": name, "complaint": said(error)}
    return {"made": made, "secret": secret}


def _revoke(request: HttpRequest, actor: User) -> HttpResponse:
    try:
        revoke_token(actor=actor, public_id=request.POST.get("token", ""))
        messages.success(request, "The token is revoked.")
    except ChatError:
        messages.info(request, "That token was revoked already.")
    return redirect("account_tokens")
