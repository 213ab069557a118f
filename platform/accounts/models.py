"""People and the tokens of their programs."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from knox.models import AbstractAuthToken

from accounts.names import USERNAME_MAX_CHARS, validate_username


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """A person or a program with an account. `name` is what others read, `username` what they mention."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    username = models.CharField(
        max_length=USERNAME_MAX_CHARS,
        unique=True,
        validators=[validate_username],
        error_messages={"unique": "This username is taken."},
    )
    name = models.CharField("display name", max_length=80, blank=True)

    # Whether others are told up to where this person has read.
    read_receipts = models.BooleanField(default=False)
    # Grows when the person signs out everywhere: sessions of an earlier number are over.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        if not self.session_epoch:
            return super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        named = f"{self.session_epoch}:{self.password}"
        return salted_hmac("accounts.models.User.session_epoch", named, secret=secret, algorithm="sha256").hexdigest()

    @property
    def display_name(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name


class ApiToken(AbstractAuthToken):
    """A named key for a program; only its hash is stored."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"


def public_user(user: Any) -> dict[str, Any] | None:
    """A person as everybody sees them in JSON, or None for a guest."""
    if user is None or not user.is_authenticated:
        return None
    return {"id": user.pk, "username": user.username, "name": user.display_name, "avatar": None}
