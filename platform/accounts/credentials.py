"""Who opens a socket: the session's cookie, a token in the header, or a single-use ticket in the address.

Runs inside `AuthMiddlewareStack`, which has read the session. Puts `user` into the scope, and `credential`: the names
under which the socket is closed when the session ends or the token is revoked.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth.models import AnonymousUser
from rest_framework.exceptions import AuthenticationFailed

from accounts import tickets, tokens
from accounts.models import User
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
                scope["credential"] = session_credential(scope)
        except ChatError as error:
            # The consumer refuses after the accept: a browser cannot read a refused handshake.
            scope["user"], scope["credential_refused"] = AnonymousUser(), error
        await inner(scope, receive, send)

    return resolved


def session_credential(scope: Scope) -> tuple[str, ...]:
    """The name of a signed-in session, from a hash so that no message carries the key."""
    key = scope["session"].session_key if scope["user"].is_authenticated else None
    return (tokens.session_name(key),) if key else ()


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
