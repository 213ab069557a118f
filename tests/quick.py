"""What the tests of one process do not wait for, because nothing in them depends on it."""

import gc
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def collect_garbage_as_the_server_does() -> None:
    """What was imported stays. Looking through all of it took a tenth of a second, in whatever test it came."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def commit_without_the_disk() -> None:
    """Nothing here has to survive a power cut; the servers that tests start write as ever."""
    connection_created.connect(_do_not_sync)


def _do_not_sync(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.execute("PRAGMA synchronous=OFF")
