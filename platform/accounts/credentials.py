"""Who opens a socket: the session's cookie, a token in the header, or a single-use ticket in the address.

Runs inside `AuthMiddlewareStack`, which has put the session's person into the scope as `user`. Adds `credential`, the
names under which the socket is closed when the session ends or the token is revoked, and `credential_holds`, which asks
the database again: what was revoked before the socket could be told is then found.
"""

from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth.models import AnonymousUser
from rest_framework.exceptions import AuthenticationFailed

from accounts import tickets, tokens
from accounts.models import User
from accounts.sessions import session_of, user_of
from foundation import publishing
from foundation.database import in_database
from foundation.errors import ChatError
from foundation.handshake import App, Scope


def credentials(inner: App) -> App:
    """Let a token or ticket take the place of the session; a bad one is no one, whatever the cookie says."""

    async def resolved(scope: Scope, receive: Any, send: Any) -> None:
        headers = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("ticket")
        # The middleware's is lazy, and slow to touch.
        scope = {**scope, "user": getattr(scope["user"], "_wrapped", scope["user"])}
        try:
            if headers:
                scope["user"], scope["credential"] = await in_database(_by_token, headers)
            elif given is not None:
                scope["user"], scope["credential"] = await in_database(_by_ticket, given[0])
            else:
                scope["credential"] = _of_session(scope)
            scope["credential_holds"] = partial(
                _holds, scope["credential"], scope["session"].session_key, scope["evictions"]
            )
        except ChatError as error:
            # The consumer refuses after the accept: a browser cannot read a refused handshake.
            scope["user"], scope["refused"] = AnonymousUser(), error
        await inner(scope, receive, send)

    return resolved


def _of_session(scope: Scope) -> tuple[str, ...]:
    signed_in = scope["user"].is_authenticated
    return (tokens.session_name(scope["session"].session_key),) if signed_in else ()


def _holds(credential: tuple[str, ...], session_key: str | None, evictions: int) -> bool:
    """Whether the credential of a socket is still good; a guest has none to lose. While nobody was evicted since it was
    read, it need not be read again."""
    if evictions == publishing.evictions():
        return True
    for name in credential:
        kind, _, public_id = name.partition(":")
        if kind == "token":
            return tokens.valid_tokens().filter(public_id=public_id).exists()
        if session_key and name == tokens.session_name(session_key):
            return user_of(session_of(session_key)) is not None
    return True


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
