"""`manage.py serve`: what it refuses and with which sentence, what it prints, what it logs."""

import logging
import resource
import signal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from foundation import serving
from foundation.drain import Server
from foundation.intake import Intake
from foundation.raw_wire import WireProtocol


def test_several_workers_need_redis(settings: Any) -> None:
    settings.EMBEDDED, settings.REDIS_URL = False, ""

    serving.refuse_unsafe(workers=1)
    with pytest.raises(CommandError, match=r"^2 workers need Redis .* Set REDIS_URL, or serve with --workers 1\.$"):
        serving.refuse_unsafe(workers=2)

    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    serving.refuse_unsafe(workers=2)


def test_several_workers_cannot_share_the_embedded_database(settings: Any) -> None:
    settings.EMBEDDED, settings.REDIS_URL = True, "redis://127.0.0.1:6379/0"

    serving.refuse_unsafe(workers=1)
    with pytest.raises(CommandError, match=r"^2 workers cannot share the embedded SQLite database\. Set DATABASE_URL"):
        serving.refuse_unsafe(workers=2)


def test_no_worker_at_all_is_refused() -> None:
    with pytest.raises(CommandError, match=r"at least one worker"):
        serving.refuse_unsafe(workers=0)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(CommandError, match=rf"^{port} is not a port: choose one between 1 and 65535\.$"):
        call_command("serve", port=port)


def test_a_taken_port_is_refused() -> None:
    with serving.listening_socket("127.0.0.1", 0) as other:
        port = other.getsockname()[1]

        with pytest.raises(CommandError, match=rf"^Port {port} is taken: .* PORT={port + 1}\.$"):
            serving.listening_socket("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CommandError, match=r"^Cannot listen on 192\.0\.2\.1 port 8000: "):
        serving.listening_socket("192.0.2.1", 8000)


def test_a_database_that_is_not_migrated_is_refused(db: None, settings: Any) -> None:
    settings.EMBEDDED = False
    serving.prepare_database()

    migration = MigrationRecorder.Migration.objects.filter(app="rooms").latest("id")
    migration.delete()

    sentence = r"^The database is not migrated \(\d+ migrations missing\)\. Run: python manage\.py migrate$"
    with pytest.raises(CommandError, match=sentence):
        serving.prepare_database()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("localhost", "http://localhost:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
        ("::1", "http://[::1]:8000/"),
    ],
)
def test_the_printed_address_can_be_typed_into_a_browser(host: str, shown: str) -> None:
    assert serving.address(host, 8000) == shown


@pytest.mark.parametrize("account", [False, True])
def test_an_empty_server_says_who_becomes_the_administrator(
    db: None, monkeypatch: pytest.MonkeyPatch, account: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr(serving, "prepare_database", lambda: None)
    monkeypatch.setattr(serving, "run", lambda config, listener: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    if account:
        User.objects.create_user("ada")

    serving.serve(host="127.0.0.1", port=0, workers=1, say=said.append)

    assert said[0].startswith("Parlor is at http://127.0.0.1:")
    assert said[1:] == (
        [] if account else ["There is no account yet: the first account you create becomes the administrator."]
    )


def test_forwarded_addresses_are_believed_from_trusted_proxies_only(settings: Any) -> None:
    settings.TRUSTED_PROXIES = []
    assert not serving.server_config(host="127.0.0.1", port=8000, workers=1).proxy_headers

    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    config = serving.server_config(host="127.0.0.1", port=8000, workers=1)
    assert (config.proxy_headers, config.forwarded_allow_ips) == (True, ["10.0.0.1"])


def test_every_door_is_ours() -> None:
    config = serving.server_config(host="127.0.0.1", port=8000, workers=2)

    assert (config.http, config.ws) == (Intake, WireProtocol)
    assert isinstance(serving.Worker(config, []).server, Server)


def test_as_many_files_may_be_open_as_there_may_be_sockets(settings: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    settings.SOCKETS_MAX = 10

    try:
        for before, after in ((1024, 2010), (3000, 3000)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
            serving.allow_files()
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (after, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_logged(text: str, level: int = logging.ERROR, error: Exception | None = None, module: str = "server") -> bool:
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord("uvicorn.error", level, f"/uvicorn/{module}.py", 1, text, None, exc_info)
    return serving.OwnFaults().filter(record)


def test_the_log_has_our_faults_and_the_fate_of_workers() -> None:
    assert is_logged("Exception in ASGI application", error=ValueError("ours"))
    assert is_logged("Application startup failed. Exiting.")
    assert is_logged("Child process [7] died", logging.INFO, module="multiprocess")


def test_the_log_has_neither_what_clients_do_wrong_nor_their_addresses() -> None:
    assert not is_logged("Invalid UTF-8", error=UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"))
    assert not is_logged("ASGI callable returned without completing handshake.")
    assert not is_logged("Invalid HTTP request received.", logging.WARNING)
    assert not is_logged('127.0.0.1 - "WebSocket /ws/chat/?ticket=…" [accepted]', logging.INFO)
