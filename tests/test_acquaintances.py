"""Finding people over REST: those with whom one shares a room, by words of their names, and nobody else."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from rooms.models import Room

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def found(client: APIClient, **query: str) -> list[str]:
    answer = client.get("/api/users/", query)
    assert answer.status_code == 200, answer.content
    return [person["username"] for person in answer.json()["results"]]


def test_whoever_shares_a_room_with_me_is_found_by_name_and_username(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)

    assert [found(client, q=words) for words in ("", "hop gra", "GRACE", "@gra", "grace lovelace")] == [
        ["grace"],
        ["grace"],
        ["grace"],
        ["grace"],
        [],
    ]


def test_strangers_are_found_by_nobody_and_find_nobody(api: Api, ada: User, tea: Room, mallory: User) -> None:
    assert found(api(ada), q="mallory") == []
    assert found(api(mallory), q="a") == []
    assert api().get("/api/users/").status_code == 401


def test_who_may_not_sign_in_any_more_is_not_found(api: Api, ada: User, grace: User, tea: Room) -> None:
    grace.is_active = False
    grace.save()

    assert found(api(ada)) == []


@pytest.mark.parametrize("query", [{"q": "x" * 101}, {"q": "a\0"}, {"limit": "0"}, {"everybody": "true"}])
def test_a_bad_query_is_refused(api: Api, ada: User, query: dict[str, str]) -> None:
    assert api(ada).get("/api/users/", query).status_code == 400
