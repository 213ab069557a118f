"""Making, following and aging invitations, for the tests of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from foundation.errors import ChatError
from rooms.invitations import invite_person, make_link
from rooms.models import Invitation, Membership, Room

NOT_VALID = "not_found: This invitation is not valid."


def refused(command: Callable[..., object], **asked: Any) -> str:
    """The words of the refusal."""
    with pytest.raises(ChatError) as refusal:
        command(**asked)
    return str(refusal.value)


def invited(actor: User, username: str, slug: str = "cellar") -> str:
    """Invite somebody, and give the invitation's name."""
    invitation, _ = invite_person(actor=actor, slug=slug, username=username)
    return str(invitation.public_id)


def link(actor: User, slug: str = "cellar", **how: Any) -> str:
    """Make a link, and give its token."""
    _, token = make_link(actor=actor, slug=slug, **how)
    return token


def let_time_pass(**time: int) -> None:
    """Every invitation was made, and ends, that much earlier."""
    for each in Invitation.objects.exclude(expires_at=None):
        assert each.expires_at is not None
        each.expires_at -= timedelta(**time)
        each.save()


def is_in(user: User, room: Room) -> bool:
    return Membership.objects.filter(room=room, user=user).exists()
