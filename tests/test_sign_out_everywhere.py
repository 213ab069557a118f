"""Signing out on all devices: every session is over, and tokens are not."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.tokens import issue_token
from rooms.models import Room
from tests.sockets import HOST, joined, opened

pytestmark = pytest.mark.django_db(transaction=True)
Api = Callable[..., APIClient]
ME = "/api/users/me/"


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_the_button_ends_all_sessions_and_no_token(api: Api, ada: User, grace: User) -> None:
    here, there, program, other = browser_of(ada), browser_of(ada), api(ada), browser_of(grace)

    answer = here.post("/accounts/logout/everywhere/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/")
    assert [client.get(ME).status_code for client in (here, there, program, other)] == [401, 401, 200, 200]


def test_a_link_does_nothing(ada: User) -> None:
    browser = browser_of(ada)

    assert browser.get("/accounts/logout/everywhere/").status_code == 405
    assert browser.get(ME).status_code == 200


def test_a_guest_is_sent_to_the_sign_in_form() -> None:
    assert Client().post("/accounts/logout/everywhere/").headers["Location"] == "/accounts/login/"


def test_a_program_ends_the_sessions_too(api: Api, ada: User) -> None:
    browser = browser_of(ada)

    assert api(ada).delete("/api/sessions/").status_code == 204
    assert browser.get(ME).status_code == 401
    assert browser_of(User.objects.get(pk=ada.pk)).get(ME).status_code == 200, "one can sign in again"


def test_a_guest_has_no_sessions_to_end(api: Api) -> None:
    assert api().delete("/api/sessions/").status_code == 401


def test_all_tokens_go_at_once(api: Api, ada: User, grace: User) -> None:
    client, others = api(ada), api(grace)
    issue_token(actor=ada, name="bot")

    assert client.delete("/api/tokens/").status_code == 204
    assert not ApiToken.objects.filter(user=ada).exists()
    assert [each.get(ME).status_code for each in (client, others)] == [401, 200]


@pytest.mark.asyncio
async def test_all_sockets_close_and_those_with_a_token_come_back(api: Api, ada: User, grace: User, tea: Room) -> None:
    _, text = await run(issue_token)(actor=ada, name="bot")
    headers = [HOST, (b"authorization", f"Token {text}".encode())]
    async with joined("tea", ada) as tab, joined("tea", grace) as other:
        client = await run(api)(ada)

        assert (await run(client.delete)("/api/sessions/")).status_code == 204

        assert await tab.closed(timeout=1) == 4401
        await other.send(type="ping")
        assert await other.next("pong")
    async with opened("/ws/chat/tea/", headers=headers) as program:
        assert (await program.next("hello"))["me"]["username"] == "ada"
