"""Accounts: who may open one, what it may be called, the pages of the browser, and what ends with it."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import passwords, people, signup
from accounts.models import User
from accounts.revocation import disable_account, enable_account
from foundation.errors import ChatError
from rooms.models import Room
from tests.conftest import PASSWORD
from tests.sockets import HOST, ORIGIN, ChatSocket, opened

pytestmark = pytest.mark.django_db
SIGN_UP = {"username": "ada", "password1": PASSWORD}


def refusal_of(**values: Any) -> ChatError:
    with pytest.raises(ChatError) as refused:
        signup.create_account(**{"username": "ada", "password": PASSWORD, **values})
    return refused.value


def signed_in(user: User) -> Client:
    client = Client()
    assert client.login(username=user.username, password=PASSWORD)
    return client


# Opening an account


def test_the_first_account_is_the_administrator_and_the_second_is_not() -> None:
    assert not User.objects.exists(), "premise: a new server"

    first = signup.create_account(username="ada", password=PASSWORD)
    second = signup.create_account(username="grace", password=PASSWORD)

    assert first.is_superuser and first.is_staff
    assert not second.is_superuser and not second.is_staff


@pytest.mark.django_db(transaction=True)
def test_of_two_who_are_first_at_once_one_is_the_administrator() -> None:
    def open_one(number: int) -> bool:
        try:
            return signup.create_account(username=f"person-{number}", password=PASSWORD).is_superuser
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        administrators = list(threads.map(open_one, range(4)))

    assert sorted(administrators) == [False, False, False, True]


@pytest.mark.parametrize(
    ("username", "code"),
    [
        *((name, "invalid") for name in ("", "Ada", "ada lovelace", "ädä", "-ada", "a" * 33, "ada\n", "ada\0", "@ada")),
        *((name, "reserved") for name in ("admin", "me", "api", "system")),
    ],
)
def test_a_username_that_is_none_is_refused(username: str, code: str) -> None:
    refusal = refusal_of(username=username)

    assert refusal.code == "validation_error"
    assert [(error.pointer, error.code) for error in refusal.errors] == [("/username", code)]


@pytest.mark.parametrize("username", ["a", "7", "a" * 32, "a.b-c_d"])
def test_a_username_at_the_limits_is_accepted(username: str) -> None:
    assert signup.create_account(username=username, password=PASSWORD).username == username


def test_a_username_that_somebody_has_is_taken(ada: User) -> None:
    refusal = refusal_of(username="ada")

    assert refusal.code == "name_taken"
    assert refusal.errors[0].pointer == "/username"


@pytest.mark.parametrize("password", ["short", "password123", "ada-lovelace"])
def test_a_weak_password_is_refused(password: str) -> None:
    refusal = refusal_of(username="ada-lovelace", password=password)

    assert refusal.code == "validation_error"
    assert {error.pointer for error in refusal.errors} == {"/password"}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    refusal = refusal_of(username="Ada", email="ada@", password="x")

    assert {error.pointer for error in refusal.errors} == {"/username", "/email", "/password"}


def test_an_email_address_belongs_to_one_account() -> None:
    signup.create_account(username="ada", password=PASSWORD, email="Ada@Example.org")

    refusal = refusal_of(username="grace", email="ada@example.ORG")

    assert [(error.pointer, error.code) for error in refusal.errors] == [("/email", "taken")]
    assert not User.objects.filter(username="grace").exists()


@pytest.mark.parametrize("name", ["x" * 81, "bell\a", "mirror\u202e", "zero\u200bwidth"])
def test_a_display_name_is_one_visible_line(ada: User, name: str) -> None:
    with pytest.raises(ChatError, match="validation_error"):
        people.change_profile(actor=ada, name=name)


def test_an_empty_display_name_shows_the_username(ada: User) -> None:
    people.change_profile(actor=ada, name=" ")

    assert people.person_named("ada").display_name == "ada"


def test_a_closed_server_opens_only_the_first_account(settings: Any) -> None:
    settings.SIGNUP = "closed"
    signup.create_account(username="ada", password=PASSWORD)

    assert refusal_of(username="grace").code == "signup_closed"


# The pages


def test_signing_up_in_the_browser_signs_in_the_administrator(client: Client) -> None:
    answer = client.post(reverse("account_signup"), SIGN_UP | {"username": "Ada", "email": "ada@example.org"})

    user = User.objects.get()
    assert answer.status_code == 302
    assert (user.username, user.email, user.is_superuser) == ("ada", "ada@example.org", True)
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize(
    "wrong", [{"username": "admin"}, {"username": "ädä"}, {"username": "GRACE"}, {"password1": "short"}, {"email": "@"}]
)
def test_the_sign_up_form_keeps_the_same_rules(client: Client, grace: User, wrong: dict[str, str]) -> None:
    answer = client.post(reverse("account_signup"), SIGN_UP | wrong)

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == list(wrong)
    assert User.objects.count() == 1


def test_a_closed_server_shows_no_sign_up_form(client: Client, ada: User, settings: Any) -> None:
    settings.SIGNUP = "closed"

    client.post(reverse("account_signup"), SIGN_UP | {"username": "grace"})

    assert User.objects.count() == 1


def test_a_name_that_was_taken_meanwhile_starts_the_form_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_the_race(user: User) -> None:
        raise ChatError("name_taken")

    monkeypatch.setattr(signup, "register", lose_the_race)

    answer = client.post(reverse("account_signup"), SIGN_UP)

    assert (answer.status_code, answer["Location"]) == (302, reverse("account_signup"))


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org"])
def test_people_sign_in_by_username_or_address_and_sign_out(client: Client, login: str) -> None:
    signup.create_account(username="ada", password=PASSWORD, email="ada@example.org")

    client.post(reverse("account_login"), {"login": login, "password": PASSWORD})
    assert "_auth_user_id" in client.session

    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_guessing_passwords_is_cut_short_at_both_doors(client: Client, ada: User) -> None:
    for _ in range(5):
        client.post(reverse("account_login"), {"login": "ada", "password": "wrong"})

    client.post(reverse("account_login"), {"login": "ada", "password": PASSWORD})
    answer = client.post("/api/tokens/", {"name": "x", "username": "ada", "password": PASSWORD}, "application/json")

    assert "_auth_user_id" not in client.session
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")


def test_a_new_password_keeps_this_session_and_ends_the_others(ada: User) -> None:
    here, elsewhere = signed_in(ada), signed_in(ada)

    here.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "a horse of another colour", "password2": "a horse of another colour"},
    )

    assert here.get("/api/users/me/").status_code == 200
    assert elsewhere.get("/api/users/me/").status_code == 401


def test_a_forgotten_password_is_reset_by_mail(client: Client) -> None:
    signup.create_account(username="ada", password=PASSWORD, email="ada@example.org")

    client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
    link = re.search(r"https?://\S+", str(mail.outbox[0].body))
    assert link, "the mail has a link"
    form = client.get(link[0], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "tea at four o'clock", "password2": "tea at four o'clock"})

    assert Client().login(username="ada", password="tea at four o'clock")
    assert not Client().login(username="ada", password=PASSWORD)


# Being shut out


def test_the_same_answer_for_a_wrong_name_a_wrong_password_and_a_disabled_account(
    ada: User, grace: User, rf: Any
) -> None:
    User.objects.filter(pk=grace.pk).update(is_active=False)
    answers = set()

    for username, password in [("nobody", PASSWORD), ("ada", "wrong"), ("grace", PASSWORD)]:
        with pytest.raises(ChatError) as refused:
            passwords.user_with_password(rf.post("/"), username=username, password=password)
        answers.add((refused.value.code, refused.value.detail))

    assert len(answers) == 1
    assert answers.pop()[0] == "invalid_credentials"


def test_only_an_administrator_disables_and_never_themselves(administrator: User, ada: User) -> None:
    for actor, user in [(ada, administrator), (administrator, administrator)]:
        with pytest.raises(ChatError, match="forbidden"):
            disable_account(actor=actor, user=user)

    disable_account(actor=administrator, user=ada)
    assert not Client().login(username="ada", password=PASSWORD)

    enable_account(actor=administrator, user=ada)
    assert Client().login(username="ada", password=PASSWORD)


async def joined_with(socket: ChatSocket) -> None:
    await socket.next("hello")


def cookie_header(client: Client) -> tuple[bytes, bytes]:
    name = django_settings.SESSION_COOKIE_NAME
    return (b"cookie", f"{name}={client.cookies[name].value}".encode())


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_signing_out_closes_the_sockets_of_that_session_only(ada: User, tea: Room) -> None:
    here, elsewhere = await sync_to_async(signed_in)(ada), await sync_to_async(signed_in)(ada)

    async with (
        opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie_header(here)]) as mine,
        opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie_header(elsewhere)]) as other,
    ):
        await joined_with(mine)
        await joined_with(other)

        await sync_to_async(here.post)(reverse("account_logout"))

        assert await mine.closed(timeout=1) == 4401
        assert await other.sync() == tea.last_seq


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_new_password_and_a_disabled_account_close_all_sockets(
    administrator: User, ada: User, tea: Room
) -> None:
    client = await sync_to_async(signed_in)(ada)
    new = "a horse of another colour"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}

    async with opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie_header(client)]) as socket:
        await joined_with(socket)
        await sync_to_async(client.post)(reverse("account_change_password"), form)
        assert await socket.closed(timeout=1) == 4401
    async with opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie_header(client)]) as again:
        await joined_with(again)
        await sync_to_async(disable_account)(actor=administrator, user=ada)
        assert await again.closed(timeout=1) == 4401
    async with opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie_header(client)]) as refused:
        assert await refused.closed() == 4401
