"""Redis fails, or a worker dies, while two real workers talk: what is acknowledged reaches everybody, in order, once."""

import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.mortal import FATAL, LEASE_S, RENEW_S
from tests.servers import RedisServer
from tests.workers import PAUSE_S, Ear, Talk, Two, call, environment, open_socket, post, sign_up, talking, two_workers

pytestmark = [pytest.mark.live, pytest.mark.asyncio]
WITHIN_S = 2.0
# A disk that others write to as well is no wait for Redis: that would be 2 s, the socket's timeout.
NOISE_S = 0.05
QUICK_S = 0.25  # only hints are as quick as that for more than a second on end: the log is looked at once a second
SECOND = int(1 / PAUSE_S)  # messages of one voice, which take longer than a second


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def workers(postgres_url: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with two_workers(environment(postgres_url, redis_server.url), tmp_path_factory.mktemp("workers")) as two:
        yield two


def p99(latencies: list[float]) -> float:
    return sorted(latencies)[int(len(latencies) * 0.99)]


async def all_is_well(talk: Talk) -> None:
    """Wait until hints have gone from worker to worker for more than a second."""
    await talk.go_on(SECOND)
    await talk.until(lambda: all(voice.is_quick(SECOND, QUICK_S) for voice in talk.voices), "hints for a second")


# Redis


async def test_a_redis_that_hangs_holds_up_no_acknowledgement(workers: Two, redis_server: RedisServer) -> None:
    async with talking(workers) as talk:
        await all_is_well(talk)
        baseline = await talk.go_on(SECOND)

        redis_server.signal(signal.SIGSTOP)
        hanging = await talk.go_on(3 * SECOND)
        redis_server.signal(signal.SIGCONT)
        await all_is_well(talk)

        assert p99(hanging) <= 2 * p99(baseline) + NOISE_S
        await talk.prove(WITHIN_S)


async def test_a_redis_that_dies_and_comes_back_loses_nothing(workers: Two, redis_server: RedisServer) -> None:
    """Also not in the moment after its return, when it takes what is published and knows of no subscriber yet."""
    async with talking(workers) as talk:
        await all_is_well(talk)

        redis_server.kill()
        await talk.go_on(2 * SECOND)
        redis_server.start()
        await all_is_well(talk)

        await talk.prove(WITHIN_S)


async def test_a_redis_that_forgets_loses_nothing(workers: Two, redis_server: RedisServer) -> None:
    async with talking(workers) as talk:
        await all_is_well(talk)

        for command in ("FLUSHALL", "CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal"):
            with Redis.from_url(redis_server.url) as client, suppress(RedisConnectionError):
                client.execute_command(*command.split(" "))
            await talk.go_on(SECOND // 2)
        await all_is_well(talk)

        await talk.prove(WITHIN_S)


# A worker


async def test_a_worker_that_dies_after_the_commit_takes_no_message_with_it(workers: Two) -> None:
    one, two = workers
    _, token = sign_up(one)
    slug = call(one, "POST", "rooms/", {"name": "Last words"}, token)["slug"]
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(open_socket(worker, slug, token)) for worker in workers]
        ear = Ear(there)
        await ear.listen_until(lambda: bool(ear.hello))

        sent = time.monotonic()
        await here.send(post(FATAL, "c-1"))
        await ear.listen_until(lambda: bool(ear.heard))
        await there.send(post(FATAL.upper(), "c-2"))
        await ear.listen_until(lambda: any(frame["type"] == "ack" for frame in ear.told))

    assert one.process is not None and one.process.wait(5) == -signal.SIGKILL
    assert [seq for seq, _ in ear.heard][:1] == [ear.hello["seq"] + 1]
    assert ear.heard[0][1] - sent <= WITHIN_S
    assert call(two, "GET", f"rooms/{slug}/messages/", token=token)["results"][0]["client_id"] == "c-1"
    one.start()


async def test_the_people_of_a_worker_that_was_killed_are_gone_when_its_lease_ends(workers: Two) -> None:
    one, two = workers
    (ghost, of_ghost), (_, of_other) = sign_up(one), sign_up(two)
    slug = call(one, "POST", "rooms/", {"name": "Haunted"}, of_ghost)["slug"]
    async with open_socket(one, slug, of_ghost), open_socket(two, slug, of_other) as there:
        ear = Ear(there)
        await ear.listen_until(lambda: ghost in str(ear.hello) or ghost in str(ear.told))

        one.kill()
        killed = time.monotonic()
        await ear.listen_until(lambda: any(frame.get("event") == "left" for frame in ear.told))
        gone = time.monotonic() - killed

    left = next(frame for frame in ear.told if frame.get("event") == "left")
    assert left["user"]["username"] == ghost
    assert (left["here_count"], call(two, "GET", f"rooms/{slug}/presence/", token=of_other)["here_count"]) == (1, 1)
    assert LEASE_S - RENEW_S - NOISE_S < gone < LEASE_S + RENEW_S + 1
    one.start()
