"""How often somebody may do something: one bucket behind both doors, shared by all workers, and never in the way."""

import secrets
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.core.exceptions import ImproperlyConfigured
from limits.storage import memory
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from accounts.models import User
from chat.drafts import Draft
from chat.models import Message
from chat.posting import post_message, post_messages
from config import environment
from foundation import rates
from foundation.errors import ChatError
from rooms.direct import open_direct
from rooms.invitations import invite_person, make_link
from rooms.lifecycle import open_room
from rooms.membership import join_room
from rooms.models import Guests, Room
from tests.servers import RedisServer
from tests.sockets import joined, opened

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


class Clock:
    """The time that buckets in memory go by."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(memory, "time", clock)
    monkeypatch.setattr(rates, "time", SimpleNamespace(time=clock.time, sleep=lambda s: None))
    return clock


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Any) -> Iterator[None]:
    settings.RATES = dict.fromkeys(rates.NAMES, (3, 60))
    rates._buckets.cache_clear()
    yield
    rates._buckets.cache_clear()


def test_a_bucket_holds_so_many_and_is_empty_again_exactly_when_it_says(clock: Clock) -> None:
    for _ in range(3):
        rates.take("posts", 7)
    with pytest.raises(ChatError) as refusal:
        rates.take("posts", 7)

    assert refusal.value.code == "rate_limited"
    assert refusal.value.retry_after_s == 60
    rates.take("posts", 8)
    rates.take("joins", 7)
    clock.now += refusal.value.retry_after_s
    rates.take("posts", 7)


def test_of_a_batch_those_pass_that_fit() -> None:
    assert rates.take_many("posts", {1: 2, 2: 5}) == {1: 2, 2: 3}
    assert rates.take_many("posts", {1: 2, 2: 1}) == {1: 1, 2: 0}


def test_what_has_no_bound_is_not_counted(settings: Any) -> None:
    settings.RATES = {}

    assert rates.take_many("posts", {1: 10**6}) == {1: 10**6}


# Posts


def test_the_first_of_a_batch_pass_and_the_rest_are_told_to_wait(ada: User, grace: User, tea: Room) -> None:
    outcomes = post_messages([Draft(ada, "tea", f"{n}") for n in range(5)] + [Draft(grace, "tea", "hello")])

    assert [getattr(outcome, "code", "posted") for outcome in outcomes] == [
        *["posted"] * 3,
        *["rate_limited"] * 2,
        "posted",
    ]
    assert Message.objects.filter(room=tea).count() == 4


def test_what_cannot_be_a_message_takes_nothing(ada: User, tea: Room) -> None:
    post_messages([Draft(ada, "tea", "")] * 10)

    assert post_message(actor=ada, slug="tea", text="hello")


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_both_doors_draw_from_one_bucket(api: Api, ada: User, tea: Room) -> None:
    client = await run(api)(ada)
    async with joined("tea", ada) as socket:
        for number in range(3):
            answer = await run(client.post)("/api/rooms/tea/messages/", {"value": f"{number}"}, format="json")
            assert answer.status_code == 201

        await socket.send(type="message", value="one more", client_id="c-1")
        error = await socket.next("error")

    assert (error["code"], error["client_id"]) == ("rate_limited", "c-1")
    assert 0 < error["retry_after_ms"] <= 60_000
    answer = await run(client.post)("/api/rooms/tea/messages/", {"value": "one more"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer["Retry-After"]) <= 60


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_the_third_strike_closes_the_socket(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        for number in range(6):
            await socket.send(type="message", value=f"{number}")

        assert await socket.closed() == 4429


def test_the_guests_of_a_room_share_a_bucket(api: Api, tea: Room) -> None:
    Room.objects.filter(pk=tea.pk).update(guests=Guests.WRITE)

    answers = [api().post("/api/rooms/tea/messages/", {"value": "hello"}, format="json") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]


# The other buckets


def _join(actor: User, number: int) -> None:
    join_room(actor=actor, slug=f"room-{number}")


TAKEN: dict[str, Callable[[User, int], object]] = {
    "rooms": lambda actor, number: open_room(actor=actor, name=f"Another {number}"),
    "direct rooms": lambda actor, number: open_direct(actor=actor, usernames=[f"person-{number}"]),
    "joins": _join,
    "invitations": lambda actor, number: invite_person(actor=actor, slug="mine", username=f"person-{number}"),
    "links": lambda actor, number: make_link(actor=actor, slug="mine"),
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_script_gone_wild_is_told_to_wait(settings: Any, ada: User, grace: User, what: str) -> None:
    bounds, settings.RATES = settings.RATES, {}
    open_room(actor=grace, name="Mine", slug="mine")
    for number in range(4):
        open_room(actor=ada, name=f"Room {number}", slug=f"room-{number}")
        User.objects.create_user(f"person-{number}")
    settings.RATES = bounds

    for number in range(3):
        TAKEN[what](grace, number)
    with pytest.raises(ChatError, match="rate_limited"):
        TAKEN[what](grace, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_whoever_connects_too_often_is_told_when_to_come_back(ada: User, tea: Room) -> None:
    for _ in range(3):
        async with joined("tea", ada):
            pass

    async with opened("/ws/chat/tea/", ada) as socket:
        error = await socket.frame()
        assert (error["code"], await socket.closed()) == ("rate_limited", 4429)
    assert 0 < error["retry_after_ms"] <= 60_000


def test_joining_where_one_is_takes_nothing(grace: User, tea: Room) -> None:
    for _ in range(10):
        join_room(actor=grace, slug="tea")


# Redis


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.kill()


def test_two_workers_share_a_bucket(redis_url: str) -> None:
    one, two = rates.Buckets(redis_url), rates.Buckets(redis_url)

    assert one.count({"posts:1": 2, "posts:2": 1}, 60) == {"posts:1": 2, "posts:2": 1}
    assert two.count({"posts:1": 3}, 60) == {"posts:1": 5}
    assert one.alone == two.alone == 0


def test_without_redis_each_counts_for_itself_until_it_is_back(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    buckets = rates.Buckets(redis_server.url)
    assert buckets.count({"posts:1": 3}, 60) == {"posts:1": 3}
    asked: list[float] = []
    monkeypatch.setattr(rates, "time", SimpleNamespace(time=lambda: 0.0, sleep=asked.append))
    unstarted = SimpleNamespace(Thread=lambda target, **_: SimpleNamespace(start=lambda: None))
    monkeypatch.setattr(rates, "threading", unstarted)

    def gone(*_: Any, **__: Any) -> None:
        raise RedisConnectionError("gone")

    with monkeypatch.context() as away:
        away.setattr(buckets, "_count_in_redis", gone)
        assert buckets.count({"posts:1": 1}, 60) == {"posts:1": 1}
    assert buckets.count({"posts:1": 1}, 60) == {"posts:1": 2}, "Redis is not asked again on the way of a message"
    assert buckets.alone == 2

    with caplog.at_level("WARNING"):
        buckets._ask_again()
    assert asked == [rates.ASK_AGAIN_S] and "counted 2 times" in caplog.text
    assert buckets.count({"posts:1": 1}, 60) == {"posts:1": 4}


def test_with_redis_the_wait_that_is_told_suffices(redis_url: str, settings: Any) -> None:
    settings.REDIS_URL, settings.RATES = redis_url, {"posts": (1, 1)}
    key = secrets.token_hex(8)
    for _ in range(3):
        rates.take("posts", key)
        with pytest.raises(ChatError) as refusal:
            rates.take("posts", key)
        assert refusal.value.retry_after_s is not None and 0 < refusal.value.retry_after_s < 1.1
        time.sleep(refusal.value.retry_after_s)


def test_whoever_was_refused_is_refused_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rates.take_many("posts", {7: 3})
    with pytest.raises(ChatError):
        rates.take("posts", 7)
    monkeypatch.setattr(rates.Buckets, "count", lambda *_: pytest.fail("nobody is asked"))

    with pytest.raises(ChatError, match="rate_limited"):
        rates.take("posts", 7)


# The setting


def test_the_setting_changes_some_and_keeps_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {"posts": (300, 60), "joins": (60, 60)}

    for text, found in (("", defaults), ("off", {}), ("joins=5/10", {"posts": (300, 60), "joins": (5, 10)})):
        monkeypatch.setenv("RATES", text)
        assert environment.rates("RATES", defaults) == found


@pytest.mark.parametrize(
    "text", ["posts", "posts=0/60", "posts=5", "tea=1/1", "posts=-1/60", "on", "posts=1/60,joins=1/60"]
)
def test_a_slip_in_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RATES", text)

    with pytest.raises(ImproperlyConfigured, match="RATES must be"):
        environment.rates("RATES", {"posts": (300, 60), "joins": (60, 60)})


def test_every_rate_has_words_and_a_number() -> None:
    from config import settings as module

    assert module.RATES == {} and set(environment.rates("NO_SUCH_NAME", dict.fromkeys(rates.NAMES, (1, 1)))) == set(
        rates.NAMES
    )
