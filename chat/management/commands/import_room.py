from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.importing import import_room
from foundation.errors import ChatError


class Command(BaseCommand):
    help = (
        "Makes a new room of an exported one. People are matched by username; who is missing gets a disabled account."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("zip", type=Path, help="What rooms/<room>/export/ gave.")
        parser.add_argument("--slug", help="The address of the new room; without it the exported room's own.")
        parser.add_argument("--name", help="The name of the new room; without it the exported room's own.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            imported = import_room(path=options["zip"], slug=options["slug"], name=options["name"])
        except ChatError as error:
            told = [error.detail, *(f"{each.pointer.lstrip('/')}: {each.detail}" for each in error.errors)]
            raise CommandError(f"{' '.join(dict.fromkeys(told))} Nothing was imported.") from error
        room = imported.room
        self.stdout.write(f"{room} is at /rooms/{room.slug}/, with its log from {room.first_seq} to {room.last_seq}.")
        if imported.newcomers:
            names = ", ".join(imported.newcomers)
            self.stdout.write(f"Accounts that are new, disabled and without a password: {names}.")
        if imported.files_missing:
            self.stdout.write(f"Files that were not in the zip: {imported.files_missing}.")
