from typing import Any

from django.core.management.base import BaseCommand

from chat.attaching import sweep


class Command(BaseCommand):
    help = "Erases uploads that no message has claimed for a day, and what is left of the files of deleted messages."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"Erased: {sweep()}.")
