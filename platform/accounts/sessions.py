"""Sessions on their way to a socket: made fit for Channels' `AuthMiddlewareStack`, and asked again later.

Channels' own `get_user` knows no SECRET_KEY_FALLBACKS and deletes the session it cannot verify: after a new key every
tab that came back would have signed its person out of the whole site. So a session of an older key is signed anew first,
as Django does on a request. Session and person are read here, off the one thread in which Channels would read them for
all sockets; `AuthMiddlewareStack` finds both.
"""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import Error
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare

from accounts.backend import known
from accounts.models import User
from foundation import publishing
from foundation.database import in_database
from foundation.errors import ChatError
from foundation.handshake import App, Scope, refuse
from foundation.statements import select_in


def sessions(inner: App) -> App:
    """Wrap `AuthMiddlewareStack`: it is given the session, which is renewed where it is of an older SECRET_KEY; an
    unreadable session key does not reach the database, and a database that is away is answered as HTTP 503."""

    async def prepared(scope: Scope, receive: Any, send: Any) -> None:
        key = _session_key(scope)
        scope = {**scope, "evictions": publishing.evictions()}
        try:
            if not (key.isascii() and key.isalnum()):
                # A database may choke on what else a cookie can hold (a NUL on PostgreSQL).
                headers = [header for header in scope["headers"] if header[0].lower() != b"cookie"]
                scope["headers"] = headers
            else:
                scope["session"], user = await in_database(_load, key)
                known.set(user)
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
    user = next(iter(select_in(User, id=[pk])), None) if pk is not None else None
    if user is None or not user.is_active:
        return None
    known_hash = session.get(HASH_SESSION_KEY, "")
    good = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return user if any(constant_time_compare(known_hash, each) for each in good) else None


def _load(key: str) -> tuple[SessionBase, User | None]:
    session = session_of(key)
    user = user_of(session)
    if user is not None and session[HASH_SESSION_KEY] != user.get_session_auth_hash():
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save(must_create=False)
    return session, user


def _session_key(scope: Scope) -> str:
    cookies = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"cookie"]
    found = [parse_cookie(text).get(settings.SESSION_COOKIE_NAME) for text in cookies]
    return next((key for key in reversed(found) if key is not None), "")
