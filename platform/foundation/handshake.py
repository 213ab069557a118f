"""What is refused before a WebSocket is accepted: foreign origins, wrong hosts, addresses too long, tokens in them.

These are answered as HTTP; what a browser must be able to read (who you are, which room) is refused after the accept,
with an error frame and a close code.
"""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from foundation.errors import ChatError
from foundation.limits import PATH_MAX_BYTES, QUERY_MAX_BYTES

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
TOKEN_PARAMETERS = {"token", "access_token", "api_token", "authorization", "key"}


def guard(inner: App) -> App:
    """Wrap the WebSocket application so that only handshakes that pass `check` reach it."""

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        try:
            check(scope)
        except ChatError as error:
            await refuse(error, scope, receive, send)
        else:
            await inner(scope, receive, send)

    return guarded


async def no_such_address(scope: Scope, receive: Any, send: Any) -> None:
    """The last WebSocket route: whatever no other route knows."""
    await refuse(ChatError("not_found"), scope, receive, send)


async def refuse(error: ChatError, scope: Scope, receive: Any, send: Any) -> None:
    """Answer the handshake with an HTTP problem; with a bare 403 where the server cannot (Daphne)."""
    await receive()
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    if error.retry_after_s is not None:
        headers.append((b"retry-after", str(math.ceil(error.retry_after_s)).encode()))
    status = error.refusal.status
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": json.dumps(error.problem()).encode()})


def check(scope: Scope) -> None:
    """Raise `uri_too_long`, `token_in_url`, `bad_host` or `origin_denied`."""
    query = scope.get("query_string", b"")
    if len(scope.get("raw_path") or scope["path"]) > PATH_MAX_BYTES or len(query) > QUERY_MAX_BYTES:
        raise ChatError("uri_too_long")
    names = parse_qs(query.decode("latin-1"), keep_blank_values=True).keys()
    if TOKEN_PARAMETERS & {name.lower() for name in names}:
        raise ChatError("token_in_url")
    host = _one(scope, b"host")
    if host is None or not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        raise ChatError("bad_host")
    _check_origin(scope, host, brings_own_credential="ticket" in names or bool(_all(scope, b"authorization")))


def _check_origin(scope: Scope, host: str, *, brings_own_credential: bool) -> None:
    """A page of ours may connect with its cookie. A foreign page or a program may connect with a ticket or a token,
    which the cookie then does not accompany; a program without a cookie needs no Origin."""
    origins = _all(scope, b"origin")
    if len(origins) > 1:
        raise ChatError("origin_denied")
    if origins and _is_ours(origins[0], scope, host):
        return
    if brings_own_credential and not (origins and _normal(origins[0]) is None):
        return
    if origins or _has_session_cookie(scope):
        raise ChatError("origin_denied")


def _is_ours(origin: str, scope: Scope, host: str) -> bool:
    secure = scope.get("scheme") in {"wss", "https"}
    ours = {_normal(f"{'https' if secure else 'http'}://{host}")}
    ours |= {_normal(trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS}
    normal = _normal(origin)
    return normal is not None and normal in ours


def _normal(origin: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of a well-formed origin, else None."""
    try:
        parts = urlsplit(origin)
        port = {"http": 80, "https": 443}[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        return None
    # Nothing else may be in it, not even what urlsplit overlooks: blanks, an empty query, an empty fragment.
    if not parts.hostname or "@" in parts.netloc or f"{parts.scheme}://{parts.netloc}".lower() != origin.lower():
        return None
    return parts.scheme, parts.hostname, port


def _has_session_cookie(scope: Scope) -> bool:
    return any(settings.SESSION_COOKIE_NAME in parse_cookie(value) for value in _all(scope, b"cookie"))


def _all(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _one(scope: Scope, name: bytes) -> str | None:
    values = _all(scope, name)
    return values[0].lower() if len(values) == 1 else None
