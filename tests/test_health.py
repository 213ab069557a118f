"""What supervisors and load balancers ask: does it live, can it serve."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from foundation import health


def checks(answer: Any) -> dict[str, str]:
    found: dict[str, str] = answer.json()["checks"]
    return found


def test_healthz_touches_no_database(client: Client) -> None:  # which this test has no right to
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_server_with_everything_is_ready(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "channel_layer": "ok"},
    }


@pytest.mark.django_db
def test_a_server_without_its_database_is_not_ready(client: Client) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("no connection to secret-host")

    with connection.execute_wrapper(fail):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert checks(answer) == {"database": "failed", "migrations": "failed", "channel_layer": "ok"}
    assert b"secret-host" not in answer.content


@pytest.mark.django_db
def test_a_server_with_a_migration_missing_is_not_ready(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="chat").delete()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert checks(answer) == {"database": "ok", "migrations": "failed", "channel_layer": "ok"}


@pytest.mark.django_db
def test_a_server_whose_channel_layer_is_away_is_not_ready(client: Client, settings: Any) -> None:
    hosts = [{"address": "redis://127.0.0.1:1/0", "socket_connect_timeout": 1}]
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": hosts}}}

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert checks(answer)["channel_layer"] == "failed"


def layer_on(settings: Any, address: str) -> Any:
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [address]}}}
    return get_channel_layer()


@pytest.mark.redis
@pytest.mark.parametrize("retry_s", [health.LAYER_RETRY_S, 0])
def test_asking_again_and_again_leaves_nothing_on_the_layer(
    redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch, retry_s: float
) -> None:
    monkeypatch.setattr(health, "LAYER_RETRY_S", retry_s)  # with none, several copies arrive
    layer = layer_on(settings, redis_url)

    async def ask() -> tuple[int, int]:
        for _ in range(20):
            await health._round_trip(layer)
        shard = layer._shards[0]
        kept = len(layer.channels), len(shard._subscribed_to)
        await layer.flush()
        return kept

    assert async_to_sync(ask)() == (0, 0)


def test_a_layer_that_is_silent_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        """A layer that takes everything and brings nothing."""

        async def new_channel(self, prefix: str) -> str:
            return f"{prefix}1"

        async def send(self, channel: str, message: dict[str, Any]) -> None:
            pass

        async def receive(self, channel: str) -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError("nothing arrives")

    monkeypatch.setattr(health, "LAYER_TIMEOUT_S", 0.2)

    with pytest.raises(TimeoutError):
        async_to_sync(health._round_trip)(Silent())


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_offered(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
