"""What a username may be: few enough letters that no two names look alike."""

import re

from django.core.exceptions import ValidationError

USERNAME_MAX_CHARS = 32
USERNAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}\Z")
RESERVED = frozenset(
    [
        "admin",
        "administrator",
        "api",
        "everyone",
        "guest",
        "here",
        "me",
        "moderator",
        "null",
        "owner",
        "parlor",
        "root",
        "room",
        "support",
        "system",
        "undefined",
    ]
)


def validate_username(username: str) -> None:
    """Refuse what is not 1 to 32 of a-z 0-9 . _ - starting with a letter or digit, and what is reserved."""
    if not USERNAME_PATTERN.match(username):
        raise ValidationError(
            "Use 1 to 32 lower-case letters, digits, dots, hyphens and underscores, starting with a letter or digit.",
            code="invalid",
        )
    if username in RESERVED:
        raise ValidationError("This name is reserved.", code="reserved")
