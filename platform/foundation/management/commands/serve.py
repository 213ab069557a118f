from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from foundation.serving import serve

PORT_MAX = 65_535


class Command(BaseCommand):
    help = "Serves Parlor over HTTP and WebSocket."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="the address to listen on (HOST, %(default)s)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="the port (PORT, %(default)s)")
        parser.add_argument(
            "--workers", type=int, default=settings.WEB_CONCURRENCY, help="processes (WEB_CONCURRENCY, %(default)s)"
        )

    def handle(self, *_args: Any, host: str, port: int, workers: int, **_options: Any) -> None:
        if not 0 <= port <= PORT_MAX:
            raise CommandError(f"{port} is not a port: choose one between 1 and {PORT_MAX}.")
        try:
            serve(host=host, port=port, workers=workers, say=self._say)
        except KeyboardInterrupt:  # before the server was up
            self._say("")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
