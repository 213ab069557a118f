"""What names may be: usernames of few enough letters that no two look alike, display names of one visible line."""

import re
import unicodedata

from django.core.exceptions import ValidationError

from foundation.errors import invalid

USERNAME_MAX_CHARS = 32
DISPLAY_NAME_MAX_CHARS = 80
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


def one_line(text: str, *, field: str, max_chars: int) -> str:
    """The text in Unicode's composed form and without blanks around it.

    Raises `validation_error` where it is too long or has characters that nobody sees."""
    text = unicodedata.normalize("NFC", text).strip()
    check_line(text, field=field, max_chars=max_chars)
    return text


def check_line(text: str, *, field: str, max_chars: int) -> None:
    """Raise `validation_error` for text that is too long or has characters that nobody sees."""
    if len(text) > max_chars:
        raise invalid(field, "max_length", f"At most {max_chars} characters.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char != "\u200d" for char in text):
        raise invalid(field, "control_character", "Invisible and control characters are not allowed.")
