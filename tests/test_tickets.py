"""Tickets: once, within half a minute, and only while what asked for them is good."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.tickets import issue_ticket, redeem_ticket
from accounts.tokens import issue_token, revoke_token, session_name, token_name
from foundation import limits
from foundation.errors import ChatError
from rooms.models import Room
from tests.sockets import HOST, opened

pytestmark = pytest.mark.django_db
FOREIGN_ORIGIN = (b"origin", b"https://app.example.org")


def session_of(user: User) -> SessionBase:
    client = Client()
    client.force_login(user)
    return client.session


def is_refused(ticket: str) -> bool:
    with pytest.raises(ChatError) as refused:
        redeem_ticket(ticket)
    return refused.value.code == "unauthenticated"


def test_a_ticket_stands_for_the_session_that_asked(ada: User) -> None:
    session = session_of(ada)

    ticket = issue_ticket(actor=ada, credential=session)

    assert redeem_ticket(ticket) == (ada, (session_name(str(session.session_key)),))


def test_a_ticket_stands_for_the_token_that_asked(ada: User) -> None:
    token, _ = issue_token(actor=ada, name="my bot")

    ticket = issue_ticket(actor=ada, credential=token)

    assert redeem_ticket(ticket) == (ada, (token_name(token),))


def test_a_ticket_is_good_once(ada: User) -> None:
    ticket = issue_ticket(actor=ada, credential=session_of(ada))

    redeem_ticket(ticket)

    assert is_refused(ticket)


def test_of_two_who_come_at_once_one_gets_in(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = issue_ticket(actor=ada, credential=session_of(ada))
    held = cache.get

    def overtaken(key: str) -> Any:
        found = held(key)
        cache.delete(key)  # by the other one, between this one's reading and deleting
        return found

    monkeypatch.setattr(cache, "get", overtaken)

    assert is_refused(ticket)


def test_a_ticket_lives_for_30_seconds(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[float] = []
    monkeypatch.setattr(cache, "set", lambda key, value, life: kept.append(life))

    issue_ticket(actor=ada, credential=session_of(ada))

    assert kept == [limits.TICKET_LIFE_S] == [30]


@pytest.mark.parametrize("ticket", ["", "x", "\ufffd", "x" * 1000])
def test_what_is_no_ticket_is_refused(ticket: str) -> None:
    assert is_refused(ticket)


def test_a_ticket_ends_with_the_account(ada: User) -> None:
    token, _ = issue_token(actor=ada, name="my bot")
    issued = [issue_ticket(actor=ada, credential=credential) for credential in (token, session_of(ada))]
    User.objects.update(is_active=False)

    assert all(is_refused(ticket) for ticket in issued)


def test_a_ticket_ends_with_the_token(ada: User) -> None:
    token, _ = issue_token(actor=ada, name="my bot")
    ticket = issue_ticket(actor=ada, credential=token)
    revoke_token(actor=ada, public_id=str(token.public_id))

    assert is_refused(ticket)


def test_a_ticket_ends_with_the_session(ada: User) -> None:
    session = session_of(ada)
    ticket = issue_ticket(actor=ada, credential=session)
    session.flush()

    assert is_refused(ticket)


def test_a_ticket_ends_with_a_new_password(ada: User) -> None:
    ticket = issue_ticket(actor=ada, credential=session_of(ada))
    ada.set_password("a horse of another colour")
    ada.save()

    assert is_refused(ticket)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_page_of_another_origin_opens_one_socket_with_a_ticket(ada: User, tea: Room) -> None:
    token, _ = await sync_to_async(issue_token)(actor=ada, name="my page")
    ticket = await sync_to_async(issue_ticket)(actor=ada, credential=token)
    address = f"/ws/chat/tea/?ticket={ticket}"

    async with opened(address, headers=[HOST, FOREIGN_ORIGIN]) as socket:
        assert (await socket.next("hello"))["me"]["username"] == "ada"
        await sync_to_async(revoke_token)(actor=ada, public_id=str(token.public_id))
        assert await socket.closed(timeout=1) == 4401
    async with opened(address, headers=[HOST, FOREIGN_ORIGIN]) as again:
        assert await again.closed() == 4401
