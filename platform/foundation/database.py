"""The way from the event loop to the database: a few threads of our own, one more that only writes batches, and one for
long work.

Channels runs every ORM call of a process in one shared thread, so a slow query in one room would stall all rooms; and
it closes the connection after each, which on SQLite costs more than most queries.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.db import Error, connections

from foundation.errors import ChatError

log = logging.getLogger("parlor.database")
T = TypeVar("T")
THREADS = 4

_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="parlor-database")
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parlor-background")
_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parlor-writer")


async def in_database(func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a synchronous function that uses the ORM, off the event loop.

    Raises `unavailable` when the database does not answer; refusals of the function itself pass through."""
    return await _run(_threads, partial(func, *args, **kwargs))


async def in_writer(func: Callable[..., T], *args: Any) -> T:
    """`in_database` in the one thread that is kept for group commits, which come one after the other."""
    return await _run(_writer, partial(func, *args))


async def in_background(func: Callable[..., T], *args: Any) -> T:
    """`in_database` in the one thread that is kept for long work, done a part at a time, which may wait."""
    return await _run(_background, partial(func, *args))


async def _run(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, _with_connection, call)
    except Error as error:
        raise unavailable(error) from error


def unavailable(error: Error) -> ChatError:
    """The refusal for a database that does not answer; what it said goes to the log."""
    log.warning("the database failed: %s: %s", type(error).__name__, str(error).strip().partition("\n")[0])
    return ChatError("unavailable")


def _with_connection(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        for connection in connections.all(initialized_only=True):
            # A pool wants its connection back; a file stays open as long as it works. Without autocommit it was opened
            # half: a transaction would take itself for an inner one, and never tell anybody of its end.
            if connection.vendor != "sqlite" or connection.errors_occurred or not connection.autocommit:
                try:
                    connection.close_if_unusable_or_obsolete()
                except Error as error:  # what was done is done, whatever becomes of the connection
                    log.warning("a connection could not be given back: %s", error)
