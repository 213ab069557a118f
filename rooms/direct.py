"""Direct rooms: the one conversation of a set of people, which nobody joins, leaves or rules."""

import secrets
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.names import USERNAME_PATTERN
from foundation import rates
from foundation.errors import ChatError, FieldError, invalid
from foundation.limits import DIRECT_PEOPLE_MAX
from foundation.statements import select_in
from rooms import notices
from rooms.models import Kind, Membership, Role, Room

_SLUG_BYTES = 8


def open_direct(*, actor: User, usernames: Sequence[str]) -> tuple[Room, bool]:
    """The direct room of `actor` and these people, and whether it is new: for each set of people there is one.

    Raises `validation_error` for nobody else, too many, somebody twice, and who is not there or disabled.
    """
    people = [actor, *_others(actor, usernames)]
    people_key = ".".join(str(pk) for pk in sorted(person.pk for person in people))
    present = Room.objects.filter(people_key=people_key).first()
    if present is not None:
        return present, False
    rates.take("rooms", actor.pk)
    try:
        with transaction.atomic():
            slug = f"dm-{secrets.token_hex(_SLUG_BYTES)}"
            room = Room.objects.create(slug=slug, kind=Kind.DIRECT, people_key=people_key, created_by=actor)
            Membership.objects.bulk_create(Membership(room=room, user=user, role=Role.MEMBER) for user in people)
            notices.inbox_changed([person.pk for person in people], room=room.pk)
    except IntegrityError:  # somebody opened it at this very moment
        return Room.objects.get(people_key=people_key), False
    return room, True


def _others(actor: User, usernames: Sequence[str]) -> list[User]:
    if not 1 <= len(usernames) < DIRECT_PEOPLE_MAX:
        raise invalid("people", "out_of_range", f"From 1 to {DIRECT_PEOPLE_MAX - 1} people besides you.")
    asked = {*filter(USERNAME_PATTERN.match, usernames)}
    found = {user.username: user for user in select_in(User, username=asked)} if asked else {}
    errors = []
    for place, username in enumerate(usernames):
        user = found.get(username)
        if user is None or not user.is_active:
            errors.append(FieldError(f"/people/{place}", "unknown", "There is nobody with this username."))
        elif user == actor or username in usernames[:place]:
            errors.append(FieldError(f"/people/{place}", "repeated", "Each other person once."))
    if errors:
        raise ChatError("validation_error", errors[0].detail, errors=errors)
    return [found[username] for username in usernames]
