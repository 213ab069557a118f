"""Deleting a room: what is gone, and who is told that it was there."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation.errors import ChatError
from rooms import policies
from rooms.lifecycle import delete_room, open_room, update_room
from rooms.models import Change, Membership, Room
from rooms.policies import Person
from tests.reading import words
from tests.sockets import joined, opened

pytestmark = pytest.mark.django_db


def test_a_deleted_room_is_gone_with_everything_in_it(ada: User, tea: Room) -> None:
    post_message(actor=ada, slug="tea", text="hello")

    delete_room(actor=ada, slug="tea")

    for model in (Message, Change, Membership):
        assert not model.objects.filter(room_id=tea.pk).exists()
    with pytest.raises(ChatError, match="room_deleted"):
        delete_room(actor=ada, slug="tea")


def answer_to(user: Person, slug: str) -> str:
    with pytest.raises(ChatError) as refusal:
        policies.room_for(user, slug)
    return refusal.value.code


def test_a_public_room_that_was_deleted_is_told_of_to_all_who_could_read_it(
    ada: User, grace: User, mallory: User, tea: Room
) -> None:
    delete_room(actor=ada, slug="tea")

    assert [answer_to(user, "tea") for user in (ada, grace, mallory)] == ["room_deleted"] * 3
    assert answer_to(AnonymousUser(), "tea") == "unauthenticated"


def test_a_private_room_that_was_deleted_is_told_of_to_its_members_alone(
    ada: User, mallory: User, cellar: Room
) -> None:
    delete_room(actor=ada, slug="cellar")

    assert answer_to(ada, "cellar") == "room_deleted"
    assert answer_to(mallory, "cellar") == answer_to(mallory, "no-such-room") == "not_found"


def test_over_rest_it_is_410_or_404(
    api: Callable[..., APIClient], ada: User, mallory: User, tea: Room, cellar: Room
) -> None:
    for slug in ("tea", "cellar"):
        assert api(ada).delete(f"/api/rooms/{slug}/").status_code == 204

    for path in ("", "messages/", "members/", "sync/", "presence/"):
        assert api(ada).get(f"/api/rooms/cellar/{path}").json()["code"] == "room_deleted"
        assert api(mallory).get(f"/api/rooms/tea/{path}").status_code == 410
        assert api(mallory).get(f"/api/rooms/cellar/{path}").status_code == 404


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_socket_is_closed_with_4410_then_and_afterwards(
    ada: User, grace: User, mallory: User, tea: Room, cellar: Room
) -> None:
    async with joined("tea", grace) as open_then:
        await run(delete_room)(actor=ada, slug="tea")
        assert await open_then.closed(timeout=1) == 4410

    await run(delete_room)(actor=ada, slug="cellar")
    for slug, user, code in (("tea", mallory, 4410), ("cellar", ada, 4410), ("cellar", mallory, 4404)):
        async with opened(f"/ws/chat/{slug}/", user) as socket:
            assert await socket.closed(timeout=2) == code


def test_the_page_says_that_the_room_was_deleted(client: Client, ada: User, mallory: User, cellar: Room) -> None:
    delete_room(actor=ada, slug="cellar")

    client.force_login(ada)
    told = client.get("/rooms/cellar/")
    client.force_login(mallory)
    stranger = client.get("/rooms/cellar/")

    assert told.status_code == 410 and "This room was deleted" in words(told)
    assert stranger.status_code == 404


def test_an_address_is_never_given_twice(ada: User, grace: User, tea: Room) -> None:
    delete_room(actor=ada, slug="tea")

    with pytest.raises(ChatError, match="name_taken") as refusal:
        open_room(actor=grace, name="Tea", slug="tea")
    assert refusal.value.errors[0].pointer == "/slug"

    again = open_room(actor=grace, name="Tea")
    assert again.slug.startswith("tea-") and again.last_seq == 0
    assert again.group != tea.group, "no hint of the old room reaches the new one"


def test_a_public_room_that_was_private_when_it_was_deleted_is_told_of_to_members_alone(
    ada: User, mallory: User, tea: Room
) -> None:
    update_room(actor=ada, slug="tea", kind="private")
    delete_room(actor=ada, slug="tea")

    assert answer_to(mallory, "tea") == "not_found"
