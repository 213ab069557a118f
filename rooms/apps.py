from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _open_lobby(**_: Any) -> None:
    from rooms.lifecycle import ensure_lobby

    ensure_lobby()


class RoomsConfig(AppConfig):
    name = "rooms"

    def ready(self) -> None:
        post_migrate.connect(_open_lobby, sender=self, dispatch_uid="rooms.lobby")
