"""Who opens a socket: a session, a token or a ticket, each alone, and nobody where one of them is bad."""

import hashlib
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.sessions import user_of
from accounts.tickets import issue_ticket
from accounts.tokens import issue_token, revoke_token, session_name, token_name
from chat.live import live
from rooms.models import Room
from tests.sockets import HOST, ORIGIN, ChatSocket, cookie_of, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
Header = tuple[bytes, bytes]
EVIL = (b"origin", b"https://evil.test")


async def token_of(user: User) -> tuple[ApiToken, Header]:
    token, text = await run(issue_token)(actor=user, name="bot")
    return token, (b"authorization", f"Token {text}".encode())


async def ticket_of(user: User) -> str:
    token, _ = await token_of(user)
    return await run(issue_ticket)(actor=user, credential=token)


async def who(*headers: Header, path: str = "/ws/chat/tea/") -> str | int | None:
    """The username that the room greets, None for a guest, or the close code."""
    async with opened(path, headers=[HOST, *headers]) as socket:
        first = await socket.frame()
        if first["type"] == "error":
            assert first["detail"] == "Sign in, or send a valid token.", "the same words for all"
            return await socket.closed()
        me = (await socket.next("hello"))["me"]
        return me["username"] if me else None


def credential(socket: ChatSocket) -> frozenset[str]:
    """The names under which the server would close this socket."""
    (known,) = live().hub.sockets
    return known.who


# One credential


async def test_a_session_opens_a_socket(ada: User, tea: Room) -> None:
    assert await who(ORIGIN, await run(cookie_of)(ada)) == "ada"


async def test_a_token_opens_a_socket(ada: User, tea: Room) -> None:
    _, header = await token_of(ada)

    assert await who(header) == await who(header, ORIGIN) == await who(header, EVIL) == "ada"


async def test_a_ticket_opens_one_socket(ada: User, tea: Room) -> None:
    ticket = await ticket_of(ada)

    assert await who(path=f"/ws/chat/tea/?ticket={ticket}") == "ada"
    assert await who(path=f"/ws/chat/tea/?ticket={ticket}") == 4401


async def test_nothing_is_a_guest_where_guests_may_read(ada: User, tea: Room, lobby: Room) -> None:
    assert await who(ORIGIN) == 4401
    assert await who(ORIGIN, path="/ws/chat/lobby/") is None


async def test_a_socket_is_known_by_person_and_credential_never_by_a_secret(ada: User, tea: Room) -> None:
    token, header = await token_of(ada)
    cookie = await run(cookie_of)(ada)
    key = cookie[1].decode().partition("=")[2]
    ticket = await run(issue_ticket)(actor=ada, credential=SessionStore(key))

    for headers, path, name in (
        ([ORIGIN, cookie], "/ws/chat/tea/", session_name(key)),
        ([header], "/ws/chat/tea/", token_name(token)),
        ([EVIL], f"/ws/chat/tea/?ticket={ticket}", session_name(key)),
    ):
        async with opened(path, headers=[HOST, *headers]) as socket:
            await socket.next("hello")
            assert credential(socket) == {f"user:{ada.pk}", name}
            assert key not in name and header[1].decode().split()[1] not in name
    assert session_name(key) == f"session:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


# Several credentials: the strongest word counts, and a bad one is no one


async def test_a_token_comes_before_the_cookie(ada: User, grace: User, tea: Room) -> None:
    _, header = await token_of(ada)

    assert await who(header, ORIGIN, await run(cookie_of)(grace)) == "ada"


async def test_a_ticket_comes_before_the_cookie_and_after_the_token(ada: User, grace: User, tea: Room) -> None:
    ticket = await ticket_of(ada)
    _, header = await token_of(grace)
    path = f"/ws/chat/tea/?ticket={ticket}"

    assert await who(header, path=path) == "grace"
    assert await who(ORIGIN, await run(cookie_of)(grace), path=path) == "ada", "and it was not used up before"


async def test_t1_a_foreign_page_with_a_ticket_never_gains_the_cookie(ada: User, mallory: User, tea: Room) -> None:
    cookie = await run(cookie_of)(ada)

    assert await who(EVIL, cookie, path=f"/ws/chat/tea/?ticket={await ticket_of(mallory)}") == "mallory"
    assert await who(EVIL, cookie, path="/ws/chat/tea/?ticket=guessed") == 4401
    assert await who(EVIL, cookie, path="/ws/chat/tea/?ticket=") == 4401
    assert await who(EVIL, cookie, (b"authorization", b"Token guessed")) == 4401


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Token",
        b"Token ",
        b"Token parlor_wrong",
        b"Token  parlor_wrong",
        b"Bearer {token}",
        b"Basic YWRhOnB3",
        b"{token}",
        b"Token {token} ",
        b"Token {token}x",
        b"Token {token},Token {token}",
        b"Token \xff\xfe",
        b"Token " + b"x" * 300,
    ],
)
@pytest.mark.parametrize("slug", ["tea", "lobby"])
async def test_a12_a_bad_token_with_a_good_cookie_is_no_one(
    ada: User, tea: Room, lobby: Room, header: bytes, slug: str
) -> None:
    _, (name, good) = await token_of(ada)
    sent = (name, header.replace(b"{token}", good.split()[1]))

    assert await who(ORIGIN, await run(cookie_of)(ada), sent, path=f"/ws/chat/{slug}/") == 4401


async def test_e2_two_authorization_headers_are_none(ada: User, tea: Room) -> None:
    _, header = await token_of(ada)

    assert await who(header, header) == 4401
    assert await who(header, (b"Authorization", b"")) == 4401


# Credentials that end


async def test_a12_what_has_ended_is_no_one(ada: User, tea: Room) -> None:
    cookie = await run(cookie_of)(ada)
    token, header = await token_of(ada)
    assert await who(ORIGIN, cookie) == await who(header) == "ada", "premise: both are good"

    await run(revoke_token)(actor=ada, public_id=str(token.public_id))
    await run(Session.objects.update)(expire_date=timezone.now())

    assert await who(ORIGIN, cookie) == await who(header) == 4401


async def test_a12_a_disabled_account_is_no_one(ada: User, tea: Room) -> None:
    cookie, ticket = await run(cookie_of)(ada), await ticket_of(ada)
    _, header = await token_of(ada)

    await run(User.objects.filter(pk=ada.pk).update)(is_active=False)

    assert await who(ORIGIN, cookie) == await who(header) == 4401
    assert await who(path=f"/ws/chat/tea/?ticket={ticket}") == 4401


async def test_a_new_password_ends_the_session_and_leaves_the_token(ada: User, tea: Room) -> None:
    cookie = await run(cookie_of)(ada)
    _, header = await token_of(ada)

    ada.set_password("a new battery for the horse")
    await run(ada.save)()

    assert (await who(ORIGIN, cookie), await who(header)) == (4401, "ada")


@pytest.mark.parametrize("key", [b"", b"wrong", b"\xff" * 9, b"x" * 4000, b'"aaaaaaaaaa\\000"', b"'; DROP TABLE x"])
async def test_a_cookie_that_is_no_session_is_a_guest(tea: Room, lobby: Room, key: bytes) -> None:
    cookie = (b"cookie", b"sessionid=" + key)

    assert await who(ORIGIN, cookie) == 4401
    assert await who(ORIGIN, cookie, path="/ws/chat/lobby/") is None


async def test_c21_a_new_secret_key_signs_nobody_out(ada: User, tea: Room, settings: Any) -> None:
    cookie = await run(cookie_of)(ada)

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [django_settings.SECRET_KEY], "n" * 50

    assert await who(ORIGIN, cookie) == "ada"
    assert await run(_signed_in_over_http)(cookie), "nor did the socket end the session"


async def test_a_session_that_does_not_fit_is_refused_and_left_alone(ada: User, tea: Room, settings: Any) -> None:
    cookie = await run(cookie_of)(ada)
    former, settings.SECRET_KEY = django_settings.SECRET_KEY, "n" * 50
    assert await who(ORIGIN, cookie) == 4401

    settings.SECRET_KEY = former

    assert await run(_signed_in_over_http)(cookie)


def _signed_in_over_http(cookie: Header) -> bool:
    client = Client()
    name, _, value = cookie[1].decode().partition("=")
    client.cookies[name] = value
    return "_auth_user_id" in client.session and user_of(client.session) is not None


async def test_an_empty_session_belongs_to_nobody(ada: User) -> None:
    def read() -> User | None:
        session = SessionStore()
        session["theme"] = "dark"
        session.save()
        return user_of(SessionStore(session.session_key))

    assert await run(read)() is None
