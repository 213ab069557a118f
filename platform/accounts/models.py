"""People and the tokens of their programs."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from knox.models import AbstractAuthToken

from accounts.names import USERNAME_MAX_CHARS, validate_username

AVATARS = "/files/avatars/"


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

    # The name of the picture's file, which is in its address too; a new picture has another.
    avatar = models.CharField(max_length=32, unique=True, null=True, editable=False)
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

    @property
    def avatar_url(self) -> str | None:
        """Where everybody finds the picture, or None."""
        return f"{AVATARS}{self.avatar}" if self.avatar else None

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name


class SignIn(models.Model):
    """A browser in which somebody signed in: what its person is shown of it, so that they can end it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.device} ({self.user})"


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
    return {"id": user.pk, "username": user.username, "name": user.display_name, "avatar": user.avatar_url}
