"""Direct rooms over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from rooms.direct import open_direct
from rooms.lifecycle import open_room
from rooms.models import Room

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def opened(api: APIClient, *people: Any) -> Any:
    return api.post("/api/direct/", {"people": list(people)}, format="json")


def test_the_first_opens_it_and_the_second_finds_it(api: Api, ada: User, grace: User) -> None:
    first, second = opened(api(ada), "grace"), opened(api(grace), "ada")

    assert (first.status_code, second.status_code) == (201, 200)
    room = first.json()
    assert first["Location"] == second["Location"] == f"/api/rooms/{room['slug']}/"
    assert [person["username"] for person in room["people"]] == ["ada", "grace"]
    assert (room["name"], room["kind"], room["my_role"]) == ("", "direct", "member")
    assert room["capabilities"] == ["post", "edit_own", "delete_own", "react", "pin"]
    assert api(ada).get(first["Location"]).json() == room


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/people"),
        ({"people": None}, "/people"),
        ({"people": "grace"}, "/people"),
        ({"people": []}, "/people"),
        ({"people": ["grace"] * 9}, "/people"),
        ({"people": {"0": "grace"}}, "/people"),
        ({"people": ["ada"]}, "/people/0"),
        ({"people": ["grace", "nobody"]}, "/people/1"),
        ({"people": ["grace", 7]}, "/people/1"),
        ({"people": ["x" * 201]}, "/people/0"),
        ({"people": ["grace", "grace"]}, "/people/1"),
        ({"people": ["a\0b"]}, "/people"),
    ],
)
def test_wrong_people_are_pointed_at(api: Api, ada: User, grace: User, body: Any, pointer: str) -> None:
    answer = api(ada).post("/api/direct/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not Room.objects.filter(kind="direct").exists()


def test_a_guest_opens_none(api: Api, ada: User) -> None:
    assert opened(api(), "ada").status_code == 401


def test_direct_rooms_are_listed_with_their_people_and_for_them_alone(
    api: Api, ada: User, grace: User, mallory: User, administrator: User, tea: Room
) -> None:
    room = opened(api(ada), "grace").json()

    for user in (ada, grace):
        [listed] = api(user).get("/api/rooms/?kind=direct").json()["results"]
        assert listed["slug"] == room["slug"] and len(listed["people"]) == 2
    for user in (mallory, administrator):
        assert api(user).get("/api/rooms/?kind=direct").json()["results"] == []
        for method in ("get", "patch", "delete"):
            assert getattr(api(user), method)(f"/api/rooms/{room['slug']}/").status_code == 404
    assert api(ada).get("/api/rooms/tea/").json()["people"] is None


def test_it_cannot_be_changed_left_or_joined(api: Api, ada: User, grace: User, mallory: User) -> None:
    slug = opened(api(ada), "grace").json()["slug"]
    client = api(ada)

    for body in ({"name": "Ours"}, {"kind": "public"}, {"archived": True}, {"posting": "moderators"}):
        assert client.patch(f"/api/rooms/{slug}/", body, format="json").status_code == 403
    assert client.delete(f"/api/rooms/{slug}/").status_code == 403
    assert client.delete(f"/api/rooms/{slug}/members/me/").status_code == 403
    assert client.put(f"/api/rooms/{slug}/members/mallory/", {}, format="json").status_code == 403


@pytest.mark.parametrize("count", [1, 50])
def test_a_list_of_direct_rooms_takes_the_same_queries_for_one_and_for_fifty(
    api: Api, ada: User, count: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for number in range(count):
        User.objects.create_user(username=f"p{number}")
        open_direct(actor=ada, usernames=[f"p{number}"])
        open_room(actor=ada, name=f"Room {number}", kind="private")
    client = api(ada)
    client.get("/api/rooms/")

    with django_assert_num_queries(3):  # the token with its owner, the rooms, the people of the direct ones
        results = client.get("/api/rooms/?kind=direct&limit=100").json()["results"]
    assert len(results) == count and all(len(room["people"]) == 2 for room in results)
    with django_assert_num_queries(5):  # the token, the room and my place in it, the room as listed, its people
        client.get(f"/api/rooms/{results[0]['slug']}/")
