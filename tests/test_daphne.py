"""Another ASGI server than ours: the same hub, the same promise, through ASGI's own `send`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.servers import ROOT, ParlorServer
from tests.workers import call, sign_up

pytestmark = pytest.mark.live


class DaphneServer(ParlorServer):
    program = ROOT / "tests" / "on_daphne.py"


@pytest.fixture(scope="module")
def daphne(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaphneServer]:
    server = DaphneServer(Path(tmp_path_factory.mktemp("daphne")))
    server.start()
    yield server
    server.kill()


@contextmanager
def joined(server: ParlorServer, token: str, query: str = "") -> Iterator[ClientConnection]:
    headers = {"Authorization": f"Token {token}"}
    with connect(f"{server.ws}/ws/chat/tea/{query}", additional_headers=headers, compression=None) as socket:
        assert json.loads(socket.recv(5)) == {"type": "system", "value": "connected"}
        yield socket


def heard(socket: ClientConnection, kind: str, count: int) -> list[dict[str, Any]]:
    """The next so many frames of a kind."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        frame = json.loads(socket.recv(10))
        if frame["type"] == kind:
            found.append(frame)
    return found


def test_on_daphne_the_promise_holds_too(daphne: DaphneServer) -> None:
    _, ada = sign_up(daphne)
    name, grace = sign_up(daphne)
    call(daphne, "POST", "rooms/", {"name": "Tea", "slug": "tea"}, ada)
    call(daphne, "PUT", f"rooms/tea/members/{name}/", None, ada)

    with joined(daphne, ada) as speaker, joined(daphne, grace) as listener:
        epoch = heard(listener, "hello", 1)[0]["epoch"]
        for number in range(200):
            speaker.send(json.dumps({"type": "message", "value": f"{number}", "client_id": f"c-{number}"}))
        messages = heard(listener, "message", 200)
        acks = heard(speaker, "ack", 200)

    first = messages[0]["seq"]
    assert [message["seq"] for message in messages] == list(range(first, first + 200))
    assert [message["value"] for message in messages] == [f"{number}" for number in range(200)]
    assert [(ack["client_id"], ack["seq"]) for ack in acks] == [(each["client_id"], each["seq"]) for each in messages]

    with joined(daphne, grace, f"?after={first + 9}&epoch={epoch}") as back:
        assert heard(back, "message", 190) == messages[10:], "whoever comes back misses nothing"
        call(daphne, "DELETE", f"rooms/tea/members/{name}/", None, ada)
        with pytest.raises(ConnectionClosed):
            while True:
                back.recv(5)
        assert back.close_code == 4403
