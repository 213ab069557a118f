from typing import Any

from django.core.management.base import BaseCommand

from chat.retention import expire


class Command(BaseCommand):
    help = "Deletes what is older than its room keeps it. A server that runs does so by itself, once an hour."

    def handle(self, *_args: Any, **_options: Any) -> None:
        count = expire()
        self.stdout.write(f"{count:,} entr{'y' if count == 1 else 'ies'} expired.")
