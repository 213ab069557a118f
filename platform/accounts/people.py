"""People as others and as they themselves see them, and what they may change about themselves."""

from typing import Any

from django.db import transaction

from accounts.models import User, public_user
from accounts.names import DISPLAY_NAME_MAX_CHARS, USERNAME_PATTERN, one_line
from foundation.errors import ChatError
from foundation.publishing import notify


def person_named(username: str) -> User:
    """Whoever has this username. Raises `not_found`."""
    # The pattern first: a database may choke on what it refuses (a NUL on PostgreSQL).
    user = User.objects.filter(username=username).first() if USERNAME_PATTERN.match(username) else None
    if user is None:
        raise ChatError("not_found")
    return user


def change_profile(*, actor: User, name: str | None = None, read_receipts: bool | None = None) -> User:
    """Give the actor another display name (an empty one shows the username), and let others know what they have read, or
    not. What is None stays. Raises `validation_error`."""
    shown = actor.display_name
    if name is not None:
        actor.name = one_line(name, field="name", max_chars=DISPLAY_NAME_MAX_CHARS)
    if read_receipts is not None:
        actor.read_receipts = read_receipts
    with transaction.atomic():
        actor.save(update_fields=["name", "read_receipts"])
        if actor.display_name != shown:
            tell_of(actor)
    return actor


def tell_of(user: User) -> None:
    """After the commit, let open pages show a person as they are now; it may be lost, and the next loading shows it."""
    notify("person.changed", user=public_user(user), fields={"name": user.name, "avatar": user.avatar})


def own_view(user: User) -> dict[str, Any]:
    """A person as they see themselves: what everybody sees, and what is theirs alone."""
    private = {
        "email": user.email,
        "is_administrator": user.is_superuser,
        "date_joined": user.date_joined,
        "read_receipts": user.read_receipts,
    }
    return {**(public_user(user) or {}), **private}
