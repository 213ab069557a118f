"""The cast: ada owns the tea room and the cellar, grace drinks tea with her, mallory is in neither."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import pytest_asyncio
import uvloop
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.core.cache import cache
from django.db import connections
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from chat import presence
from foundation import database
from foundation.deployment import epoch
from rooms.lifecycle import open_room
from rooms.membership import add_member
from rooms.models import Guests, Room
from tests import quick, servers
from tests.processes import LEASE_S, Both, Process, eventually
from tests.wires import WireServer, wire_server

PASSWORD = "correct horse battery"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """In CI a skipped test is a failed one: everything that tests need is installed there."""
    report = yield
    if os.environ.get("PARLOR_CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI skips nothing: {report.longrepr}"
    return report


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Servers run on uvloop, tests on asyncio; what writes to the transport itself is tested on both."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    return {**loops, "uvloop": uvloop.new_event_loop} if item.path.name.startswith("test_wire") else loops


@pytest.fixture(autouse=True)
def _quick_and_clean(settings: Any) -> Iterator[None]:
    """Passwords are hashed fast, and nothing cached in the process outlives a test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    epoch.cache_clear()
    channel_layers.backends.clear()
    yield
    epoch.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _nobody_waits_in_vain() -> None:
    quick.commit_without_the_disk()
    quick.collect_garbage_as_the_server_does()


@pytest.fixture(scope="session", autouse=True)
def _threads_let_go_of_the_database(django_db_setup: None) -> Iterator[None]:
    """PostgreSQL drops no database that a thread still holds."""
    yield
    asyncio.run(_in_the_shared_thread())
    every_thread = Barrier(database.THREADS)

    def let_go() -> None:
        every_thread.wait(10)
        connections.close_all()

    for done in [database._threads.submit(let_go) for _ in range(database.THREADS)]:
        done.result()
    for alone in (database._writer, database._background):
        alone.submit(connections.close_all).result()


async def _in_the_shared_thread() -> None:
    await sync_to_async(connections.close_all)()


def _person(username: str, **fields: Any) -> User:
    return User.objects.create_user(username=username, password=PASSWORD, **fields)


@pytest.fixture
def administrator(db: None) -> User:
    return _person("root-of-all", is_staff=True, is_superuser=True)


@pytest.fixture
def ada(db: None) -> User:
    return _person("ada", name="Ada Lovelace")


@pytest.fixture
def grace(db: None) -> User:
    return _person("grace", name="Grace Hopper")


@pytest.fixture
def mallory(db: None) -> User:
    return _person("mallory")


@pytest.fixture
def tea(ada: User, grace: User) -> Room:
    """A public room: ada owns it, grace is a member; its log begins with grace's arrival, number 1."""
    room = open_room(actor=ada, name="Tea", slug="tea", topic="No coffee")
    add_member(actor=ada, slug="tea", username="grace")
    room.refresh_from_db()
    return room


@pytest.fixture
def cellar(ada: User) -> Room:
    """A private room that only ada is in."""
    return open_room(actor=ada, name="Cellar", slug="cellar", kind="private")


@pytest.fixture
def lobby(db: None) -> Room:
    """The room of the founding tutorial, open to guests as in the embedded default."""
    room = Room.objects.get(slug="lobby")
    room.guests = Guests.WRITE
    room.save()
    return room


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """`api(ada)` is a REST client with a token of ada's, `api()` one without."""

    def client(user: User | None = None) -> APIClient:
        from accounts.tokens import issue_token

        client = APIClient()
        if user is not None:
            _, token = issue_token(actor=user, name="test")
            client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return client


@pytest.fixture
def as_ada(ada: User) -> Client:
    """Ada's browser, without a script."""
    return _browser_of(ada)


@pytest.fixture
def as_grace(grace: User) -> Client:
    return _browser_of(grace)


def _browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(scope="session")
def parlor_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ParlorServer]:
    """One embedded server for all tests that need a real one and share it."""
    with servers.parlor(tmp_path_factory.mktemp("parlor")) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[servers.ParlorServer]:
    """An embedded server that the test may stop, kill and start."""
    with servers.parlor(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture
def quick_presence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presence on a clock that tests can wait for."""
    monkeypatch.setattr(presence, "PRESENCE_LEAVE_DELAY_S", 0.02)
    monkeypatch.setattr(presence, "PRESENCE_RENEW_S", 0.02)
    monkeypatch.setattr(presence, "PRESENCE_LEASE_S", LEASE_S)
    monkeypatch.setattr(presence, "PRESENCE_GATHER_S", 0.002)
    monkeypatch.setattr(presence, "PRESENCE_COUNT_INTERVAL_S", 0.02)


@pytest_asyncio.fixture
async def processes(quick_presence: None) -> AsyncIterator[Both]:
    both = first, second = await Process().start(), await Process().start()
    await eventually(lambda: second.heard_of(first) > 0)  # the answer to its asking who is there
    yield both
    for each in both:
        await each.stop()


@pytest_asyncio.fixture
async def wires() -> AsyncIterator[WireServer]:
    """A real server in the test's own loop, whose peers read when they are told to."""
    async with wire_server() as server:
        yield server


@pytest.fixture
def quick_to_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.raw_wire.CLOSE_TIMEOUT_S", 0.1)


@pytest.fixture
def quick_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.raw_wire.WRITE_TIMEOUT_S", 0.3)


@pytest.fixture
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """For what happens in callbacks of the loop: when they raise, it is logged and nothing else fails."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
