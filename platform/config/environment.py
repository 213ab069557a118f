"""How values of the environment are read, and the key of an embedded server: every slip is one plain sentence."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

Rate = tuple[int, int]  # so many in so many seconds


def switch(name: str, *, default: bool) -> bool:
    """On or off; a slip of the pen is refused, where others would take it for off."""
    value = os.environ.get(name, str(default)).lower()
    if value not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.")
    return value in {"1", "true", "yes", "on"}


def number(name: str, *, default: int) -> int:
    """A whole number from 0."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number.")
    return int(text)


def rates(name: str, defaults: Mapping[str, Rate]) -> dict[str, Rate]:
    """How often something may be done, as `posts=300/60 joins=60/60` (a number in so many seconds), over the defaults;
    `off` is without bound."""
    text = os.environ.get(name, "")
    if text == "off":
        return {}
    found = dict(defaults)
    for word in text.split():
        given = re.fullmatch(r"(\w+)=([1-9]\d{0,9})/([1-9]\d{0,5})", word)
        if given is None or given[1] not in defaults:
            raise ImproperlyConfigured(f"{name} must be `off`, or words like posts=300/60 of: {', '.join(defaults)}.")
        found[given[1]] = int(given[2]), int(given[3])
    return found


def kept_key(directory: Path) -> str:
    """The secret key in the data directory, made there on first use and readable by its owner only."""
    path = directory / "secret_key"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        key = path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"PARLOR_DATA must be a directory to write in: {error}") from error
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no key. Put your copy of it there, or delete it and sign in anew.")
    return key


def _make_key(path: Path) -> None:
    # Written aside and put in place whole: of two that start at once, neither reads half a key.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
