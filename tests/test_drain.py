"""How a process stops: sockets one by one, answers before ends, nobody can hold it up."""

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.test import Client
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from accounts.models import User
from accounts.tokens import issue_token
from chat.live import stop_live
from chat.models import Message
from foundation import drain, limits
from foundation.connections import admission, places
from foundation.drain import moments
from rooms.models import Room
from tests.front import UPGRADE, front, hello, request
from tests.servers import ROOT


async def end_of(socket: ClientConnection) -> tuple[list[dict[str, Any]], int, str]:
    """The frames that still came, the close code and its reason."""
    frames = []
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            frames.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
    assert closed.value.rcvd is not None, "the line broke without a close"
    return frames, closed.value.rcvd.code, closed.value.rcvd.reason


# When


@pytest.mark.parametrize("sockets", [1_000, 2_000, 10_000])
def test_f19_never_more_than_15_percent_of_the_sockets_are_closed_within_a_second(sockets: int) -> None:
    when = moments(sockets)

    assert max(when) <= limits.DRAIN_SPREAD_S
    for start in range(100):
        assert sum(start <= 10 * moment < start + 10 for moment in when) <= 0.15 * sockets


@pytest.mark.parametrize("sockets", [0, 1, 5])
def test_a_small_house_stops_at_once(sockets: int) -> None:
    assert len(moments(sockets)) == sockets
    assert all(0 <= moment <= 0.05 for moment in moments(sockets))


def test_sockets_are_not_closed_in_step() -> None:
    assert moments(100) != moments(100)


def test_all_of_it_fits_into_the_time_that_there_is() -> None:
    of_uvicorn_s = 3.5

    assert limits.DRAIN_SPREAD_S + limits.LEAVE_TIMEOUT_S + of_uvicorn_s < limits.EXIT_TIMEOUT_S - 5 <= 25


# How


@pytest.mark.asyncio
async def test_p16_every_socket_is_told_to_come_back_later() -> None:
    async with front(admission(hello)) as server:
        sockets = [await server.socket() for _ in range(20)]
        began = time.monotonic()
        leaving = asyncio.create_task(server.server.shutdown())

        ends = await asyncio.gather(*map(end_of, sockets))
        took_s = time.monotonic() - began

        assert ends == [([], 1012, "service_restart")] * 20
        assert took_s > 0.1, "not all at once"
        with pytest.raises(OSError):
            await server.line()
        await leaving
        assert places.sockets == 0


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_no_message_is_kept_without_its_ack(ada: User, tea: Room, settings: Any) -> None:
    from config.asgi import application

    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    _, token = await run(issue_token)(actor=ada, name="bot")
    header = {"Authorization": f"Token {token}"}

    async with front(application) as server:
        socket = await server.socket(path="ws/chat/tea/", additional_headers=header)
        while json.loads(await socket.recv())["type"] != "hello":
            pass
        for number in range(50):
            await socket.send(json.dumps({"type": "message", "value": "hi", "client_id": f"c-{number}"}))
        before: list[dict[str, Any]] = []
        while not any(frame["type"] == "ack" for frame in before):  # some are on disk when it stops
            before.append(json.loads(await socket.recv()))
        leaving = asyncio.create_task(server.server.shutdown())
        after, code, _ = await end_of(socket)
        await leaving
        await stop_live()

    assert code == 1012
    acknowledged = {frame["client_id"] for frame in [*before, *after] if frame["type"] == "ack"}
    assert acknowledged == {each async for each in Message.objects.values_list("client_id", flat=True)}


@pytest.mark.asyncio
async def test_a_socket_that_is_coming_in_is_let_in_first(monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await go.wait()
        await hello(scope, receive, send)

    async with front(admission(slow)) as server:
        coming = asyncio.create_task(server.socket())
        while not places.sockets:
            await asyncio.sleep(0)
        leaving = asyncio.create_task(server.server.shutdown())
        await asyncio.sleep(0.05)
        go.set()

        assert await end_of(await coming) == ([], 1012, "service_restart")
        await leaving


@pytest.mark.asyncio
async def test_one_that_neither_reads_nor_answers_cannot_hold_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "LEAVE_TIMEOUT_S", 0.3)

    async def flood(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "x" * 60_000})

    async with front(admission(flood)) as server:
        stuck = await server.asked(request(UPGRADE))
        stuck.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while not places.sockets:
            await asyncio.sleep(0)
        began = time.monotonic()

        await server.server.shutdown()

        assert time.monotonic() - began < 2
        assert places.sockets == 0


@pytest.mark.asyncio
async def test_whoever_presses_twice_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "DRAIN_SOCKETS_PER_S", 0.1)

    async with front(admission(hello)) as server, await server.socket():
        leaving = asyncio.create_task(server.server.shutdown())
        await asyncio.sleep(0.01)
        assert not leaving.done()

        server.server.force_exit = True
        await asyncio.wait_for(leaving, 1)


def test_a_server_that_stops_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "leaving", True)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "stopping", "checks": {}})
    assert client.get("/healthz").status_code == 200


HANGS = """
import asyncio, signal, sys
sys.path.insert(0, "platform")
import uvicorn
from foundation import drain

drain.EXIT_TIMEOUT_S = 0.5

async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
    await receive()
    await asyncio.Event().wait()

drain.Server(uvicorn.Config(application, port=0, lifespan="on", log_config=None)).run()
"""


def test_what_hangs_is_shown_and_ended() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )

    assert done.returncode == 1
    assert "Timeout (0:00:00.5" in done.stderr
    assert "in main_loop" in done.stderr or "in run" in done.stderr
