from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from foundation.deployment import change_epoch


class Command(BaseCommand):
    help = "Gives the database a new epoch: the last step of restoring a backup, while the server is stopped."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            epoch = change_epoch()
        except DatabaseError as error:
            raise CommandError("The database is not migrated. Run: python manage.py migrate") from error
        self.stdout.write(f"The epoch is now {epoch}. Clients load their rooms anew when the server is started.")
