"""Rooms over REST."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Message
from rooms import policies
from rooms.lifecycle import open_room, update_room
from rooms.models import Guests, Membership, Room

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
ADA = {"username": "ada", "name": "Ada Lovelace", "avatar": None}


def slugs(answer: Any) -> list[str]:
    return [room["slug"] for room in answer.json()["results"]]


def test_a_room_is_opened_and_found_at_its_location(api: Api, ada: User) -> None:
    answer = api(ada).post("/api/rooms/", {"name": "Green tea", "topic": "sencha"}, format="json")

    assert answer.status_code == 201
    assert answer["Location"] == "/api/rooms/green-tea/"
    room = answer.json()
    assert room == {
        "slug": "green-tea",
        "name": "Green tea",
        "topic": "sencha",
        "description": "",
        "kind": "public",
        "guests": "none",
        "created_by": {"id": ada.pk, **ADA},
        "created_at": room["created_at"],
        "last_seq": 0,
        "member_count": 1,
        "my_role": "owner",
        "capabilities": policies.room_for(ada, "green-tea").capabilities,
        "posting": "members",
        "slow_mode_s": 0,
        "retention_days": 0,
        "archived_at": None,
        "people": None,
        "my_read_seq": 0,
    }
    assert api(ada).get(answer["Location"]).json() == room


def test_a_stranger_sees_what_a_stranger_may_do(api: Api, mallory: User, tea: Room) -> None:
    room = api(mallory).get("/api/rooms/tea/").json()

    assert (room["my_role"], room["capabilities"], room["member_count"]) == (None, ["post", "join"], 2)


def test_the_list_has_public_rooms_and_my_private_ones(
    api: Api, ada: User, mallory: User, tea: Room, cellar: Room
) -> None:
    assert slugs(api(ada).get("/api/rooms/")) == ["cellar", "lobby", "tea"]
    assert slugs(api(mallory).get("/api/rooms/")) == ["lobby", "tea"]


def test_the_administrator_sees_every_room(api: Api, administrator: User, cellar: Room) -> None:
    assert slugs(api(administrator).get("/api/rooms/")) == ["cellar", "lobby"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=coffee", ["tea"]),
        ("q=NO+cof", ["tea"]),
        ("q=cellar", ["cellar"]),
        ("q=100%25", []),
        ("q=", ["cellar", "lobby", "tea"]),
        ("member=true", ["cellar", "tea"]),
        ("member=false", ["lobby"]),
        ("kind=private", ["cellar"]),
        ("kind=public&member=true", ["tea"]),
        ("ordering=-name", ["tea", "lobby", "cellar"]),
        ("ordering=-last_seq&member=true", ["tea", "cellar"]),
        ("ordering=created_at", ["lobby", "tea", "cellar"]),
    ],
)
def test_the_list_is_searched_filtered_and_ordered(
    api: Api, ada: User, tea: Room, cellar: Room, query: str, expected: list[str]
) -> None:
    assert slugs(api(ada).get(f"/api/rooms/?{query}")) == expected


@pytest.mark.parametrize("ordering", ["name", "-name", "created_at", "-last_seq"])
def test_pages_hold_every_room_once_forth_and_back(api: Api, ada: User, ordering: str) -> None:
    for number in range(11):  # most of them called alike, so that only the key tells them apart
        name, kind = ("Tea", "private") if number < 8 else (f"Tea {number}", "public")
        open_room(actor=ada, name=name, slug=f"tea-{number}", kind=kind)
    client, url, forth = api(ada), f"/api/rooms/?limit=4&ordering={ordering}", []
    while url:
        page = client.get(url).json()
        forth.append([room["slug"] for room in page["results"]])
        url, last = page["next"], page

    back = [forth[-1]]
    while last["previous"]:
        last = client.get(last["previous"]).json()
        back.insert(0, [room["slug"] for room in last["results"]])

    assert [len(page) for page in forth] == [4, 4, 4]
    assert len({slug for page in forth for slug in page}) == 12, "eleven and the lobby"
    assert back == forth
    assert last["previous"] is None


def test_a_cursor_belongs_to_its_order(api: Api, ada: User, tea: Room) -> None:
    cursor = api(ada).get("/api/rooms/?limit=1").json()["next"].split("cursor=")[1].split("&")[0]

    answer = api(ada).get(f"/api/rooms/?limit=1&ordering=-name&cursor={cursor}")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


def test_a_room_deleted_between_two_pages_hides_no_other(api: Api, ada: User) -> None:
    for number in range(4):
        open_room(actor=ada, name=f"A{number}", slug=f"a{number}")
    page = api(ada).get("/api/rooms/?limit=2").json()
    Room.objects.filter(slug="a1").delete()

    assert slugs(api(ada).get(page["next"])) == ["a2", "a3"]


def test_an_owner_changes_a_room(api: Api, ada: User, tea: Room) -> None:
    answer = api(ada).patch("/api/rooms/tea/", {"topic": "", "guests": "read"}, format="json")

    assert answer.status_code == 200
    assert (answer.json()["topic"], answer.json()["guests"], answer.json()["name"]) == ("", "read", "Tea")
    assert answer.json()["last_seq"] == tea.last_seq + 1


def test_a_change_of_nothing_is_no_change(api: Api, ada: User, tea: Room) -> None:
    answer = api(ada).patch("/api/rooms/tea/", {}, format="json")

    assert (answer.status_code, answer.json()["last_seq"]) == (200, tea.last_seq)


def test_a_member_does_not_change_the_room(api: Api, grace: User, tea: Room) -> None:
    answer = api(grace).patch("/api/rooms/tea/", {"name": "Coffee"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert api(grace).delete("/api/rooms/tea/").status_code == 403


def test_a_deleted_room_is_gone(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)

    assert client.delete("/api/rooms/tea/").status_code == 204
    assert client.get("/api/rooms/tea/").status_code == 410
    assert not Message.objects.filter(room_id=tea.pk).exists()


def test_the_lobby_stays(api: Api, administrator: User, lobby: Room) -> None:
    assert api(administrator).delete("/api/rooms/lobby/").json()["code"] == "forbidden"


def test_hidden_and_missing_are_the_same_answer(api: Api, mallory: User, cellar: Room) -> None:
    hidden, missing = api(mallory).get("/api/rooms/cellar/"), api(mallory).get("/api/rooms/no-such-room/")

    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    assert {**hidden.headers} == {**missing.headers}


def test_a_guest_cannot_tell_hidden_from_missing(api: Api, tea: Room, cellar: Room) -> None:
    answers = [api().get(f"/api/rooms/{slug}/") for slug in ("tea", "cellar", "no-such-room")]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("path", ["", "sync/", "messages/", "presence/"])
def test_a_guest_reads_a_room_that_is_open_to_guests(api: Api, ada: User, tea: Room, path: str) -> None:
    assert api().get(f"/api/rooms/tea/{path}").status_code == 401, "premise: closed to guests"
    update_room(actor=ada, slug="tea", guests=Guests.READ)

    assert api().get(f"/api/rooms/tea/{path}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("patch", ""), ("delete", ""), ("get", "members/"), ("put", "members/me/")]
)
def test_a_guest_changes_nothing_and_sees_no_members(api: Api, lobby: Room, method: str, path: str) -> None:
    answer = getattr(api(), method)(f"/api/rooms/lobby/{path}", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_nobody_is_here_without_a_socket(api: Api, ada: User, tea: Room) -> None:
    assert api(ada).get("/api/rooms/tea/presence/").json() == {"here": [], "here_count": 0, "guests_here": 0}


def test_a_list_takes_a_fixed_number_of_queries(
    api: Api, ada: User, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(20):
        open_room(actor=ada, name=f"Tea {number}")
    client = api(ada)
    client.get("/api/rooms/")

    with django_assert_max_num_queries(3):  # the token with its owner, the rooms, the people of direct ones
        assert len(client.get("/api/rooms/").json()["results"]) == 21


def test_a_private_room_may_have_the_name_of_another(api: Api, ada: User, mallory: User, tea: Room) -> None:
    answer = api(mallory).post("/api/rooms/", {"name": "Tea", "kind": "private"}, format="json")

    assert answer.status_code == 201
    assert Membership.objects.filter(room__slug=answer.json()["slug"], user=mallory, role="owner").exists()


@pytest.mark.parametrize("value", [None, "5", 5.0, True, -1, 21_601, 10**30, [], {}])
def test_slow_mode_is_a_whole_number_of_seconds(api: Api, ada: User, tea: Room, value: Any) -> None:
    client = api(ada)
    body = {"name": "New", "slow_mode_s": value}

    for answer in (
        client.post("/api/rooms/", body, format="json"),
        client.patch("/api/rooms/tea/", body, format="json"),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/slow_mode_s")
    assert not Room.objects.filter(name="New").exists()


def test_the_rules_of_posting_are_set_at_opening_and_later(api: Api, ada: User) -> None:
    client = api(ada)
    body = {"name": "News", "posting": "moderators", "slow_mode_s": 21_600}

    opened = client.post("/api/rooms/", body, format="json").json()
    changed = client.patch("/api/rooms/news/", {"posting": "members", "slow_mode_s": 0}, format="json").json()

    assert (opened["posting"], opened["slow_mode_s"]) == ("moderators", 21_600)
    assert (changed["posting"], changed["slow_mode_s"]) == ("members", 0)


@pytest.mark.parametrize("body", [{"kind": "direct"}, {"posting": "owners"}, {"posting": None}, {"kind": ["public"]}])
def test_e15_a_rule_that_is_none_is_pointed_at(api: Api, ada: User, tea: Room, body: dict[str, Any]) -> None:
    answer = api(ada).patch("/api/rooms/tea/", body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{next(iter(body))}")
    assert Room.objects.get(pk=tea.pk).last_seq == tea.last_seq


def test_e16_a_name_that_looks_like_another_is_pointed_at(api: Api, mallory: User, tea: Room) -> None:
    answer = api(mallory).post("/api/rooms/", {"name": "T\u0435a"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/name", "confusable")]


@pytest.mark.parametrize("count", [1, 50])
def test_a_list_and_a_room_take_the_same_queries_for_one_and_for_fifty(
    api: Api, ada: User, count: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for number in range(count):
        open_room(actor=ada, name=f"Tea {number}", slug=f"tea-{number}")
    client = api(ada)
    client.get("/api/rooms/")

    with django_assert_num_queries(3):  # the token with its owner, the rooms, the people of direct ones
        assert len(client.get("/api/rooms/?limit=100&member=true").json()["results"]) == count
    with django_assert_num_queries(5):  # the token, the room and my place in it, the room as listed, its people
        assert client.get("/api/rooms/tea-0/").status_code == 200
