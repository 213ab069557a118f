"""Whoever loses the right to be here loses the open sockets too: sign-out, new password, disabled account.

A revoked token is the business of `accounts/tokens.py`, a removal from a room that of `rooms/membership.py`.
"""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from accounts.devices import forget_sign_in
from accounts.models import User
from accounts.tokens import session_name
from foundation.errors import ChatError
from foundation.evictions import evict


def close_sockets_of_session(*, request: HttpRequest | None, **_: Any) -> None:
    """End the session that signs out, and close its sockets. Connected to Django's `user_logged_out`, the only place that
    every way of signing out passes; Django flushes the session after it, but a socket that opens between must find none."""
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        session.delete(session.session_key)
        forget_sign_in(session.session_key)
        evict(code="unauthenticated", who=session_name(session.session_key))


def close_sockets_of(user: User) -> None:
    """Close all sockets of a person after the commit; those whose session or token is still good come back."""
    evict(code="unauthenticated", who=f"user:{user.pk}")


def sign_out_everywhere(*, actor: User) -> None:
    """End all sessions of a person, this one too, and close their sockets. Tokens of programs stay good."""
    with transaction.atomic():
        User.objects.filter(pk=actor.pk).update(session_epoch=F("session_epoch") + 1)
        close_sockets_of(actor)


def disable_account(*, actor: User, user: User) -> None:
    """Shut a person out: no sign-in, no token, and every open socket closes.

    Raises `forbidden` for oneself, so that an administrator always remains, and for who is no administrator."""
    _require_administrator(actor, user)
    with transaction.atomic():
        _set_active(user, False)
        close_sockets_of(user)


def enable_account(*, actor: User, user: User) -> None:
    """Let a person in again; their password and their tokens are what they were. Raises `forbidden`."""
    _require_administrator(actor, user)
    _set_active(user, True)


def _require_administrator(actor: User, user: User) -> None:
    if not actor.is_superuser:
        raise ChatError("forbidden")
    if actor.pk == user.pk:
        raise ChatError("forbidden", "You cannot disable your own account.")


def _set_active(user: User, active: bool) -> None:
    user.is_active = active
    user.save(update_fields=["is_active"])
