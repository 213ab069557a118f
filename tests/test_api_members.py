"""Members over REST."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from rooms.models import Change, Membership, Room

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def put(client: APIClient, path: str, **body: Any) -> Any:
    return client.put(f"/api/rooms/{path}", body, format="json")


def test_members_are_listed_oldest_first(api: Api, ada: User, grace: User, mallory: User, tea: Room) -> None:
    page = api(mallory).get("/api/rooms/tea/members/?limit=1").json()
    rest = api(mallory).get(page["next"]).json()

    assert [member["user"]["username"] for member in page["results"] + rest["results"]] == ["ada", "grace"]
    assert page["results"][0]["role"] == "owner"
    assert (page["previous"], rest["next"]) == (None, None)
    assert api(mallory).get(rest["previous"]).json()["results"] == page["results"]


@pytest.mark.parametrize("name", ["me", "mallory"])
def test_a_person_joins_once_and_leaves(api: Api, mallory: User, tea: Room, name: str) -> None:
    client = api(mallory)

    joined, again = put(client, f"tea/members/{name}/"), put(client, f"tea/members/{name}/")

    assert (joined.status_code, again.status_code) == (201, 200)
    assert joined.json() == again.json() == client.get("/api/rooms/tea/members/mallory/").json()
    assert joined.json()["role"] == "member"
    assert Change.objects.filter(room=tea, kind="member.joined", subject=mallory).count() == 1
    assert client.delete(f"/api/rooms/tea/members/{name}/").status_code == 204
    assert client.delete(f"/api/rooms/tea/members/{name}/").status_code == 404
    assert not Membership.objects.filter(room=tea, user=mallory).exists()


def test_joining_needs_no_body(api: Api, mallory: User, tea: Room) -> None:
    assert api(mallory).put("/api/rooms/tea/members/me/").status_code == 201


def test_an_owner_adds_somebody_to_a_private_room(api: Api, ada: User, grace: User, cellar: Room) -> None:
    assert api(grace).get("/api/rooms/cellar/").status_code == 404, "premise: grace is not in"

    added, again = put(api(ada), "cellar/members/grace/"), put(api(ada), "cellar/members/grace/")

    assert (added.status_code, again.status_code) == (201, 200)
    assert api(grace).get("/api/rooms/cellar/").status_code == 200


def test_an_owner_makes_an_owner_and_takes_it_back(api: Api, ada: User, grace: User, tea: Room) -> None:
    assert put(api(ada), "tea/members/grace/", role="owner").json()["role"] == "owner"
    assert put(api(grace), "tea/members/ada/", role="member").json()["role"] == "member"
    assert put(api(ada), "tea/members/grace/", role="member").status_code == 403


def test_an_owner_removes_a_member(api: Api, ada: User, grace: User, tea: Room) -> None:
    assert api(ada).delete("/api/rooms/tea/members/grace/").status_code == 204
    assert api(ada).get("/api/rooms/tea/members/grace/").status_code == 404
    assert Change.objects.get(room=tea, kind="member.left").data == {"removed": True}


def test_a_member_manages_nobody(api: Api, grace: User, mallory: User, tea: Room) -> None:
    answers = [
        put(api(grace), "tea/members/mallory/"),
        put(api(grace), "tea/members/ada/"),
        put(api(grace), "tea/members/grace/", role="owner"),
        put(api(mallory), "tea/members/mallory/", role="owner"),
        api(grace).delete("/api/rooms/tea/members/ada/"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 5


def test_the_last_owner_stays(api: Api, ada: User, tea: Room) -> None:
    left, stepped_down = api(ada).delete("/api/rooms/tea/members/me/"), put(api(ada), "tea/members/me/", role="member")

    assert (left.status_code, left.json()["code"]) == (409, "last_owner")
    assert (stepped_down.status_code, stepped_down.json()["code"]) == (409, "last_owner")


def test_adding_nobody_names_the_field(api: Api, ada: User, tea: Room) -> None:
    answer = put(api(ada), "tea/members/nobody/")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/username"


def test_nobody_joins_a_private_room_uninvited(api: Api, mallory: User, cellar: Room) -> None:
    assert put(api(mallory), "cellar/members/me/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_person_who_joins_twice_at_once_is_in_once(api: Api, mallory: User, tea: Room) -> None:
    client = api(mallory)

    def join(_: int) -> int:
        try:
            status: int = put(client, "tea/members/me/").status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        statuses = set(threads.map(join, range(8)))

    assert statuses <= {200, 201}
    assert Membership.objects.filter(room=tea, user=mallory).count() == 1
    assert Change.objects.filter(room=tea, kind="member.joined", subject=mallory).count() == 1
