"""Where somebody is signed in: a row for each browser, noted when it signs in and every few minutes while it is used.

A row only tells; what lets in is the session. So a row whose session is over is not shown, and goes.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import SignIn, User
from accounts.sessions import session_of, user_of
from accounts.tokens import session_name
from foundation.errors import ChatError
from foundation.evictions import evict

NOTED_EVERY_S = 300.0
KNOWN_MAX = 10_000
SHOWN_MAX = 50
UNKNOWN = "A program"
_BROWSERS = (
    ("Edge", re.compile(r"\bEdgi?A?(?:OS)?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Headless)?(?:Chrome|CriOS|Chromium)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("an iPhone", re.compile(r"\biPhone\b")),
    ("an iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("macOS", re.compile(r"\bMacintosh\b")),
    ("Linux", re.compile(r"\bLinux\b|\bX11\b")),
)
_noted: dict[str, float] = {}  # when this process last wrote a session down, by the name of its sockets


def device_in_words(agent: str) -> str:
    """What a browser says of itself, for people: "Firefox on Linux"."""
    browser = next((name for name, sign in _BROWSERS if sign.search(agent)), None)
    system = next((name for name, sign in _SYSTEMS if sign.search(agent)), None)
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else UNKNOWN)


def noting(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: write down, every few minutes, that a browser which is signed in was here."""

    def noted(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        user = getattr(request, "_cached_user", None)  # whoever was not asked for costs no query here
        if isinstance(user, User) and user.is_authenticated and request.session.session_key:
            _note_now_and_then(request, user)
        return response

    return noted


def note_sign_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Write a new session down. Connected to Django's `user_logged_in`, which every way of signing in passes."""
    if request.session.session_key is None:
        request.session.save()
    _note_now_and_then(request, user)


def sign_ins_of(actor: User) -> list[SignIn]:
    """Where the actor is signed in, the latest first; what is over is forgotten."""
    rows = list(SignIn.objects.filter(user=actor).order_by("-last_seen_at")[:SHOWN_MAX])
    good = [row for row in rows if user_of(session_of(row.session_key)) == actor]
    over = [row.pk for row in rows if row not in good]
    if over:
        SignIn.objects.filter(pk__in=over).delete()
    return good


def end_sign_in(*, actor: User, public_id: str) -> None:
    """End one session of the actor's and close its sockets. Raises `not_found`."""
    with transaction.atomic():
        row = next((each for each in sign_ins_of(actor) if str(each.public_id) == public_id), None)
        if row is None:
            raise ChatError("not_found")
        _end(row)


def end_other_sign_ins(*, actor: User, session: SessionBase) -> int:
    """End all sessions of the actor's but this one, and close their sockets; tell how many there were."""
    with transaction.atomic():
        others = [each for each in sign_ins_of(actor) if each.session_key != session.session_key]
        for row in others:
            _end(row)
    return len(others)


def forget_sign_in(session_key: str) -> None:
    """Drop the row of a session that ends."""
    _noted.pop(session_name(session_key), None)
    SignIn.objects.filter(session_key=session_key).delete()


def _end(row: SignIn) -> None:
    session_of(row.session_key).delete(row.session_key)
    evict(code="unauthenticated", who=session_name(row.session_key))
    row.delete()


def _note_now_and_then(request: HttpRequest, user: User) -> None:
    key, now = str(request.session.session_key), time.monotonic()
    name = session_name(key)
    if now - _noted.get(name, float("-inf")) < NOTED_EVERY_S:
        return
    if len(_noted) >= KNOWN_MAX:
        _noted.clear()
    _noted[name] = now
    seen = {"last_seen_at": timezone.now(), "device": device_in_words(request.META.get("HTTP_USER_AGENT", "")[:500])}
    # A busy database may miss the note; that is no reason to turn the person away.
    with suppress(DatabaseError), transaction.atomic():
        SignIn.objects.update_or_create(session_key=key, defaults={"user": user, **seen})
