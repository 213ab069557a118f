"""The inbox: my rooms, what is unread in each, and how I want to have them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from chat.erasing import delete_message
from chat.inbox import entries, memberships, totals_of
from chat.models import Mention
from chat.posting import post_message
from chat.reading import mark_read
from foundation.errors import ChatError
from foundation.limits import SEQ_MAX
from rooms.direct import open_direct
from rooms.invitations import invite_person
from rooms.lifecycle import open_room
from rooms.membership import join_room, remove_member
from rooms.models import Membership, Room
from rooms.preferences import set_preferences

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def say(actor: User, text: str = "hello", slug: str = "tea") -> int:
    return post_message(actor=actor, slug=slug, text=text).message.seq


def unread(user: User, slug: str = "tea") -> tuple[int, int]:
    """The messages and the mentions that a person has not read."""
    [entry] = entries(memberships([user.pk]).filter(room__slug=slug))
    return entry.unread, entry.mentions


# What is unread


def test_what_others_say_is_unread_and_what_was_said_before_one_came_is_not(
    ada: User, grace: User, mallory: User, tea: Room
) -> None:
    say(ada)
    join_room(actor=mallory, slug="tea")
    say(ada)

    assert unread(grace) == (2, 0)
    assert unread(mallory) == (1, 0)
    assert unread(ada) == (0, 0), "whoever says something has read what came before"


def test_changes_of_the_room_are_no_messages(ada: User, grace: User, mallory: User, tea: Room) -> None:
    join_room(actor=mallory, slug="tea")

    assert unread(grace) == (0, 0)


def test_reading_up_to_here_leaves_what_comes_after(ada: User, grace: User, tea: Room) -> None:
    first, second, third = (say(ada) for _ in range(3))

    for upto, left in ((first, 2), (third, 0), (second, 1), (0, 3), (tea.last_seq, 3)):
        mark_read(actor=grace, slug="tea", upto=upto)
        assert unread(grace) == (left, 0), upto


def test_a_marker_lies_in_the_log(grace: User, mallory: User, tea: Room) -> None:
    with pytest.raises(ChatError, match="position_invalid"):
        mark_read(actor=grace, slug="tea", upto=tea.last_seq + 1)
    with pytest.raises(ChatError, match="forbidden"):
        mark_read(actor=mallory, slug="tea", upto=0)


# Mentions


def test_members_are_mentioned_and_others_are_passed_over(ada: User, grace: User, mallory: User, tea: Room) -> None:
    say(ada, "@grace @mallory @nobody @ada hello")

    assert list(Mention.objects.values_list("user__username", flat=True)) == ["grace"]
    assert unread(grace) == (1, 1)


def test_a_mention_is_over_when_it_is_read_or_deleted(ada: User, grace: User, tea: Room) -> None:
    first, second = say(ada, "@grace"), say(ada, "@grace")

    mark_read(actor=grace, slug="tea", upto=first)
    assert unread(grace) == (1, 1)

    delete_message(actor=ada, slug="tea", seq=second)
    assert unread(grace)[1] == 0


def test_a_text_without_a_mention_costs_no_query_more(ada: User, grace: User, tea: Room) -> None:
    def queries(text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            say(ada, text)
        return len(captured)

    assert queries("hello @grace") == queries("hello") + 3


# Over REST


def test_the_list_has_every_room_with_what_waits(api: Api, ada: User, grace: User, mallory: User, tea: Room) -> None:
    seq = say(ada, "Who is for Darjeeling, @grace?")
    direct, _ = open_direct(actor=mallory, usernames=["grace"])
    open_room(actor=ada, name="Green", slug="green", kind="private")
    invite_person(actor=ada, slug="green", username="grace")

    inbox = api(grace).get("/api/inbox/").json()

    first, second = inbox["results"]
    assert (first["room"]["slug"], first["role"], first["unread"], first["mentions"]) == ("tea", "member", 1, 1)
    assert (first["seq"], first["last_message"]["seq"], first["last_message"]["user"]["username"]) == (seq, seq, "ada")
    assert first["message_count"] - first["messages_read"] == first["unread"]
    assert (second["room"]["slug"], second["last_message"]) == (direct.slug, None)
    assert [person["username"] for person in second["people"]] == ["grace", "mallory"]
    assert inbox["totals"] == {"rooms": 2, "unread": 1, "mentions": 1, "invitations": 1}


def test_it_is_read_page_by_page(api: Api, ada: User) -> None:
    for number in range(5):
        open_room(actor=ada, name=f"Room {number}")
    client, url, found = api(ada), "/api/inbox/?limit=2", []
    while url:
        page = client.get(url).json()
        found += [entry["room"]["slug"] for entry in page["results"]]
        url = page["next"]

    assert found == [f"room-{number}" for number in range(5)]


def test_fifty_rooms_cost_as_many_queries_as_one(api: Api, ada: User, grace: User, tea: Room) -> None:
    client = api(grace)
    client.get("/api/inbox/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/inbox/")
        return len(captured)

    say(ada, "@grace")
    open_direct(actor=grace, usernames=["ada"])
    one = queries()
    for number in range(50):
        open_room(actor=ada, name=f"Room {number}", slug=f"room-{number}")
        join_room(actor=grace, slug=f"room-{number}")
        say(ada, "@grace", f"room-{number}")

    assert queries() == one


@pytest.mark.parametrize("seq", [-1, "1", 1.5, True, None, SEQ_MAX + 1])
def test_a_marker_that_is_none_is_refused(api: Api, grace: User, tea: Room, seq: Any) -> None:
    answer = api(grace).put("/api/rooms/tea/read/", {"seq": seq}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_the_marker_moves_over_rest(api: Api, ada: User, grace: User, tea: Room) -> None:
    say(ada, "@grace")
    last = say(ada, "@grace")

    answer = api(grace).put("/api/rooms/tea/read/", {"seq": last - 1}, format="json")

    assert answer.json() == {"seq": last - 1, "unread": 1, "mentions": 1}


# Preferences


def test_a_room_is_had_as_one_wants_it(api: Api, ada: User, grace: User, tea: Room) -> None:
    wanted = {"notify": "mentions", "muted": True, "favourite": True, "position": 3}

    answer = api(grace).patch("/api/inbox/tea/", wanted, format="json")

    assert answer.status_code == 200
    assert wanted.items() <= answer.json().items()
    say(ada)
    assert totals_of(grace).unread == 0, "a muted room is quiet"
    assert api(grace).patch("/api/inbox/tea/", {"position": None}, format="json").json()["position"] is None


@pytest.mark.parametrize(
    "body",
    [{"notify": "loud"}, {"notify": None}, {"muted": "yes"}, {"favourite": 1}, {"position": -1}]
    + [{"position": 10_001}, {"position": "1"}, {"position": True}],
)
def test_a_preference_that_is_none_is_refused(api: Api, grace: User, tea: Room, body: dict[str, Any]) -> None:
    answer = api(grace).patch("/api/inbox/tea/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(body))}"


def test_whoever_is_no_member_has_no_preferences(ada: User, grace: User, mallory: User, tea: Room) -> None:
    remove_member(actor=ada, slug="tea", username="grace")

    for actor in (grace, mallory):
        with pytest.raises(ChatError, match="forbidden"):
            set_preferences(actor=actor, slug="tea", muted=True)
    assert not Membership.objects.filter(muted=True).exists()
