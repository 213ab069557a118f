"""Slow mode: a member waits between two messages, and is told how long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async as run
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from chat.drafts import Draft
from chat.posting import post_message, post_messages
from foundation.errors import ChatError
from rooms.lifecycle import update_room
from rooms.membership import add_member, change_role
from rooms.models import Guests, Membership, Posting, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.fixture
def slow(ada: User, tea: Room) -> Room:
    """The tea room with a message a minute."""
    return update_room(actor=ada, slug="tea", slow_mode_s=60)


def say(actor: User) -> int:
    return post_message(actor=actor, slug="tea", text="hello").message.seq


def waited(user: User, seconds: float) -> None:
    """Let this much time have gone by since the member's last message."""
    Membership.objects.filter(user=user).update(last_posted_at=timezone.now() - timedelta(seconds=seconds))


def test_the_second_message_waits_and_the_refusal_says_how_long(grace: User, slow: Room) -> None:
    say(grace)
    waited(grace, 20)

    with pytest.raises(ChatError) as refusal:
        say(grace)

    assert refusal.value.code == "slow_mode"
    assert refusal.value.retry_after_s == pytest.approx(40, abs=5)
    waited(grace, 60)
    assert say(grace)


def test_moderators_go_on(ada: User, grace: User, administrator: User, slow: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role="moderator")
    add_member(actor=ada, slug="tea", username=administrator.username)

    for actor in (ada, grace, administrator):
        assert [say(actor) for _ in range(3)]


def test_in_one_batch_the_second_waits_too(grace: User, mallory: User, slow: Room) -> None:
    outcomes = post_messages([Draft(who, "tea", f"{n}") for n, who in enumerate([grace, mallory, grace, mallory])])

    assert [getattr(outcome, "code", "posted") for outcome in outcomes] == [
        "posted",
        "posted",
        "slow_mode",
        "slow_mode",
    ]


def test_guests_only_read_in_slow_mode(slow: Room) -> None:
    Room.objects.filter(pk=slow.pk).update(guests=Guests.WRITE)

    with pytest.raises(ChatError, match="forbidden"):
        post_message(actor=AnonymousUser(), slug="tea", text="hello")


def test_over_rest_the_wait_is_in_the_header(api: Api, grace: User, slow: Room) -> None:
    client = api(grace)
    answers = [client.post("/api/rooms/tea/messages/", {"value": "hello"}, format="json") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 429]
    assert answers[1].json()["code"] == "slow_mode"
    assert 50 <= int(answers[1]["Retry-After"]) <= 60


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_on_a_socket_it_is_no_fault_and_no_strike(grace: User, slow: Room) -> None:
    async with joined("tea", grace) as socket:
        for number in range(15):
            await socket.send(type="message", value="hello", client_id=f"c-{number}")
        errors = [await socket.next("error") for _ in range(14)]

        assert {error["code"] for error in errors} == {"slow_mode"}
        assert all(50_000 <= error["retry_after_ms"] <= 60_000 for error in errors)
        await socket.send(type="ping")
        assert await socket.next("pong"), "the socket stays open"
        await run(waited)(grace, 60)
        await socket.send(type="message", value="now", client_id="c-0-again")
        assert (await socket.next("ack"))["client_id"] == "c-0-again"


def test_an_announcement_room_hears_its_moderators_alone(ada: User, grace: User, tea: Room) -> None:
    update_room(actor=ada, slug="tea", posting=Posting.MODERATORS)

    assert say(ada)
    with pytest.raises(ChatError, match="forbidden"):
        say(grace)
