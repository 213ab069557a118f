"""The epoch: one per database, another after a restore, and no position is good without it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from accounts.models import User
from chat.history import check_position
from foundation import deployment
from foundation.deployment import change_epoch, epoch, lock_deployment
from foundation.errors import ChatError
from foundation.models import Deployment
from rooms.models import Room
from tests.servers import ROOT, ParlorServer
from tests.test_live import next_of, socket
from tests.workers import call, sign_up

pytestmark = pytest.mark.django_db


def test_the_epoch_is_made_once_and_stays() -> None:
    first = epoch()
    epoch.cache_clear()

    assert epoch() == first
    assert Deployment.objects.get().epoch == first


def test_a_changed_epoch_is_another() -> None:
    before = epoch()

    after = change_epoch()

    assert after != before
    assert epoch() == after
    assert Deployment.objects.count() == 1


def test_the_deployment_is_locked_even_before_it_has_an_epoch() -> None:
    Deployment.objects.all().delete()

    with transaction.atomic():
        lock_deployment()

    assert Deployment.objects.count() == 1


def test_the_command_says_the_new_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    before = epoch()

    call_command("change_epoch")

    assert epoch() != before
    assert f"The epoch is now {epoch()}." in capsys.readouterr().out


def test_a_database_without_tables_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_table() -> str:
        raise DatabaseError("no such table: foundation_deployment")

    monkeypatch.setattr("foundation.management.commands.change_epoch.change_epoch", no_such_table)

    with pytest.raises(CommandError, match="not migrated"):
        call_command("change_epoch")


def test_a_position_from_before_the_change_is_refused(ada: User, tea: Room) -> None:
    before = deployment.epoch()
    check_position(tea, tea.last_seq, before)

    change_epoch()

    with pytest.raises(ChatError, match="position_invalid"):
        check_position(tea, tea.last_seq, before)


@pytest.mark.live
def test_a_restored_backup_shows_nobody_a_mixture(own_server: ParlorServer) -> None:
    _, ada = sign_up(own_server)
    slug = call(own_server, "POST", "rooms/", {"name": "Tea"}, ada)["slug"]
    call(own_server, "POST", f"rooms/{slug}/messages/", {"value": "in the backup"}, ada)
    backup = own_server.data_dir / "backup.sqlite3"
    with closing(sqlite3.connect(own_server.data_dir / "parlor.sqlite3")) as database:
        database.execute("VACUUM INTO ?", [str(backup)])
    lost = call(own_server, "POST", f"rooms/{slug}/messages/", {"value": "after the backup"}, ada)
    with socket(own_server, slug, ada) as connection:
        before = next_of(connection, "hello")
    own_server.stop()

    restore(backup, own_server.data_dir)
    own_server.start()
    instead = call(own_server, "POST", f"rooms/{slug}/messages/", {"value": "after the restore"}, ada)

    assert instead["seq"] == lost["seq"]  # the number is given again: this is why the position must not be trusted
    with socket(own_server, slug, ada, f"?after={before['seq']}&epoch={before['epoch']}") as connection:
        assert next_of(connection, "error")["code"] == "position_invalid"
    with socket(own_server, slug, ada, "?after=0") as connection:
        assert [next_of(connection, "message")["value"] for _ in range(2)] == ["in the backup", "after the restore"]


def restore(backup: Path, data_dir: Path) -> None:
    """What `platform/docs/self-hosting.md` tells to do, with the server stopped."""
    for leftover in ("parlor.sqlite3-wal", "parlor.sqlite3-shm"):
        (data_dir / leftover).unlink(missing_ok=True)
    backup.replace(data_dir / "parlor.sqlite3")
    environment = {**os.environ, "PARLOR_DATA": str(data_dir)}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "manage.py", "change_epoch"], cwd=ROOT, env=environment, check=True)
