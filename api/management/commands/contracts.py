"""Writes anew what is committed and made from the code: `manage.py contracts`."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from api.contracts import contract
from chat.emoji_names import FILE, emoji_names


class Command(BaseCommand):
    help = "Write openapi.yaml and asyncapi.yaml from the code, and the names of emoji for the page."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("spectacular", validate=True, fail_on_warn=True, file=str(settings.ROOT / "openapi.yaml"))
        for name in ("openapi", "asyncapi"):
            (settings.ROOT / f"{name}.yaml").write_bytes(contract(name, "yaml"))
            self.stdout.write(f"{name}.yaml is written.")
        FILE.write_text(emoji_names())
        self.stdout.write(f"{FILE.name} is written.")
