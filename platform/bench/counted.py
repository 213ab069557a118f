"""`manage.py` that also writes down each statement on messages and counts the others: a byte each into a file.

Started by `resume_storm.py` in the place of `manage.py`; the file is `statements` in the data directory.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT)]  # as if manage.py had been started

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

import manage

MESSAGES, OTHER = b"m", b"."


class Count:
    """Notes every statement of every connection."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def watch(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.append(self)

    def __call__(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        os.write(self._file, MESSAGES if "chat_message" in sql else OTHER)
        return execute(sql, *arguments)


if __name__ == "__main__":
    count = Count(Path(os.environ["PARLOR_DATA"]) / "statements")
    connection_created.connect(count.watch, weak=False)
    manage.main()
