"""Passwords at the API's door: the same check, and the same limit on failures, as on the sign-in page."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User
from foundation.errors import ChatError

RETRY_AFTER_S = 300


def user_with_password(request: HttpRequest, *, username: str, password: str) -> User:
    """Whoever has this username (or e-mail address) and this password.

    Raises `invalid_credentials`, in the same words and time for an unknown name, a wrong password and a disabled
    account; `rate_limited` after too many failures.
    """
    try:
        user = get_adapter(request).authenticate(request, username=username, password=password)
    except ValidationError:
        raise ChatError("rate_limited", retry_after_s=RETRY_AFTER_S) from None
    if user is None or not user.is_active:
        raise ChatError("invalid_credentials")
    found: User = user
    return found
