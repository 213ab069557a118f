"""Who is let in: a good token, or a session that is no forgery; everybody else gets one and the same answer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tokens import issue_token

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def code_of(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.content
    return str(answer.json()["code"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "users/me/"), ("patch", "users/me/"), ("get", "users/ada/"), ("get", "tokens/"), ("delete", "tokens/x/"),
     ("post", "tickets/")],
)  # fmt: skip
def test_a_stranger_is_told_how_to_sign_in(api: Api, ada: User, method: str, path: str) -> None:
    answer = getattr(api(), method)(f"/api/{path}")

    assert code_of(answer, 401) == "unauthenticated"
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "header", ["", "Token", "Token x", "Bearer %s", "Basic YWRhOng=", "Token %s x", "Token %s, Token %s", "%s"]
)
def test_a_header_that_is_not_ours_is_refused_in_one_way_even_with_a_good_session(ada: User, header: str) -> None:
    _, text = issue_token(actor=ada, name="my bot")
    browser = Client()
    browser.force_login(ada)

    answer = browser.get("/api/users/me/", headers={"Authorization": header.replace("%s", text)})

    assert code_of(answer, 401) == "unauthenticated"
    assert answer.content == Client().get("/api/users/me/").content
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_and_a_session_of_a_disabled_account_are_refused(api: Api, ada: User) -> None:
    client, browser = api(ada), Client()
    browser.force_login(ada)
    User.objects.update(is_active=False)

    answers = {each.get("/api/users/me/").content for each in (client, browser, Client())}

    assert len(answers) == 1


def test_a_session_writes_only_with_a_csrf_token(ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)

    refused = browser.post("/api/tokens/", {"name": "x"}, content_type="application/json")
    browser.cookies["csrftoken"] = token = "a" * 32
    allowed = browser.post(
        "/api/tokens/", {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": token}
    )

    assert code_of(refused, 403) == "csrf_failed"
    assert browser.get("/api/users/me/").status_code == 200
    assert allowed.status_code == 201
