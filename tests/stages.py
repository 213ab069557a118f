"""Where a rig stands: one embedded server whose kills are power cuts, or several on PostgreSQL and Redis."""

import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from tests import powercut
from tests.rig import TORTURE, Plan, Rig, Rows
from tests.servers import ROOT, parlor


def _environment(directory: Path, seed: int) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.torture_settings",
        "TORTURE": str(directory / TORTURE),
        "TORTURE_DICE": str(seed),
    }


def _production(postgres: str, redis: str) -> dict[str, str]:
    return {
        "DATABASE_URL": postgres,
        "REDIS_URL": redis,
        "SECRET_KEY": "only-for-tests-" + "k" * 50,
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "0",
        "DATABASE_POOL": "8",
    }


@contextmanager
def embedded(directory: Path, plan: Plan, seed: int, **environment: str) -> Iterator[Rig]:
    """One embedded server on SQLite. Its kills are power cuts: what was not synced is lost."""
    database, image = directory / "parlor.sqlite3", directory / "image"

    def query(sql: str) -> Rows:
        with closing(sqlite3.connect(database)) as connection:
            whole = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'rooms_room'").fetchone()
            return connection.execute(sql).fetchall() if whole else []  # a power cut may leave nothing at all

    environment = _environment(directory, seed) | {"POWER_CUT_IMAGE": str(image)} | environment
    with parlor(directory, **environment) as server:
        rig = Rig([server], directory, query, plan, seed)
        rig.cut_power = partial(powercut.cut, database, image)
        yield rig


@contextmanager
def scaled_out(
    directory: Path, plan: Plan, seed: int, postgres: str, redis: str, number: int, **environment: str
) -> Iterator[Rig]:
    """Several servers that know each other only through a PostgreSQL database of their own and Redis."""
    import psycopg

    name = f"promise_{secrets.token_hex(4)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = postgres.rpartition("/")[0] + "/" + name

    def query(sql: str) -> Rows:
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()

    environment = _environment(directory, seed) | _production(url, redis) | environment
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, **environment, "PARLOR_DATA": str(directory)}, check=True, cwd=ROOT)
    with ExitStack() as stack:
        servers = []
        for index in range(number):
            own = directory / f"server-{index}"
            own.mkdir()
            environment["TORTURE_DICE"] = f"{seed}-{index}"
            servers.append(stack.enter_context(parlor(own, **environment)))
        yield Rig(servers, directory, query, plan, seed)
