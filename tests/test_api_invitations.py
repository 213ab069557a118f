"""Invitations over REST."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from rooms.membership import add_member, change_role
from rooms.models import Invitation, Membership, Role, Room
from tests.problems import check_problem, row

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
HERE = "/api/rooms/cellar/invitations/"
LINKS = f"{HERE}links/"
MINE = "/api/invitations/"
BAD_PATHS = ["x", "1", "a" * 43, "a" * 42 + "%00", "%F0%9F%98%80", "%ED%A0%80", "x" * 10_000, "..", "a%20b"]


def post(client: APIClient, path: str, **body: Any) -> Any:
    return client.post(path, body, format="json")


def not_valid(answer: Any) -> None:
    problem = check_problem(answer, 404, "not_found")
    assert problem["detail"] == "This invitation is not valid."


def test_somebody_is_invited_finds_it_and_joins(api: Api, ada: User, grace: User, cellar: Room) -> None:
    made, again = post(api(ada), HERE, username="grace"), post(api(ada), HERE, username="grace")
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert made.json() | {"created_at": "", "expires_at": "", "id": ""} == {
        "id": "",
        "user": {"id": grace.pk, "username": "grace", "name": "Grace Hopper", "avatar": None},
        "by": {"id": ada.pk, "username": "ada", "name": "Ada Lovelace", "avatar": None},
        "uses": 0,
        "max_uses": 1,
        "created_at": "",
        "expires_at": "",
    }

    [mine] = api(grace).get(MINE).json()["results"]
    assert mine["id"] == made.json()["id"]
    assert mine["room"] == {"slug": "cellar", "name": "Cellar", "topic": "", "kind": "private"}
    assert mine["by"]["username"] == "ada"

    accept = f"{MINE}{mine['id']}/accept/"
    first, second = post(api(grace), accept), api(grace).post(accept)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (first.json()["room"], first.json()["role"], first.json()["user"]["id"]) == ("cellar", "member", grace.pk)
    assert api(grace).get(MINE).json()["results"] == []


def test_somebody_declines(api: Api, ada: User, grace: User, cellar: Room) -> None:
    public_id = post(api(ada), HERE, username="grace").json()["id"]

    assert api(grace).delete(f"{MINE}{public_id}/").status_code == 204

    not_valid(api(grace).delete(f"{MINE}{public_id}/"))
    not_valid(post(api(grace), f"{MINE}{public_id}/accept/"))
    assert not Membership.objects.filter(room=cellar, user=grace).exists()


def test_a_link_is_shown_once_and_lets_people_in(api: Api, ada: User, grace: User, cellar: Room) -> None:
    made = post(api(ada), LINKS, expires_in_s=3600, max_uses=2)

    assert made.status_code == 201
    token = made.json()["token"]
    assert made.json()["url"] == f"http://testserver/join/{token}/"
    assert made.json()["user"] is None and made.json()["max_uses"] == 2
    listed = api(ada).get(HERE)
    assert [each["id"] for each in listed.json()["results"]] == [made.json()["id"]]
    assert token not in listed.content.decode()

    path = f"{MINE}links/{token}/"
    shown = api(grace).get(path).json()
    assert (shown["room"]["name"], shown["by"]["username"]) == ("Cellar", "ada")
    first, second = post(api(grace), path), post(api(grace), path)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert api(ada).get(HERE).json()["results"][0]["uses"] == 1


def test_a_link_without_an_end_and_one_for_a_week(api: Api, ada: User, cellar: Room) -> None:
    ever, week = post(api(ada), LINKS, expires_in_s=None, max_uses=None), api(ada).post(LINKS)

    assert (ever.status_code, week.status_code) == (201, 201)
    assert (ever.json()["expires_at"], ever.json()["max_uses"]) == (None, None)
    assert week.json()["expires_at"] is not None


def test_a_link_ends_when_it_is_revoked(api: Api, ada: User, grace: User, cellar: Room) -> None:
    made = post(api(ada), LINKS).json()

    assert api(ada).delete(f"{HERE}{made['id']}/").status_code == 204

    not_valid(api(ada).delete(f"{HERE}{made['id']}/"))
    not_valid(api(grace).get(f"{MINE}links/{made['token']}/"))
    not_valid(post(api(grace), f"{MINE}links/{made['token']}/"))


def test_lists_are_read_page_by_page_newest_first(api: Api, ada: User, grace: User, cellar: Room) -> None:
    made = [post(api(ada), LINKS).json()["id"] for _ in range(3)]

    page = api(ada).get(f"{HERE}?limit=2").json()
    rest = api(ada).get(page["next"]).json()

    assert [each["id"] for each in page["results"] + rest["results"]] == made[::-1]
    assert rest["next"] is None


def test_my_list_costs_the_same_for_one_and_for_many(
    api: Api, ada: User, grace: User, django_assert_num_queries: Any
) -> None:
    client = api(grace)
    client.get(MINE)  # the use of the token is noted once
    for number in range(12):
        slug = f"room-{number}"
        room = Room.objects.create(slug=slug, name=slug)
        Membership.objects.create(room=room, user=ada, role=Role.OWNER)
        assert post(api(ada), f"/api/rooms/{slug}/invitations/", username="grace").status_code == 201
        if number in {0, 11}:
            with django_assert_num_queries(2):
                assert len(client.get(MINE).json()["results"]) == number + 1


@pytest.mark.parametrize("end", BAD_PATHS)
def test_whatever_is_no_invitation_has_one_answer(api: Api, ada: User, grace: User, cellar: Room, end: str) -> None:
    for client in (api(grace), api(ada)):
        not_valid(client.get(f"{MINE}links/{end}/"))
        not_valid(post(client, f"{MINE}links/{end}/"))
        not_valid(post(client, f"{MINE}{end}/accept/"))
        not_valid(client.delete(f"{MINE}{end}/"))
    not_valid(api(ada).delete(f"{HERE}{end}/"))


def test_an_invitation_of_somebody_else_has_that_answer_too(
    api: Api, ada: User, grace: User, mallory: User, cellar: Room
) -> None:
    public_id = post(api(ada), HERE, username="grace").json()["id"]

    not_valid(post(api(mallory), f"{MINE}{public_id}/accept/"))
    not_valid(api(mallory).delete(f"{MINE}{public_id}/"))


INVALID: tuple[Any, ...] = ("60", 60.5, True, [])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        row("missing", {}, 400, "validation_error", "required"),
        *[row(f"D1-{x}", {"username": x}, 400, "validation_error") for x in (None, 1, True, ["grace"], "")],
        row("D5", {"username": "gr\0ace"}, 400, "validation_error", "null_character"),
        row("D6", b'{"username": "\\ud800"}', 400, "validation_error", "surrogate"),
        row("nobody", {"username": "nobody"}, 400, "validation_error", "unknown"),
        row("long", {"username": "x" * 10_000}, 400, "validation_error", "unknown"),
        row("member", {"username": "ada"}, 400, "validation_error", "member"),
        row("C9", {"username": "grace", "role": "owner"}, 400, "unknown_field", "unknown_field"),
        row("C1", b"{bad", 400, "invalid_json"),
    ],
)
def test_a_bad_invitation_is_refused(api: Api, ada: User, grace: User, cellar: Room, body: Any, expected: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body)

    check_problem(api(ada).post(HERE, content, content_type="application/json"), *expected)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *[row(f"life-{x!r}", {"expires_in_s": x}, 400, "validation_error", "invalid") for x in INVALID],
        *[
            row(f"life-{x}", {"expires_in_s": x}, 400, "validation_error", "out_of_range")
            for x in (0, 59, -60, 2_592_001, 10**30)
        ],
        *[row(f"uses-{x!r}", {"max_uses": x}, 400, "validation_error", "invalid") for x in INVALID],
        *[row(f"uses-{x}", {"max_uses": x}, 400, "validation_error", "out_of_range") for x in (0, -1, 1001, 2**63)],
        row("C9", {"token": "mine"}, 400, "unknown_field", "unknown_field"),
    ],
)
def test_a_bad_link_is_refused(api: Api, ada: User, cellar: Room, body: Any, expected: Any) -> None:
    check_problem(post(api(ada), LINKS, **body), *expected)
    assert not Invitation.objects.exists()


def test_who_may_not_invite_is_refused_everywhere(
    api: Api, ada: User, grace: User, mallory: User, cellar: Room
) -> None:
    add_member(actor=ada, slug="cellar", username="grace")
    one = f"{HERE}{post(api(ada), LINKS).json()['id']}/"

    for client, expected in (
        (api(grace), (403, "forbidden")),
        (api(mallory), (404, "not_found")),
        (api(), (401, None)),
    ):
        answers = [client.get(HERE), post(client, HERE, username="mallory"), post(client, LINKS), client.delete(one)]
        assert {answer.status_code for answer in answers} == {expected[0]}
        assert expected[1] is None or {answer.json()["code"] for answer in answers} == {expected[1]}

    change_role(actor=ada, slug="cellar", username="grace", role=Role.MODERATOR)
    assert post(api(grace), HERE, username="mallory").status_code == 201
    assert api(grace).delete(one).status_code == 204


def test_a_guest_follows_no_link(api: Api, ada: User, cellar: Room) -> None:
    token = post(api(ada), LINKS).json()["token"]

    for answer in (api().get(f"{MINE}links/{token}/"), post(api(), f"{MINE}links/{token}/"), api().get(MINE)):
        check_problem(answer, 401, "unauthenticated")
