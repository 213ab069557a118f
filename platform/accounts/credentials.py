"""Who opens a socket: the session's cookie, a token in the header, or a single-use ticket in the address.

Runs inside `SessionMiddlewareStack`, which has read the cookie. Puts `user` into the scope, and `credential`: the names
under which the socket is closed when the session ends or the token is revoked.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth.models import AnonymousUser
from rest_framework.exceptions import AuthenticationFailed

from accounts import tickets, tokens
from accounts.models import User
from accounts.sessions import user_of
from foundation.database import in_database
from foundation.errors import ChatError

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def credentials(inner: App) -> App:
    """Let a token or ticket take the place of the session; a bad one is no one, whatever the cookie says."""

    async def resolved(scope: Scope, receive: Any, send: Any) -> None:
        headers = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("ticket")
        scope = dict(scope)
        try:
            if headers:
                scope["user"], scope["credential"] = await in_database(_by_token, headers)
            elif given is not None:
                scope["user"], scope["credential"] = await in_database(_by_ticket, given[0])
            else:
                scope["user"], scope["credential"] = await in_database(_by_session, scope["session"])
        except ChatError as error:
            # The consumer refuses after the accept: a browser cannot read a refused handshake.
            scope["user"], scope["credential_refused"] = AnonymousUser(), error
        await inner(scope, receive, send)

    return resolved


def _by_session(session: Any) -> tuple[User | AnonymousUser, tuple[str, ...]]:
    key = session.session_key or ""
    # Letters and digits first: a database may choke on what else a cookie can hold (a NUL on PostgreSQL).
    user = user_of(session) if key.isascii() and key.isalnum() else None
    return (user, (tokens.session_name(key),)) if user else (AnonymousUser(), ())


def _by_token(headers: list[bytes]) -> tuple[User, tuple[str, ...]]:
    if len(headers) != 1:
        raise ChatError("unauthenticated")
    try:
        user, token = tokens.authenticate(headers[0])
    except AuthenticationFailed:
        raise ChatError("unauthenticated") from None
    return user, (tokens.token_name(token),)


def _by_ticket(ticket: str) -> tuple[User, tuple[str, ...]]:
    return tickets.redeem_ticket(ticket)
