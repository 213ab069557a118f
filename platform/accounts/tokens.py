"""API tokens: named keys of programs. Knox makes and hashes them; they are shown once, when they are issued."""

import hashlib
import re
from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiToken, User
from accounts.names import one_line
from foundation.errors import ERRORS, ChatError, FieldError, invalid
from foundation.evictions import evict
from foundation.limits import TOKEN_NAME_MAX_CHARS, TOKENS_PER_USER

SCHEME = "Token"
USE_NOTED_EVERY = timedelta(minutes=1)
_HEADER = re.compile(rb"(?i:token) ([!-~]{1,256})")
_PUBLIC_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def session_name(session_key: str) -> str:
    """The name under which the sockets of a session are closed; it does not give the key away."""
    return f"session:{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def token_name(token: ApiToken) -> str:
    """The name under which the sockets of a token are closed."""
    return f"token:{token.public_id}"


def tokens_of(actor: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=actor)


def issue_token(*, actor: User, name: str) -> tuple[ApiToken, str]:
    """Make a token for the actor's programs; the text beside it cannot be had again.

    Raises `validation_error`, with the code `too_many` from the token after TOKENS_PER_USER on.
    """
    name = one_line(name, field="name", max_chars=TOKEN_NAME_MAX_CHARS)
    if not name:
        raise invalid("name", "blank", "A token needs a name that says what it is for.")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.pk)  # two programs cannot both take the last place
        if not user.is_active:
            raise ChatError("unauthenticated")
        if tokens_of(user).count() >= TOKENS_PER_USER:
            detail = f"You have {TOKENS_PER_USER} tokens; revoke one first."
            raise ChatError("validation_error", detail, errors=[FieldError("", "too_many", detail)])
        token, text = ApiToken.objects.create(user=user, name=name)
    return token, text


def revoke_token(*, actor: User, public_id: str) -> None:
    """Delete a token of the actor's and close the sockets it opened. Raises `not_found`."""
    token = tokens_of(actor).filter(public_id=public_id).first() if _PUBLIC_ID.fullmatch(public_id) else None
    if token is None:
        raise ChatError("not_found")
    withdraw(token)


def revoke_all_tokens(*, actor: User) -> None:
    """Delete all tokens of the actor's and close the sockets they opened."""
    with transaction.atomic():
        for token in tokens_of(actor):
            withdraw(token)


def withdraw(token: ApiToken) -> None:
    """Delete a token, whoever it belongs to, and close the sockets it opened."""
    with transaction.atomic():
        evict(code="unauthenticated", who=token_name(token))
        token.delete()


def authenticate(header: bytes) -> tuple[User, ApiToken]:
    """The person and the token of an Authorization header, in one query.

    Raises DRF's `AuthenticationFailed`, always in the same words."""
    found = _HEADER.fullmatch(header)
    token = valid_tokens().filter(digest=hash_token(found[1].decode())).first() if found else None
    if token is None:
        raise AuthenticationFailed(ERRORS["unauthenticated"].title)
    _note_use(token)
    return token.user, token


def valid_tokens() -> QuerySet[ApiToken]:
    """Tokens that let their owner in, with the owner."""
    lasting = Q(expiry=None) | Q(expiry__gt=timezone.now())
    return ApiToken.objects.filter(lasting, user__is_active=True).select_related("user")


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    # A busy database may miss the note; that is no reason to turn the program away.
    with suppress(DatabaseError), transaction.atomic():
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
