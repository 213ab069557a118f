"""Messages over REST: posting once, reading page by page, and joining a room without a gap."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation.deployment import epoch
from rooms.models import Membership, Room

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
MESSAGES = "/api/rooms/tea/messages/"


def post(client: APIClient, path: str = MESSAGES, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post(path, body, format="json", headers=headers)


def values(page: dict[str, Any]) -> list[str]:
    return [message["value"] for message in page["results"]]


@pytest.fixture
def ten(ada: User, tea: Room) -> list[Message]:
    """Ten messages of ada's in the tea room, numbered from 2 to 11; grace's arrival was 1."""
    return [post_message(actor=ada, slug="tea", text=f"m{number}").message for number in range(2, 12)]


def test_a_message_is_posted_and_found_at_its_location(api: Api, ada: User, tea: Room) -> None:
    answer = post(api(ada), value="hello", client_id="c-1")

    assert answer.status_code == 201
    assert answer["Location"] == "/api/rooms/tea/messages/2/"
    message = answer.json()
    assert message == {
        "type": "message",
        "room": "tea",
        "seq": 2,
        "value": "hello",
        "user": {"id": ada.pk, "username": "ada", "name": "Ada Lovelace", "avatar": None},
        "sent_at": message["sent_at"],
        "client_id": "c-1",
    }
    assert api(ada).get(answer["Location"]).json() == message


def test_a_repeated_post_answers_the_first_message(api: Api, ada: User, tea: Room) -> None:
    first = post(api(ada), value="hello", client_id="c-1")
    again = post(api(ada), value="hello", client_id="c-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert Message.objects.filter(room=tea).count() == 1


def test_a_client_id_for_another_text_is_a_conflict(api: Api, ada: User, tea: Room) -> None:
    post(api(ada), value="hello", client_id="c-1")

    answer = post(api(ada), value="good bye", client_id="c-1")

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")


def test_the_header_is_a_client_id_too(api: Api, ada: User, tea: Room) -> None:
    first = post(api(ada), value="hello", headers={"Idempotency-Key": "c-1"})
    again = post(api(ada), value="hello", client_id="c-1", headers={"Idempotency-Key": "c-1"})

    assert first.json()["client_id"] == "c-1"
    assert (again.status_code, again.json()) == (200, first.json())


def test_no_client_id_posts_twice(api: Api, ada: User, tea: Room) -> None:
    assert post(api(ada), value="hello", client_id=None).status_code == 201
    assert post(api(ada), value="hello").json()["seq"] == 3


def test_a_guest_posts_where_guests_may(api: Api, lobby: Room) -> None:
    answer = post(api(), "/api/rooms/lobby/messages/", value="hello")

    assert (answer.status_code, answer.json()["user"]) == (201, None)


def test_a_guest_who_may_only_read_is_refused(api: Api, lobby: Room) -> None:
    Room.objects.filter(pk=lobby.pk).update(guests="read")

    assert post(api(), "/api/rooms/lobby/messages/", value="hello").status_code == 403


def test_the_first_post_of_a_stranger_joins_the_room(api: Api, mallory: User, tea: Room) -> None:
    assert post(api(mallory), value="hello").status_code == 201
    assert Membership.objects.filter(room=tea, user=mallory).exists()


def test_the_newest_page_leads_to_the_oldest(api: Api, ada: User, ten: list[Message]) -> None:
    newest = api(ada).get(f"{MESSAGES}?limit=4").json()
    middle = api(ada).get(newest["previous"]).json()
    oldest = api(ada).get(middle["previous"]).json()

    assert values(newest) == ["m8", "m9", "m10", "m11"]
    assert values(middle) == ["m4", "m5", "m6", "m7"]
    assert values(oldest) == ["m2", "m3"]
    assert (newest["next"], oldest["previous"]) == (None, None)
    assert values(api(ada).get(oldest["next"]).json()) == ["m4", "m5", "m6", "m7"]
    assert {(page["seq"], page["epoch"]) for page in (newest, middle, oldest)} == {(11, epoch())}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("before=4", ["m2", "m3"]),
        ("after=9", ["m10", "m11"]),
        ("after=0&limit=2", ["m2", "m3"]),
        ("after=11", []),
        ("before=2", []),
        ("before=9007199254740991&limit=1", ["m11"]),
        ("around=6&limit=4", ["m5", "m6", "m7", "m8"]),
        ("around=11&limit=2", ["m11"]),
    ],
)
def test_a_page_lies_where_it_was_asked_for(
    api: Api, ada: User, ten: list[Message], query: str, expected: list[str]
) -> None:
    assert values(api(ada).get(f"{MESSAGES}?{query}").json()) == expected


def test_an_empty_page_leads_back_to_the_messages(api: Api, ada: User, ten: list[Message]) -> None:
    beyond, before = (api(ada).get(f"{MESSAGES}?{query}").json() for query in ("after=11", "before=2"))

    assert (beyond["next"], before["previous"]) == (None, None)
    assert values(api(ada).get(beyond["previous"]).json())[-1] == "m11"
    assert values(api(ada).get(before["next"]).json())[0] == "m2"


def test_a_position_beyond_the_end_is_answered_with_the_end(api: Api, ada: User, ten: list[Message]) -> None:
    answer = api(ada).get(f"{MESSAGES}?after=12")

    assert (answer.status_code, answer.json()["code"]) == (409, "position_invalid")
    assert (answer.json()["head"], answer.json()["epoch"]) == (11, epoch())


def test_the_number_of_a_change_is_no_message(api: Api, ada: User, tea: Room) -> None:
    assert tea.last_seq == 1, "premise: grace's arrival is number 1"

    assert api(ada).get(f"{MESSAGES}1/").status_code == 404


def test_sync_has_all_that_a_client_needs_to_begin(api: Api, ada: User, ten: list[Message]) -> None:
    client = api(ada)

    sync = client.get("/api/rooms/tea/sync/?limit=3").json()

    room, page = client.get("/api/rooms/tea/").json(), client.get(f"{MESSAGES}?limit=3").json()
    assert sync == {
        "room": room,
        "me": room["created_by"],
        "role": "owner",
        "capabilities": room["capabilities"],
        "messages": page,
        "here": [],
        "here_count": 0,
        "guests_here": 0,
        "seq": 11,
        "epoch": epoch(),
        "socket": "/ws/chat/tea/",
    }


def test_sync_for_a_guest_has_nobody_as_me(api: Api, lobby: Room) -> None:
    sync = api().get("/api/rooms/lobby/sync/").json()

    assert (sync["me"], sync["role"], sync["capabilities"]) == (None, None, ["post"])


def test_a_page_takes_a_fixed_number_of_queries(
    api: Api, ada: User, ten: list[Message], django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    client = api(ada)
    client.get(MESSAGES)

    with django_assert_max_num_queries(4):  # the token, the room, the membership, the messages
        client.get(MESSAGES)
