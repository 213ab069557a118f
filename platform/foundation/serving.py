"""Starts the server: refuses what is unsafe with the sentence that mends it, prepares the database, runs uvicorn.

`manage.py serve` is the only caller. A refusal is a CommandError: one sentence, exit status 1, no traceback.
"""

import errno
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, cast

import uvicorn
import uvicorn.supervisors.multiprocess as supervision
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from foundation.connections import SPARE_CONNECTIONS
from foundation.drain import Server
from foundation.intake import Intake
from foundation.limits import FRAME_MAX_BYTES, PING_INTERVAL_S, PONG_TIMEOUT_S, SEND_BUFFER_BYTES
from foundation.raw_wire import WireProtocol
from foundation.static_files import collect

BACKLOG = 4096
SHUTDOWN_GRACE_S = 3  # for requests that are being answered when all sockets are gone
STARTUP_FAILED = 3  # the exit status by which a uvicorn worker says that it could not start
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}


class OwnFaults(logging.Filter):
    """Keeps from uvicorn's log what an operator can act on: its errors, and the supervisor's word on the workers.

    Not what a client causes: invalid UTF-8 (a traceback each), malformed requests, and the handshakes that our guard
    refuses, each of which uvicorn 0.54 reports as an error. Nor its INFO, where every WebSocket's path stands with the
    query string and the ticket in it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            return record.module == "multiprocess"
        if record.exc_info:
            return not isinstance(record.exc_info[1], UnicodeDecodeError)
        return record.msg != "ASGI callable returned without completing handshake."


LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"own_faults": {"()": "foundation.serving.OwnFaults"}},
    "loggers": {
        "uvicorn.error": {"level": "INFO", "filters": ["own_faults"]},
        # The sockets' own: no record is made of what would be filtered.
        "channels_redis": {"level": "CRITICAL"},  # a traceback each second without Redis; the hub says it in one line
        "uvicorn.error.wire": {"level": "WARNING", "filters": ["own_faults"]},
    },
}


def serve(*, host: str, port: int, workers: int, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, then let everybody go as `drain` does."""
    refuse_unsafe(workers=workers)
    allow_files()
    signal.signal(signal.SIGTERM, _leave)
    with listening_socket(host, port) as listener:
        prepare_database()
        collect()
        bound_port = listener.getsockname()[1]
        config = server_config(host=host, port=bound_port, workers=workers)
        config.load_app()  # what cannot be imported is said before anything is promised
        say(f"Parlor is at {address(host, bound_port)}")
        if not get_user_model().objects.exists():
            say("There is no account yet: the first account you create becomes the administrator.")
        run(config, listener)


def refuse_unsafe(*, workers: int) -> None:
    """Raise CommandError for a number of workers that could not pass messages to each other."""
    if workers < 1:
        raise CommandError("There has to be at least one worker: --workers 1.")
    if workers > 1 and settings.EMBEDDED:
        raise CommandError(
            f"{workers} workers cannot share the embedded SQLite database. "
            "Set DATABASE_URL (PostgreSQL) and REDIS_URL, or serve with --workers 1."
        )
    if workers > 1 and not settings.REDIS_URL:
        raise CommandError(
            f"{workers} workers need Redis to pass messages to each other. Set REDIS_URL, or serve with --workers 1."
        )


def allow_files() -> None:
    """Let this process and its workers open as many sockets as they may have, as far as the system lets them."""
    wanted = settings.SOCKETS_MAX + 2 * SPARE_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def prepare_database() -> None:
    """Migrate the embedded database; refuse any other that is not migrated, as that is the operator's own step."""
    try:
        if settings.EMBEDDED:
            call_command("migrate", interactive=False, verbosity=0)
            return
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        where = f"PARLOR_DATA ({settings.DATA_DIR})" if settings.EMBEDDED else "DATABASE_URL"
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CommandError(f"The database cannot be used: {reason}. Check {where}.") from error
    if missing:
        raise CommandError(
            f"The database is not migrated ({missing} migrations missing). Run: python manage.py migrate"
        )


def listening_socket(host: str, port: int) -> socket.socket:
    """Listen at once, so that a taken port is refused before anything else and early clients wait instead of failing."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. The kernel's own choice would hide a peer that does not read for megabytes.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.set_inheritable(True)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandError(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: something else listens there. Choose another, for example PORT={port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} may only be opened by root. Choose one above 1023, for example PORT=8000."
    return f"Cannot listen on {host} port {port}: {error.strerror or error}."


def address(host: str, port: int) -> str:
    """What to type into a browser on this machine."""
    name = EVERY_ADDRESS.get(host) or (f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/"


def server_config(*, host: str, port: int, workers: int) -> uvicorn.Config:
    return uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        workers=workers,
        backlog=BACKLOG,
        lifespan="on",
        http=Intake,
        ws=WireProtocol,
        ws_max_size=FRAME_MAX_BYTES,
        ws_ping_interval=PING_INTERVAL_S,
        ws_ping_timeout=PONG_TIMEOUT_S,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=SHUTDOWN_GRACE_S,
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
        server_header=False,
        access_log=False,
        log_config=LOG_CONFIG,
    )


class Worker(supervision.Process):
    """One process of several, with our server."""

    @property
    def server(self) -> Server:
        if self._server is None:
            self._server = Server(self.config)
        return cast(Server, self._server)


def run(config: uvicorn.Config, listener: socket.socket) -> None:
    """Serve in this process, or supervise several; exits with a status when the application cannot start."""
    if config.workers == 1:
        try:
            Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            return
        return
    connection.close()  # the workers open their own
    supervision.Process = Worker  # type: ignore[misc]  # the supervisor asks for its processes by this name alone
    supervisor = supervision.Multiprocess(config, sockets=[listener])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILED for process in supervisor.processes):
        raise SystemExit(STARTUP_FAILED)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the process with status 0: uvicorn raises the signal again once it has closed everything."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(os.EX_OK)
