"""A real server process: how it starts, refuses to start, and ends with sockets open."""

import json
import secrets
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from foundation import serving
from foundation.limits import LEAVE_TIMEOUT_S
from tests.servers import ROOT, ParlorServer, free_port, parlor

pytestmark = pytest.mark.live
STOPPED_WITHIN_S = 5
SLOW = LARGE = 200
IMPATIENT = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "platform")!r}]
from foundation import intake
intake.HEADERS_TIMEOUT_S = 2.0
import manage
manage.main()
"""
UPGRADE = (
    b"GET /ws/chat/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def manage(*arguments: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A `manage.py` command that ends by itself."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    whole = {"PATH": "/usr/bin:/bin", "PARLOR_DATA": str(data_dir), **environment}
    return subprocess.run(command, env=whole, cwd=data_dir, capture_output=True, text=True, timeout=60, check=False)


def on_postgres(url: str) -> dict[str, str]:
    """The environment of a server in production, on this database."""
    return {"DATABASE_URL": url, "SECRET_KEY": secrets.token_urlsafe(50), "ALLOWED_HOSTS": "127.0.0.1", "HTTPS": "0"}


@contextmanager
def guest(server: ParlorServer) -> Iterator[ClientConnection]:
    """A guest's socket in the lobby, past its first frame."""
    with connect(f"{server.ws}/ws/chat/", compression=None) as connection:
        assert json.loads(connection.recv(timeout=5)) == {"type": "system", "value": "connected"}
        yield connection


def close_code(connection: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            connection.recv(timeout=5)
    return closed.value.rcvd.code if closed.value.rcvd else None


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a command that refused."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_a_taken_port_costs_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    with serving.listening_socket("127.0.0.1", 0) as other:
        port = other.getsockname()[1]

        said = refusal(manage("serve", "--port", str(port), data_dir=tmp_path))

    assert said.splitlines() == [
        f"CommandError: Port {port} is taken: something else listens there. Choose another, for example PORT={port + 1}."
    ]


def test_settings_that_do_not_go_together_cost_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    said = refusal(manage("serve", data_dir=tmp_path, DATABASE_URL="postgres://parlor@127.0.0.1/parlor"))

    assert said.startswith("Parlor is not set up: SECRET_KEY must be set")
    assert len(said.splitlines()) == 1


def test_a_database_that_does_not_answer_costs_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    nowhere = f"postgres://parlor@127.0.0.1:{free_port()}/parlor"

    said = refusal(manage("serve", "--port", "0", data_dir=tmp_path, **on_postgres(nowhere)))

    assert said.splitlines()[-1].startswith("CommandError: The database cannot be used: ")
    assert said.endswith("Check DATABASE_URL.")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_cleanly_with_sockets_open(own_server: ParlorServer, sig: signal.Signals) -> None:
    assert f"Parlor is at {own_server.url}/\n" in own_server.output
    assert "the first account you create becomes the administrator" in own_server.output

    with guest(own_server) as listening, socket.create_connection(("127.0.0.1", own_server.port)) as silent:
        silent.sendall(b"GET /healthz HTTP/1.1\r\n")  # and never the rest
        began = time.monotonic()
        code = own_server.stop(sig)

        assert time.monotonic() - began < STOPPED_WITHIN_S
        assert code == 0
        assert close_code(listening) == 1012
    assert "Traceback" not in own_server.output


@contextmanager
def stuck(server: ParlorServer) -> Iterator[socket.socket]:
    """A guest's socket that reads nothing more, not even a close."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(UPGRADE)
        assert line.recv(12) == b"HTTP/1.1 101"
        yield line


def test_one_stuck_client_cannot_hold_up_the_end(own_server: ParlorServer) -> None:
    with guest(own_server) as listening, stuck(own_server):
        began = time.monotonic()
        code = own_server.stop(signal.SIGTERM)

        assert LEAVE_TIMEOUT_S < time.monotonic() - began < LEAVE_TIMEOUT_S + STOPPED_WITHIN_S
        assert code == 0
        assert close_code(listening) == 1012


def test_ctrl_c_twice_waits_for_nobody(own_server: ParlorServer) -> None:
    with guest(own_server) as listening, stuck(own_server):
        assert own_server.process is not None
        own_server.process.send_signal(signal.SIGINT)
        assert close_code(listening) == 1012
        began = time.monotonic()
        code = own_server.stop(signal.SIGINT)

        assert time.monotonic() - began < LEAVE_TIMEOUT_S / 2
        assert code == 0


def test_t10_slow_and_oversized_heads_are_gone_in_time_and_shut_nobody_out(own_server: ParlorServer) -> None:
    own_server.stop()
    own_server.program = own_server.data_dir / "impatient.py"
    own_server.program.write_text(IMPATIENT)
    own_server.start()
    began = time.monotonic()

    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", own_server.port))) for _ in range(SLOW + LARGE)
        ]
        for number, line in enumerate(lines):
            line.setblocking(False)
            line.send(UPGRADE[:-2] + b"x: " + (b"" if number < SLOW else b"y" * 9000 + b"\r\n\r\n"))
            selector.register(line, selectors.EVENT_READ, bytearray())
        while selector.get_map():
            assert time.monotonic() - began < 2 + STOPPED_WITHIN_S, f"{len(selector.get_map())} are still there"
            for key, _ in selector.select(0.2):
                _hear(selector, key)
            for number, key in enumerate(list(selector.get_map().values())):
                if number % 4 == 0 and not key.data:
                    with suppress(OSError):
                        key.fileobj.send(b"y")  # type: ignore[union-attr]
            came = time.monotonic()
            with guest(own_server):
                assert time.monotonic() - came < 1


def _hear(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Take in what the server says to a line, and forget the line when that was all."""
    try:
        heard = key.fileobj.recv(65536)  # type: ignore[union-attr]
    except ConnectionError:
        heard = b""
    key.data.extend(heard)
    if not heard:
        assert bytes(key.data[9:12]) in {b"408", b"431"}, bytes(key.data)
        selector.unregister(key.fileobj)


def test_a_second_start_finds_everything_in_place(own_server: ParlorServer) -> None:
    key = own_server.data_dir / "secret_key"
    secret = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    own_server.stop()

    began = time.monotonic()
    own_server.start()
    print(f"second start: {time.monotonic() - began:.2f} s")

    assert key.read_text() == secret
    with guest(own_server):
        pass


def test_no_ticket_reaches_the_log_and_no_client_fills_it(parlor_server: ParlorServer) -> None:
    before = len(parlor_server.output)
    with connect(f"{parlor_server.ws}/ws/chat/?ticket=a-secret-ticket", compression=None) as connection:
        close_code(connection)
    urllib.request.urlopen(f"{parlor_server.url}/healthz?ticket=a-secret-ticket").close()
    with guest(parlor_server) as connection:
        connection.socket.sendall(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
        assert close_code(connection) == 1007
    with (
        pytest.raises(InvalidStatus),
        connect(f"{parlor_server.ws}/ws/chat/", origin=Origin("http://elsewhere.example")),
    ):
        pass
    with socket.create_connection(("127.0.0.1", parlor_server.port)) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(64).startswith(b"HTTP/1.1 400")

    added = parlor_server.output[before:]
    assert [word for word in ("a-secret-ticket", "uvicorn", "Traceback") if word in added] == []


@pytest.fixture
def new_database(postgres_url: str) -> str:
    """The address of a database of its own in the tests' PostgreSQL; it goes with the server."""
    name = f"serve_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{postgres_url.rpartition('/')[0]}/{name}"


def token_of_a_new_account(server: ParlorServer) -> str:
    body = json.dumps({"username": "ada", "password": "correct horse battery"}).encode()
    request = urllib.request.Request(f"{server.url}/api/users/", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        token: str = json.load(answer)["token"]
    return token


def test_two_workers_on_postgresql_and_redis_end_cleanly(tmp_path: Path, new_database: str, redis_url: str) -> None:
    environment = {**on_postgres(new_database), "REDIS_URL": redis_url}
    refused = manage("serve", "--workers", "2", "--port", "0", data_dir=tmp_path, **environment)
    assert "The database is not migrated" in refusal(refused)
    assert manage("migrate", data_dir=tmp_path, **environment).returncode == 0

    with parlor(tmp_path, "--workers", "2", **environment) as server, ExitStack() as stack:
        header = {"Authorization": f"Token {token_of_a_new_account(server)}"}
        sockets = [
            stack.enter_context(connect(f"{server.ws}/ws/chat/", compression=None, additional_headers=header))
            for _ in range(6)
        ]
        assert all(json.loads(each.recv(timeout=5))["type"] == "system" for each in sockets)
        began = time.monotonic()
        code = server.stop()

        assert time.monotonic() - began < STOPPED_WITHIN_S
        assert code == 0
        assert {close_code(each) for each in sockets} == {1012}
        assert "Traceback" not in server.output
