from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from chat import indexing


class Command(BaseCommand):
    help = "Makes the index of search anew of all messages: while the server is stopped, as it holds the database."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            with transaction.atomic():
                count = indexing.rebuild()
        except DatabaseError as error:
            raise CommandError(
                "The database is not migrated, or busy. Stop the server, run: manage.py migrate"
            ) from error
        self.stdout.write(f"{count} messages can be found.")
