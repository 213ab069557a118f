"""Who a session belongs to: allauth's backend, which is told where the person was read a moment ago."""

from contextvars import ContextVar
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User

known: ContextVar[User | None] = ContextVar("known", default=None)


class Backend(AuthenticationBackend):
    """allauth's. Channels asks it for the person of a socket, whom `accounts.sessions` has just read and verified."""

    def get_user(self, user_id: Any) -> User | None:
        user = known.get()
        return user if user is not None and user.pk == user_id else super().get_user(user_id)
