"""Several things at the same moment, for tests: each in a thread and a transaction of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from foundation.errors import ChatError


def at_once(*commands: Callable[[], object]) -> list[str]:
    """Run the commands in threads that start together; gives `done` or the code of the refusal for each, in order."""
    ready = Barrier(len(commands))

    def answer(command: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            ready.wait(10)
            command()
        except ChatError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(commands)) as threads:
        return list(threads.map(answer, commands))
