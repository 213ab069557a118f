"""Who a session belongs to, read without changing it.

Channels' own `get_user` knows no SECRET_KEY_FALLBACKS and deletes the session it cannot verify: after a new key every
tab that came back would have signed its person out of the whole site.
"""

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from accounts.models import User


def user_of(session: SessionBase) -> User | None:
    """Whoever is signed in with this session; None once it has expired, or the password changed, or the account is
    disabled."""
    pk = session.get(SESSION_KEY)
    user = User.objects.filter(pk=pk, is_active=True).first() if pk is not None else None
    if user is None:
        return None
    known = session.get(HASH_SESSION_KEY, "")
    good = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return user if any(constant_time_compare(known, each) for each in good) else None
