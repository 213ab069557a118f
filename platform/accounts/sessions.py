"""Sessions on their way to a socket: made fit for Channels' `AuthMiddlewareStack`, and asked again later.

Channels' own `get_user` knows no SECRET_KEY_FALLBACKS and deletes the session it cannot verify: after a new key every
tab that came back would have signed its person out of the whole site. So a session of an older key is signed anew first,
as Django does on a request.
"""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import Error
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare

from accounts.models import User
from foundation.database import in_database
from foundation.errors import ChatError
from foundation.handshake import App, Scope, refuse


def sessions(inner: App) -> App:
    """Wrap `AuthMiddlewareStack`: an unreadable session key does not reach the database, one of an older SECRET_KEY is
    renewed, and a database that is away is answered as HTTP 503."""

    async def prepared(scope: Scope, receive: Any, send: Any) -> None:
        key = _session_key(scope)
        try:
            if not (key.isascii() and key.isalnum()):
                # A database may choke on what else a cookie can hold (a NUL on PostgreSQL).
                headers = [header for header in scope["headers"] if header[0].lower() != b"cookie"]
                scope = {**scope, "headers": headers}
            elif settings.SECRET_KEY_FALLBACKS:
                await in_database(_renew, key)
            await inner(scope, receive, send)
        except (ChatError, Error):  # only before the accept: what comes after it, the consumer answers
            await refuse(ChatError("unavailable"), scope, receive, send)

    return prepared


def session_of(key: str) -> SessionBase:
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return store


def user_of(session: SessionBase) -> User | None:
    """Whoever is signed in with this session; None once it has expired, or the password changed, or the account is
    disabled."""
    pk = session.get(SESSION_KEY)
    user = User.objects.filter(pk=pk, is_active=True).first() if pk is not None else None
    if user is None:
        return None
    known = session.get(HASH_SESSION_KEY, "")
    good = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return user if any(constant_time_compare(known, each) for each in good) else None


def _renew(key: str) -> None:
    session = session_of(key)
    user = user_of(session)
    if user is not None and session[HASH_SESSION_KEY] != user.get_session_auth_hash():
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save(must_create=False)


def _session_key(scope: Scope) -> str:
    cookies = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"cookie"]
    found = [parse_cookie(text).get(settings.SESSION_COOKIE_NAME) for text in cookies]
    return next((key for key in reversed(found) if key is not None), "")
