"""The way from the event loop to the database: a small pool of threads of our own.

Channels runs every ORM call of a process in one shared thread, so a slow query in one room would stall all rooms.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import Error

from foundation.errors import ChatError

log = logging.getLogger("parlor.database")
T = TypeVar("T")
THREADS = 4

_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="parlor-database")


async def in_database(func: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run a synchronous function that uses the ORM, off the event loop.

    Raises `unavailable` when the database does not answer; refusals of the function itself pass through."""
    try:
        return await DatabaseSyncToAsync(func, thread_sensitive=False, executor=_threads)(*args, **kwargs)
    except Error as error:
        log.warning("the database failed: %s: %s", type(error).__name__, str(error).strip().partition("\n")[0])
        raise ChatError("unavailable") from error
