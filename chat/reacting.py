"""Reactions: an emoji that a person puts on a message, one of a kind."""

from django.db import transaction

from accounts.models import User
from chat import history
from chat.formatting import emoji_of
from chat.models import Message
from foundation import rates
from foundation.errors import ChatError
from foundation.limits import REACTIONS_MAX
from rooms import policies
from rooms.log import record_change
from rooms.models import ChangeKind
from rooms.policies import Person


def react(*, actor: User, slug: str, seq: int, emoji: str) -> tuple[Message, bool]:
    """Put an emoji on a message; False beside it when it was there before.

    Publishes `reaction.added`. Raises `validation_error` for what is no emoji, `not_found` (also for what was deleted),
    `forbidden`, `archived`, `limit_reached` beyond REACTIONS_MAX kinds, `rate_limited`.
    """
    return _change(actor, slug, seq, emoji_of(emoji), ChangeKind.REACTION_ADDED)


def unreact(*, actor: User, slug: str, seq: int, emoji: str) -> tuple[Message, bool]:
    """Take one's emoji off a message. Publishes `reaction.removed`; raises what `react` does."""
    return _change(actor, slug, seq, emoji_of(emoji), ChangeKind.REACTION_REMOVED)


def reactors_of(*, actor: Person, slug: str, seq: int) -> list[tuple[str, list[User]]]:
    """Who put which emoji on a message, in the order they came. Raises `not_found`, `unauthenticated`."""
    reactions = history.message_at(actor=actor, slug=slug, seq=seq).reactions or []
    people = User.objects.in_bulk({key for _, users in reactions for key in users})
    return [(emoji, [people[key] for key in users if key in people]) for emoji, users in reactions]


def _change(actor: User, slug: str, seq: int, emoji: str, kind: ChangeKind) -> tuple[Message, bool]:
    rates.take("posts", actor.pk)
    with transaction.atomic():
        access = policies.room_for(actor, slug, lock=True)
        policies.require_right(access, "react")
        message = history.locked_message(access, seq)
        reactions = {each: list(users) for each, users in message.reactions or []}
        users = reactions.setdefault(emoji, [])
        if (actor.pk in users) == (kind == ChangeKind.REACTION_ADDED):
            return message, False
        if kind == ChangeKind.REACTION_ADDED:
            if len(reactions) > REACTIONS_MAX:
                raise ChatError("limit_reached", f"A message has at most {REACTIONS_MAX} kinds of reactions.")
            users.append(actor.pk)
        else:
            users.remove(actor.pk)
        message.reactions = [[each, keys] for each, keys in reactions.items() if keys] or None
        message.save(update_fields=["reactions"])
        record_change(access.room, kind, actor=actor, message=message.seq, emoji=emoji, count=len(users))
    return message, True
