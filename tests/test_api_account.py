"""`users/`, `tokens/` and `tickets/` over REST."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.tickets import redeem_ticket
from accounts.tokens import issue_token
from foundation import limits
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def code_of(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    return str(problem["code"])


# Signing up


def test_signing_up_answers_with_a_token_that_works(api: Api) -> None:
    answer = post(api(), "/api/users/", username="ada", password=PASSWORD, name="Ada Lovelace", email="ada@example.org")

    assert answer.status_code == 201
    assert answer["Location"] == "/api/users/ada/"
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/users/me/").json() == answer.json()["user"]
    assert [token["name"] for token in client.get("/api/tokens/").json()["results"]] == ["sign-up"]


def test_the_first_to_sign_up_is_told_that_they_administrate(api: Api) -> None:
    first = post(api(), "/api/users/", username="ada", password=PASSWORD).json()["user"]
    second = post(api(), "/api/users/", username="grace", password=PASSWORD).json()["user"]

    assert (first["is_administrator"], second["is_administrator"]) == (True, False)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"username": "Ada"}, "validation_error", "/username"),
        ({"username": ""}, "validation_error", "/username"),
        ({"username": 7}, "validation_error", "/username"),
        ({"username": None}, "validation_error", "/username"),
        ({"username": "ad\0a"}, "validation_error", "/username"),
        ({"password": "short"}, "validation_error", "/password"),
        ({"password": "half \ud800 of one"}, "validation_error", "/password"),
        ({"email": "nowhere"}, "validation_error", "/email"),
        ({"name": "x" * 81}, "validation_error", "/name"),
        ({"name": ["Ada"]}, "validation_error", "/name"),
        ({"is_superuser": True}, "unknown_field", "/is_superuser"),
        ({"id": 1}, "unknown_field", "/id"),
    ],
)
def test_a_sign_up_that_is_not_valid_says_where(api: Api, body: dict[str, Any], code: str, pointer: str) -> None:
    answer = post(api(), "/api/users/", **{"username": "ada", "password": PASSWORD, **body})

    assert code_of(answer, 400) == code
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not User.objects.exists()


def test_a_taken_name_is_a_conflict(api: Api, ada: User) -> None:
    assert code_of(post(api(), "/api/users/", username="ada", password=PASSWORD), 409) == "name_taken"


def test_a_closed_server_refuses_sign_ups(api: Api, ada: User, settings: Any) -> None:
    settings.SIGNUP = "closed"

    assert code_of(post(api(), "/api/users/", username="grace", password=PASSWORD), 403) == "signup_closed"


def test_the_21st_sign_up_within_a_minute_is_refused(api: Api) -> None:
    for number in range(20):
        assert post(api(), "/api/users/", username=f"ada-{number}", password="x").status_code == 400

    answer = post(api(), "/api/users/", username="ada", password=PASSWORD)

    assert code_of(answer, 429) == "rate_limited"
    assert answer["Retry-After"] == "60"


# People


def test_i_see_more_of_myself_than_others_do(api: Api, ada: User, grace: User) -> None:
    seen = {"id": ada.pk, "username": "ada", "name": "Ada Lovelace", "avatar": None}

    assert api(grace).get("/api/users/ada/").json() == seen
    mine = api(ada).get("/api/users/me/").json()
    joined = ada.date_joined.isoformat().replace("+00:00", "Z")
    private = {"email": "", "is_administrator": False, "date_joined": joined, "read_receipts": False}
    assert mine == seen | private


def test_i_change_my_display_name(api: Api, ada: User) -> None:
    answer = api(ada).patch("/api/users/me/", {"name": "Countess"}, format="json")

    assert (answer.status_code, answer.json()["name"]) == (200, "Countess")
    assert api(ada).patch("/api/users/me/", {"name": ""}, format="json").json()["name"] == "ada"


@pytest.mark.parametrize("body", [{"username": "countess"}, {"email": "x@example.org"}, {"is_administrator": True}])
def test_nothing_else_of_mine_is_changed_here(api: Api, ada: User, body: dict[str, Any]) -> None:
    assert code_of(api(ada).patch("/api/users/me/", body, format="json"), 400) == "unknown_field"


@pytest.mark.parametrize("username", ["nobody", "ADA", "7", "-1", "%00", "a%20b", "x" * 300, "ädä"])
def test_unknown_people_are_not_found(api: Api, ada: User, username: str) -> None:
    assert code_of(api(ada).get(f"/api/users/{username}/"), 404) == "not_found"


# Tokens


def test_a_token_is_made_with_a_password_and_no_header(api: Api, ada: User) -> None:
    answer = post(api(), "/api/tokens/", name="my bot", username="ada", password=PASSWORD)

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "name", "token", "created_at"}
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/users/me/").json()["username"] == "ada"


@pytest.mark.parametrize("who", [{"username": "nobody"}, {"password": "wrong"}, {"username": "grace"}])
def test_wrong_credentials_have_one_answer(api: Api, ada: User, grace: User, who: dict[str, str]) -> None:
    User.objects.filter(pk=grace.pk).update(is_active=False)

    answer = post(api(), "/api/tokens/", **{"name": "x", "username": "ada", "password": PASSWORD, **who})

    assert code_of(answer, 401) == "invalid_credentials"
    assert answer.json()["detail"] == "The username or the password is wrong."
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(("half", "missing"), [({"username": "ada"}, "/password"), ({"password": "x"}, "/username")])
def test_half_of_the_credentials_is_none(api: Api, ada: User, half: dict[str, str], missing: str) -> None:
    answer = post(api(ada), "/api/tokens/", name="x", **half)

    assert code_of(answer, 400) == "validation_error"
    assert answer.json()["errors"][0]["pointer"] == missing


def test_a_token_is_made_by_whoever_is_signed_in(api: Api, ada: User) -> None:
    assert post(api(ada), "/api/tokens/", name="another").status_code == 201
    assert code_of(post(api(), "/api/tokens/", name="another"), 401) == "unauthenticated"


def test_tokens_are_listed_without_their_secret_and_only_to_their_owner(api: Api, ada: User, grace: User) -> None:
    issue_token(actor=grace, name="hers")
    _, text = issue_token(actor=ada, name="mine")

    page = api(ada).get("/api/tokens/").json()

    assert [token["name"] for token in page["results"]] == ["test", "mine"]
    assert set(page["results"][0]) == {"id", "name", "created_at", "last_used_at"}
    assert text.removeprefix("parlor_")[8:] not in str(page)


def test_a_long_list_of_tokens_comes_in_pages(api: Api, ada: User) -> None:
    client = api(ada)
    for number in range(4):
        issue_token(actor=ada, name=f"bot {number}")

    names, address = [], "/api/tokens/?limit=2"
    while address:
        page = client.get(address).json()
        names += [token["name"] for token in page["results"]]
        address = page["next"]

    assert names == ["bot 3", "bot 2", "bot 1", "bot 0", "test"]


def test_a_revoked_token_opens_nothing(api: Api, ada: User) -> None:
    client = api(ada)
    mine = ApiToken.objects.get()

    assert client.delete(f"/api/tokens/{mine.public_id}/").status_code == 204
    assert code_of(client.get("/api/users/me/"), 401) == "unauthenticated"


def test_tokens_of_others_and_tokens_that_are_none_look_alike(api: Api, ada: User, mallory: User) -> None:
    theirs, _ = issue_token(actor=ada, name="ada's")
    public_id = str(theirs.public_id)

    answers = {
        api(mallory).delete(f"/api/tokens/{each}/").content
        for each in (public_id, public_id.upper(), public_id[:-1] + "x", "0", "-1", "abc", "9" * 20, "%00", theirs.pk)
    }

    assert len(answers) == 1
    assert b"not_found" in answers.pop()
    assert ApiToken.objects.filter(pk=theirs.pk).exists()


def test_the_51st_token_is_refused(api: Api, ada: User) -> None:
    client = api(ada)
    for number in range(limits.TOKENS_PER_USER - 1):
        issue_token(actor=ada, name=f"bot {number}")

    answer = post(client, "/api/tokens/", name="one more")

    assert code_of(answer, 400) == "validation_error"
    assert [error["code"] for error in answer.json()["errors"]] == ["too_many"]


# Tickets


def test_a_ticket_is_given_to_tokens_and_sessions(api: Api, ada: User) -> None:
    browser = Client()
    browser.force_login(ada)

    for client in (api(ada), browser):
        answer = post(client, "/api/tickets/")
        assert answer.status_code == 201
        assert answer.json()["expires_in_s"] == limits.TICKET_LIFE_S
        assert redeem_ticket(answer.json()["ticket"])[0] == ada


def test_a_ticket_needs_no_body_and_takes_none(api: Api, ada: User) -> None:
    assert api(ada).post("/api/tickets/").status_code == 201
    assert code_of(post(api(ada), "/api/tickets/", room="tea"), 400) == "unknown_field"


def test_answers_with_secrets_are_not_kept(api: Api, ada: User) -> None:
    for answer in (
        post(api(), "/api/users/", username="grace", password=PASSWORD),
        post(api(ada), "/api/tokens/", name="x"),
        post(api(ada), "/api/tickets/"),
    ):
        assert "no-store" in answer["Cache-Control"]
