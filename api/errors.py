"""From a refusal to an HTTP answer: `application/problem+json` with the words of the table in `foundation/errors.py`."""

import math
import sys
from collections.abc import Iterator
from typing import Any

from django.core import exceptions as django
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, NotSupportedError, ProgrammingError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.template import loader
from django.views import defaults
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response

from foundation.errors import ChatError, FieldError

PROBLEM_TYPE = "application/problem+json"
API_PREFIX = "/api/"
RETRY_DATABASE_AFTER_S = 2.0
FAULTS_OF_OURS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)

# The first row that fits decides.
CODES: tuple[tuple[type[BaseException], str], ...] = (
    (Http404, "not_found"),
    (drf.NotFound, "not_found"),
    (drf.NotAuthenticated, "unauthenticated"),
    (drf.AuthenticationFailed, "unauthenticated"),
    (drf.PermissionDenied, "forbidden"),
    (drf.MethodNotAllowed, "method_not_allowed"),
    (drf.NotAcceptable, "not_acceptable"),
    (drf.UnsupportedMediaType, "unsupported_media_type"),
    (drf.ParseError, "invalid_json"),
    (django.PermissionDenied, "forbidden"),
    (django.RequestDataTooBig, "payload_too_large"),
    (django.DisallowedHost, "bad_host"),
    (django.SuspiciousOperation, "bad_request"),
    (django.BadRequest, "bad_request"),
    (UnreadablePostError, "bad_request"),
)


def refusal_of(exc: BaseException | None) -> ChatError | None:
    """The refusal that an exception stands for, or None for a fault of ours."""
    match exc:
        case ChatError():
            return exc
        case drf.ValidationError():
            return _validation_error(list(_field_errors(exc.detail)))
        case drf.Throttled():
            return ChatError("rate_limited", retry_after_s=getattr(exc, "wait", None))
        case drf.PermissionDenied() if exc.get_codes() == "csrf_failed":
            return ChatError("csrf_failed")
        case RedisError():
            return ChatError("unavailable", retry_after_s=RETRY_DATABASE_AFTER_S)
        case DatabaseError() | InterfaceError() if not isinstance(exc, FAULTS_OF_OURS):
            return ChatError("unavailable", retry_after_s=RETRY_DATABASE_AFTER_S)
    return next((ChatError(code) for kind, code in CODES if isinstance(exc, kind)), None)


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None for a fault of ours: Django logs it once and `server_error` answers."""
    error = refusal_of(exc)
    if error is None:
        return None
    request, view = context.get("request"), context["view"]
    response = Response(error.problem(), status=error.refusal.status, headers=_headers(error))
    if error.refusal.status == 401:
        response["WWW-Authenticate"] = (view.get_authenticate_header(request) if request else None) or "Token"
    if request and not isinstance(getattr(request, "accepted_renderer", None), BrowsableAPIRenderer):
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        response.content_type = PROBLEM_TYPE
    return response


def problem_page(error: ChatError) -> HttpResponse:
    """The problem as a whole answer, outside of DRF: byte for byte what a view of the API answers."""
    body = JSONRenderer().render(error.problem())
    response = HttpResponse(body, status=error.refusal.status, content_type=PROBLEM_TYPE, headers=_headers(error))
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """handler400: a problem under /api/, a page elsewhere."""
    if not request.path.startswith(API_PREFIX):
        return defaults.bad_request(request, exception)
    return problem_page(refusal_of(exception) or ChatError("bad_request"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """handler403."""
    if not request.path.startswith(API_PREFIX):
        return defaults.permission_denied(request, exception)
    return problem_page(ChatError("forbidden"))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """handler404."""
    if not request.path.startswith(API_PREFIX):
        return defaults.page_not_found(request, exception)
    return problem_page(ChatError("not_found"))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """handler500, called while the exception is handled: 503 where the database is the reason."""
    error = refusal_of(sys.exc_info()[1]) or ChatError("internal")
    if request.path.startswith(API_PREFIX):
        return problem_page(error)
    # Not the whole context of a page: what fails may be the database, or the session.
    body = loader.render_to_string("500.html", {"request": request, "code": error.code})
    return HttpResponse(body, status=error.refusal.status if error.code == "unavailable" else 500)


def upgrade_required(request: HttpRequest) -> HttpResponse:
    """What a WebSocket address answers to plain HTTP."""
    response = problem_page(ChatError("upgrade_required"))
    response["Upgrade"] = "websocket"
    return response


def _headers(error: ChatError) -> dict[str, str]:
    return {} if error.retry_after_s is None else {"Retry-After": str(math.ceil(error.retry_after_s))}


def _validation_error(errors: list[FieldError]) -> ChatError:
    first = errors[0] if errors else None
    field = first.pointer.removeprefix("/") if first else ""
    detail = (f"{field}: {first.detail}" if field else first.detail) if first else None
    return ChatError("validation_error", detail, errors=errors)


def _field_errors(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """DRF's nested details as a flat list with pointers."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list):
        for inner in detail:
            yield from _field_errors(inner, pointer)
    else:
        yield FieldError(pointer, getattr(detail, "code", "invalid"), str(detail))
