"""What the tests of one process do not wait for, because nothing in them depends on it."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from servestatic.middleware import ServeStaticMiddleware


def look_for_static_files_once() -> None:
    """Every test client has middleware of its own, which would look for the same files again: 0.05 seconds each."""
    look, found = ServeStaticMiddleware.add_files_from_finders, dict[str, Any]()

    def remember(middleware: ServeStaticMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(files=middleware.files, directories=middleware.directories)
        middleware.files, middleware.directories = dict(found["files"]), list(found["directories"])

    ServeStaticMiddleware.add_files_from_finders = remember


def commit_without_the_disk() -> None:
    """Nothing here has to survive a power cut; the servers that tests start write as ever."""
    connection_created.connect(_do_not_sync)


def _do_not_sync(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.execute("PRAGMA synchronous=OFF")
