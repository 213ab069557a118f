"""How often somebody may do something: one bucket behind both doors, in memory, or with REDIS_URL shared by all workers.

A bucket opens with the first thing that is done, holds so many, and is empty again some seconds later. Redis is asked
once for a whole batch. Where it does not answer at once, each process counts for itself, and asks again in the
background: no message waits for it.
"""

import logging
import threading
import time
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from limits.storage import MemoryStorage, RedisStorage
from redis.exceptions import RedisError

from foundation.errors import ChatError

log = logging.getLogger("parlor.rates")
ANSWER_TIMEOUT_S = 0.1
ASK_AGAIN_S = 1.0
FULL_MAX = 10_000
NAMES = {
    "posts": "messages of one person, in all rooms",
    "guest_posts": "messages of all guests of one room",
    "rooms": "rooms that one person opens, direct ones too",
    "joins": "rooms that one person joins",
    "invitations": "invitations and links that one person makes",
    "uploads": "files that one person uploads",
    "previews": "texts that one person has formatted before they send them",
    "connections": "sockets that one person opens",
}


def take(name: str, key: object) -> None:
    """Take one out of somebody's bucket. Raises `rate_limited` with how long to wait."""
    if not take_many(name, {key: 1})[key]:
        raise refusal(name, key)


def take_many(name: str, costs: Mapping[object, int]) -> dict[object, int]:
    """Take out of many buckets, and tell of each how many of those asked for were still in it."""
    rate = settings.RATES.get(name)
    if rate is None or not costs:
        return dict(costs)
    count, seconds = rate
    buckets = _buckets()
    open_ = {key: cost for key, cost in costs.items() if not buckets.is_full(_key(name, key))}
    counted = buckets.count({_key(name, key): cost for key, cost in open_.items()}, seconds) if open_ else {}
    fits = {key: min(cost, max(0, count - counted[_key(name, key)] + cost)) for key, cost in open_.items()}
    return {key: fits.get(key, 0) for key in costs}


def refusal(name: str, key: object) -> ChatError:
    """`rate_limited`, with the time after which the bucket is empty."""
    wait_s = max(0.001, _buckets().full_until(_key(name, key)) - time.time())
    return ChatError("rate_limited", retry_after_s=wait_s)


def _key(name: str, key: object) -> str:
    return f"{name}:{key}"


@cache
def _buckets() -> "Buckets":
    return Buckets(settings.REDIS_URL)


class Buckets:
    """The counts of this process, and those of all in Redis."""

    def __init__(self, redis_url: str) -> None:
        self.alone = 0  # how often this process counted for itself since Redis went away
        self._full: dict[str, float] = {}  # until when a bucket is full, so that nobody is asked about it
        self._memory = MemoryStorage()
        self._redis = _redis_storage(redis_url) if redis_url else None
        self._away = False

    def count(self, costs: Mapping[str, int], seconds: int) -> dict[str, int]:
        """Add to each bucket, and give what it holds then."""
        if self._redis is not None and not self._away:
            try:
                return self._count_in_redis(self._redis, costs, seconds)
            except RedisError as error:
                self._go_alone(error)
        if self._redis is not None:
            self.alone += 1
        return {key: self._memory.incr(key, seconds, cost) for key, cost in costs.items()}

    def is_full(self, key: str) -> bool:
        """Whether somebody was refused and has not waited; asks nobody."""
        until = self._full.get(key)
        if until is not None and until <= time.time():
            self._full.pop(key, None)
            return False
        return until is not None

    def full_until(self, key: str) -> float:
        """When the bucket is empty again, in seconds of the clock."""
        if not self.is_full(key):
            if len(self._full) > FULL_MAX:
                self._full.clear()
            self._full[key] = self._empty_at(key)
        return self._full[key]

    def _empty_at(self, key: str) -> float:
        if self._redis is not None and not self._away:
            try:
                left_ms: int = self._redis.storage.pttl(self._redis.prefixed_key(key))
                return time.time() + (max(left_ms, 0) + 1) / 1000  # whole seconds are up to half a one too few
            except RedisError as error:
                self._go_alone(error)
        return float(self._memory.get_expiry(key))

    def _count_in_redis(self, redis: RedisStorage, costs: Mapping[str, int], seconds: int) -> dict[str, int]:
        with redis.storage.pipeline(transaction=False) as pipeline:
            for key, cost in costs.items():
                redis.lua_incr_expire([redis.prefixed_key(key)], [seconds, cost], client=pipeline)
            return dict(zip(costs, map(int, pipeline.execute()), strict=True))

    def _go_alone(self, error: RedisError) -> None:
        log.warning("Redis does not count the rates, this process does: %s", error)
        self._away = True
        threading.Thread(target=self._ask_again, name="parlor-rates", daemon=True).start()

    def _ask_again(self) -> None:
        assert self._redis is not None
        while self._away:
            time.sleep(ASK_AGAIN_S)
            self._away = not self._redis.check()
        log.warning("Redis counts the rates again; meanwhile this process counted %d times", self.alone)
        self.alone = 0


def _redis_storage(url: str) -> RedisStorage:
    return RedisStorage(
        url, key_prefix="parlor.rates", socket_timeout=ANSWER_TIMEOUT_S, socket_connect_timeout=ANSWER_TIMEOUT_S
    )
