"""Tickets: for half a minute, and once, they stand for a session or a token where a socket can carry neither."""

import hashlib
import secrets
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache

from accounts.models import ApiToken, User
from accounts.sessions import user_of
from accounts.tokens import session_name, token_name, valid_tokens
from foundation.errors import ChatError
from foundation.limits import TICKET_LIFE_S


def issue_ticket(*, actor: User, credential: ApiToken | SessionBase) -> str:
    """A ticket for one socket of the actor's, which closes together with what asked for it."""
    held: dict[str, Any] = {"user": actor.pk}
    if isinstance(credential, ApiToken):
        held["token"] = credential.pk
    else:
        held["session"] = credential.session_key
    ticket = secrets.token_urlsafe(32)
    cache.set(_place(ticket), held, TICKET_LIFE_S)
    return ticket


def redeem_ticket(ticket: str) -> tuple[User, tuple[str, ...]]:
    """The person behind a ticket, and the name of their session or token, which must still be good.

    Raises `unauthenticated`, also for the second use."""
    held = cache.get(_place(ticket))
    # Whoever deletes it has it: of two who come at once only one is told that something was there.
    if held is None or not cache.delete(_place(ticket)):
        raise ChatError("unauthenticated")
    return _by_token(held) if "token" in held else _by_session(held)


def _by_token(held: dict[str, Any]) -> tuple[User, tuple[str, ...]]:
    token = valid_tokens().filter(pk=held["token"]).first()
    if token is None:
        raise ChatError("unauthenticated")
    return token.user, (token_name(token),)


def _by_session(held: dict[str, Any]) -> tuple[User, tuple[str, ...]]:
    user = user_of(SessionStore(held["session"]))
    if user is None or user.pk != held["user"]:
        raise ChatError("unauthenticated")
    return user, (session_name(held["session"]),)


def _place(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode(errors='replace')).hexdigest()}"
