"""Who asks: a token in the header, or the session of the browser. Signed in is the default everywhere."""

from typing import Any

from rest_framework import authentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User
from foundation.errors import ERRORS, ChatError


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token parlor_…`. Any other Authorization header is refused rather than ignored: whoever sends
    one means not to be anybody else."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        if "Authorization" not in request.headers:
            return None
        return tokens.authenticate(authentication.get_authorization_header(request))

    def authenticate_header(self, request: Request) -> str:
        return tokens.SCHEME


class CsrfFailed(PermissionDenied):
    default_code = "csrf_failed"
    default_detail = ERRORS["csrf_failed"].title


class SessionAuthentication(authentication.SessionAuthentication):
    """The cookie of a browser that is signed in, with a CSRF token for everything but reading."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise `CsrfFailed`, which the stock class does not tell from a missing right."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None


class SignedIn(BasePermission):
    """Deny by default: a view that is for strangers says so."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.is_authenticated


def signed_in(request: Request) -> User:
    """Whoever asks. Raises `unauthenticated` for a guest."""
    if not isinstance(request.user, User):
        raise ChatError("unauthenticated")
    return request.user
