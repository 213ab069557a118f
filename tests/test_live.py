"""The promise on real servers: real processes, real sockets, PostgreSQL and Redis, and a kill in the middle."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.servers import ROOT, ParlorServer, free_port, listens, parlor, redis, wait_until
from tests.workers import call, environment, migrate, sign_up

pytestmark = pytest.mark.live


@contextmanager
def socket(server: ParlorServer, slug: str, token: str, query: str = "") -> Iterator[ClientConnection]:
    headers = {"Authorization": f"Token {token}"}
    with connect(f"{server.ws}/ws/chat/{slug}/{query}", additional_headers=headers, compression=None) as connection:
        yield connection


def next_of(connection: ClientConnection, kind: str, timeout: float = 10) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(connection.recv(timeout))
        if frame["type"] == kind:
            return frame


@pytest.fixture
def production(postgres_url: str, redis_url: str) -> dict[str, str]:
    return environment(postgres_url, redis_url)


@pytest.fixture
def two_servers(production: dict[str, str], tmp_path: Path) -> Iterator[tuple[ParlorServer, ParlorServer]]:
    """Two processes that know each other only through PostgreSQL and Redis."""
    migrate(production, tmp_path)
    with ExitStack() as stack:
        yield tuple(  # type: ignore[misc]
            stack.enter_context(parlor(_directory(tmp_path / name), **production)) for name in ("one", "two")
        )


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_message_crosses_from_one_process_to_the_other(two_servers: tuple[ParlorServer, ParlorServer]) -> None:
    one, two = two_servers
    _, ada = sign_up(one)
    _, grace = sign_up(two)
    slug = call(one, "POST", "rooms/", {"name": f"Tea {secrets.token_hex(3)}"}, ada)["slug"]

    with socket(one, slug, ada) as here, socket(two, slug, grace) as there:
        next_of(there, "hello")
        here.send(json.dumps({"type": "message", "value": "hello over there", "client_id": "c-1"}))

        assert next_of(there, "message")["value"] == "hello over there"
        assert next_of(here, "ack")["client_id"] == "c-1"
        call(two, "POST", f"rooms/{slug}/messages/", {"value": "and back by REST"}, grace)
        while (heard := next_of(here, "message"))["value"] == "hello over there":
            pass
        assert heard["value"] == "and back by REST"


def test_presence_and_removal_cross_too(two_servers: tuple[ParlorServer, ParlorServer]) -> None:
    one, two = two_servers
    _, ada = sign_up(one)
    username, grace = sign_up(two)
    slug = call(one, "POST", "rooms/", {"name": f"Cellar {secrets.token_hex(3)}", "kind": "private"}, ada)["slug"]
    call(one, "PUT", f"rooms/{slug}/members/{username}/", {}, ada)

    with socket(one, slug, ada) as here, socket(two, slug, grace) as there:
        next_of(there, "hello")
        while (came := next_of(here, "presence"))["user"]["username"] != username:
            pass
        assert came["event"] == "joined"

        call(one, "DELETE", f"rooms/{slug}/members/{username}/", token=ada)

        with pytest.raises(ConnectionClosed) as closed:
            while True:
                there.recv(1)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4403


def test_a_process_without_redis_still_hears_everything_from_the_log(
    production: dict[str, str], tmp_path: Path
) -> None:
    """Two embedded-layer processes on one PostgreSQL: no hint ever crosses, so all delivery is the reconcile loop's."""
    del production["REDIS_URL"]
    migrate(production, tmp_path)
    with ExitStack() as stack:
        one, two = (stack.enter_context(parlor(_directory(tmp_path / name), **production)) for name in ("one", "two"))
        _, ada = sign_up(one)
        slug = call(one, "POST", "rooms/", {"name": f"Quiet {secrets.token_hex(3)}"}, ada)["slug"]
        with socket(two, slug, ada) as there:
            next_of(there, "hello")
            seqs = [call(one, "POST", f"rooms/{slug}/messages/", {"value": f"{n}"}, ada)["seq"] for n in range(20)]

            assert [next_of(there, "message")["seq"] for _ in range(20)] == seqs


def test_workers_share_a_port_and_a_message_reaches_both(production: dict[str, str], tmp_path: Path) -> None:
    migrate(production, tmp_path)
    with parlor(tmp_path, "--workers", "2", **production) as server:
        _, ada = sign_up(server)
        slug = call(server, "POST", "rooms/", {"name": f"Workers {secrets.token_hex(3)}"}, ada)["slug"]
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket(server, slug, ada)) for _ in range(8)]
            for connection in sockets:
                next_of(connection, "hello")

            call(server, "POST", f"rooms/{slug}/messages/", {"value": "to all of you"}, ada)

            assert [next_of(connection, "message")["value"] for connection in sockets] == ["to all of you"] * 8
        assert server.stop(timeout_s=6) == 0


def test_an_acknowledged_message_survives_a_kill_and_a_resume_misses_nothing(own_server: ParlorServer) -> None:
    _, ada = sign_up(own_server)
    slug = call(own_server, "POST", "rooms/", {"name": "Tea"}, ada)["slug"]
    acknowledged: dict[str, int] = {}
    with socket(own_server, slug, ada) as connection:
        hello = next_of(connection, "hello")
        for number in range(50):
            connection.send(json.dumps({"type": "message", "value": f"{number}", "client_id": f"c-{number}"}))
        while len(acknowledged) < 25:
            ack = next_of(connection, "ack")
            acknowledged[ack["client_id"]] = ack["seq"]
        own_server.kill()
    own_server.start()

    resume = f"?after={hello['seq']}&epoch={hello['epoch']}"
    with socket(own_server, slug, ada, resume) as connection:
        for number in range(50):  # what was not acknowledged is sent again, and so is what was
            connection.send(json.dumps({"type": "message", "value": f"{number}", "client_id": f"c-{number}"}))
        heard = [next_of(connection, "message") for _ in range(50)]

    assert [frame["seq"] for frame in heard] == list(range(hello["seq"] + 1, hello["seq"] + 51))
    assert sorted(int(frame["value"]) for frame in heard) == list(range(50))
    by_client_id = {frame["client_id"]: frame["seq"] for frame in heard}
    assert {client_id: by_client_id[client_id] for client_id in acknowledged} == acknowledged


def test_a_redis_that_dies_holds_nobody_up(postgres_url: str, production: dict[str, str], tmp_path: Path) -> None:
    migrate(production, tmp_path)
    with ExitStack() as stack:
        with redis() as url:
            production["REDIS_URL"] = url
            one, two = (
                stack.enter_context(parlor(_directory(tmp_path / name), **production)) for name in ("one", "two")
            )
            _, ada = sign_up(one)
            slug = call(one, "POST", "rooms/", {"name": f"Brave {secrets.token_hex(3)}"}, ada)["slug"]
            here, there = (stack.enter_context(socket(server, slug, ada)) for server in (one, two))
            next_of(here, "hello"), next_of(there, "hello")
        here.send(json.dumps({"type": "message", "value": "still here", "client_id": "c-1"}))

        assert next_of(here, "ack", timeout=2)["client_id"] == "c-1"
        assert next_of(there, "message", timeout=5)["value"] == "still here"


def test_nothing_is_left_in_the_log_of_a_busy_server(own_server: ParlorServer) -> None:
    _, ada = sign_up(own_server)
    with socket(own_server, "lobby", ada) as connection:
        for text in ("{bad", '{"type":"message","value":"ok"}', "[]", '{"type":"ping"}'):
            connection.send(text)
        next_of(connection, "pong")
    wait_until(lambda: "Parlor is at" in own_server.output, "the server says where it is")

    assert "Traceback" not in own_server.output


def test_the_development_server_serves_sockets_too(tmp_path: Path) -> None:
    port = free_port()
    migrate({}, tmp_path)
    command = [sys.executable, str(ROOT / "manage.py"), "runserver", "--noreload", str(port)]
    environment = {"PARLOR_DATA": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)
    try:
        wait_until(lambda: listens(port), "runserver listens")
        with connect(f"ws://127.0.0.1:{port}/ws/chat/") as connection:
            assert json.loads(connection.recv(5)) == {"type": "system", "value": "connected"}
    finally:
        process.terminate()
        process.wait(10)
