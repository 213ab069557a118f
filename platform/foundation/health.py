"""Whether this process lives, and whether it can serve: `/healthz` and `/readyz`, for supervisors and load balancers."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from foundation.connections import places

log = logging.getLogger("parlor.health")
LAYER_TIMEOUT_S = 2.0
LAYER_RETRY_S = 0.1


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when everything that a request needs is there, else 503; the log says why, the answer only what."""
    if places.leaving:
        return JsonResponse({"status": "stopping", "checks": {}}, status=503)
    checks = {name: "ok" if _passes(name, check) else "failed" for name, check in CHECKS.items()}
    ready = set(checks.values()) == {"ok"}
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, this server cannot serve
        log.warning("not ready: %s: %s", name, error or type(error).__name__)
        return False
    return True


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_migrations() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise RuntimeError(f"{len(missing)} migrations are missing; run manage.py migrate")


def _check_channel_layer() -> None:
    async_to_sync(_round_trip)(get_channel_layer())


async def _round_trip(layer: Any) -> None:
    """Send to a channel of our own until the message arrives: a subscription of Redis may begin after the first."""
    async with asyncio.timeout(LAYER_TIMEOUT_S):
        channel = await layer.new_channel("ready.")
        arrival = asyncio.ensure_future(layer.receive(channel))
        try:
            while not arrival.done():
                await layer.send(channel, {"type": "ready"})
                await asyncio.wait({arrival}, timeout=LAYER_RETRY_S)
            arrival.result()
        finally:
            await _forget(layer, channel, arrival)


async def _forget(layer: Any, channel: str, arrival: "asyncio.Future[Any]") -> None:
    """Give up the channel: a layer lets go of it when the reading of it is cancelled, and in no other way."""
    while arrival.done():  # once for each copy that has arrived
        arrival = asyncio.ensure_future(layer.receive(channel))
        await asyncio.sleep(0)
    arrival.cancel()
    with suppress(asyncio.CancelledError):
        await arrival


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "migrations": _check_migrations,
    "channel_layer": _check_channel_layer,
}
