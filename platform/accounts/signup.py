"""Opening accounts: one set of rules for the API, the browser's form and the server's first account."""

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.names import DISPLAY_NAME_MAX_CHARS, one_line, validate_username
from foundation.deployment import lock_deployment
from foundation.errors import ChatError, FieldError, invalid

EMAIL_MAX_CHARS = 254
RETRY_AFTER_S = 60


def is_open() -> bool:
    """Whether anybody may open an account: always while there is none yet."""
    return settings.SIGNUP == "open" or not User.objects.exists()


def count_attempt(request: HttpRequest) -> None:
    """Count one sign-up of this address, together with those of the browser's form. Raises `rate_limited`."""
    if not ratelimit.consume(request, action="signup"):
        raise ChatError("rate_limited", retry_after_s=RETRY_AFTER_S)


def create_account(*, username: str, password: str, email: str = "", name: str = "") -> User:
    """Open an account; the server's first is its administrator.

    Raises `signup_closed`, `validation_error`, and `name_taken` where somebody has the username.
    """
    if not is_open():
        raise ChatError("signup_closed")
    user = User(
        username=username, email=email.lower(), name=one_line(name, field="name", max_chars=DISPLAY_NAME_MAX_CHARS)
    )
    _check(user, password)
    user.set_password(password)  # slow by design: before the lock
    with transaction.atomic():
        register(user)
        if user.email:
            if len(filter_users_by_email(user.email)) > 1:
                raise invalid("email", "taken", "Another account has this address.")
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user


def register(user: User) -> None:
    """Store a new account with its password set; the server's first becomes its administrator.

    Raises `signup_closed` and `name_taken`.
    """
    try:
        with transaction.atomic():
            lock_deployment()  # two people cannot both be the first
            if not is_open():
                raise ChatError("signup_closed")
            user.is_staff = user.is_superuser = not User.objects.exists()
            user.save(force_insert=True)
    except IntegrityError:
        raise ChatError("name_taken", errors=invalid("username", "taken", "This username is taken.").errors) from None


def _check(user: User, password: str) -> None:
    """Raise one `validation_error` with everything that is wrong."""
    errors = _errors("username", validate_username, user.username)
    if user.email:
        errors += _errors("email", _validate_email, user.email)
    errors += _errors("password", validate_password, password, user)
    if errors:
        raise ChatError("validation_error", errors=errors)


def _validate_email(email: str) -> None:
    if len(email) > EMAIL_MAX_CHARS:
        raise ValidationError(f"At most {EMAIL_MAX_CHARS} characters.", code="max_length")
    validate_email(email)


def _errors(field: str, validate: Callable[..., None], *values: Any) -> list[FieldError]:
    try:
        validate(*values)
    except ValidationError as error:
        return [FieldError(f"/{field}", one.code or "invalid", " ".join(one.messages)) for one in error.error_list]
    return []
