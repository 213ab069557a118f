"""Archived rooms: they rest, can be read and found, and are taken up again."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from rest_framework.test import APIClient

from accounts.models import User
from chat.history import page
from chat.posting import post_message
from foundation.errors import ChatError
from rooms.lifecycle import archive_room, unarchive_room, update_room
from rooms.membership import join_room, leave_room
from rooms.models import Change, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def test_an_archived_room_is_read_and_rests(ada: User, grace: User, mallory: User, tea: Room) -> None:
    room = archive_room(actor=ada, slug="tea")

    assert room.archived
    assert Change.objects.get(room=tea, seq=tea.last_seq + 1).data == {"changes": {"archived": True}}
    assert page(actor=grace, slug="tea").messages == []
    for attempt in (
        lambda: post_message(actor=grace, slug="tea", text="hello"),
        lambda: join_room(actor=mallory, slug="tea"),
        lambda: update_room(actor=ada, slug="tea", topic="Dust"),
    ):
        with pytest.raises(ChatError, match="archived"):
            attempt()


def test_archiving_twice_is_one_change(ada: User, tea: Room) -> None:
    for archive, seq in ((archive_room, 2), (archive_room, 2), (unarchive_room, 3), (unarchive_room, 3)):
        assert archive(actor=ada, slug="tea").last_seq == seq

    assert post_message(actor=ada, slug="tea", text="We are back").message.seq == 4


def test_a_room_comes_out_of_the_archive_before_it_is_changed_and_goes_in_after(ada: User, tea: Room) -> None:
    archive_room(actor=ada, slug="tea")

    update_room(actor=ada, slug="tea", archived=False, topic="Dusted")
    update_room(actor=ada, slug="tea", archived=True, topic="Resting")

    changes = [change.data["changes"] for change in Change.objects.filter(room=tea, seq__gt=2)]
    assert changes == [{"archived": False}, {"topic": "Dusted"}, {"topic": "Resting"}, {"archived": True}]


def test_a_member_archives_nothing(grace: User, administrator: User, tea: Room, lobby: Room) -> None:
    for actor, slug in ((grace, "tea"), (administrator, "lobby")):
        with pytest.raises(ChatError, match="forbidden"):
            archive_room(actor=actor, slug=slug)


def test_a_change_and_its_archiving_are_both_done_or_neither(ada: User, tea: Room) -> None:
    with pytest.raises(ChatError, match="validation_error"):
        update_room(actor=ada, slug="tea", name="", archived=True)

    archive_room(actor=ada, slug="tea")
    with pytest.raises(ChatError, match="validation_error"):
        update_room(actor=ada, slug="tea", name="", archived=False)
    assert Room.objects.get(slug="tea").archived


def test_people_leave_an_archived_room(grace: User, ada: User, tea: Room) -> None:
    archive_room(actor=ada, slug="tea")

    leave_room(actor=grace, slug="tea")


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_open_sockets_hear_it_and_stay(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", grace) as socket:
        await run(archive_room)(actor=ada, slug="tea")
        assert (await socket.next("room.updated"))["changes"] == {"archived": True}

        await socket.send(type="message", value="hello", client_id="c-1")
        refusal = await socket.next("error")
        assert (refusal["code"], refusal["client_id"]) == ("archived", "c-1")

        await run(unarchive_room)(actor=ada, slug="tea")
        await socket.send(type="message", value="hello", client_id="c-1")
        assert (await socket.next("message"))["value"] == "hello"


# Over REST


def test_an_owner_archives_and_opens_again(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)

    resting = client.patch("/api/rooms/tea/", {"archived": True}, format="json").json()
    again = client.patch("/api/rooms/tea/", {"archived": False, "topic": "Dusted"}, format="json").json()

    assert resting["archived_at"] and "post" not in resting["capabilities"] and "archive" in resting["capabilities"]
    assert again["archived_at"] is None and again["topic"] == "Dusted" and "post" in again["capabilities"]


def test_a_change_of_an_archived_room_is_refused(api: Api, ada: User, tea: Room) -> None:
    archive_room(actor=ada, slug="tea")

    answer = api(ada).patch("/api/rooms/tea/", {"topic": "Dust"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "archived")


@pytest.mark.parametrize("value", [None, "true", 1, 0, "", [], {}])
def test_archived_is_true_or_false(api: Api, ada: User, tea: Room, value: Any) -> None:
    answer = api(ada).patch("/api/rooms/tea/", {"archived": value}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/archived")
    assert not Room.objects.get(slug="tea").archived


def test_archived_rooms_are_listed_apart(api: Api, ada: User, mallory: User, tea: Room, cellar: Room) -> None:
    for slug in ("tea", "cellar"):
        archive_room(actor=ada, slug=slug)

    def listed(user: User, query: str) -> list[str]:
        return [room["slug"] for room in api(user).get(f"/api/rooms/{query}").json()["results"]]

    assert listed(ada, "") == listed(ada, "?archived=false") == ["lobby"]
    assert listed(ada, "?archived=true") == ["cellar", "tea"]
    assert listed(mallory, "?archived=true&q=coffee") == ["tea"], "it can still be found"
    assert api(ada).get("/api/rooms/?archived=maybe").status_code == 400
