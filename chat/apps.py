from typing import Any

from django.apps import AppConfig
from django.db.models.signals import pre_delete


def _forget(instance: Any, **_: Any) -> None:
    from chat import attaching, indexing

    indexing.forget_room(instance)
    attaching.forget_room(instance)


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        # The rows go with the room by themselves; the words in the index and the files do not.
        pre_delete.connect(_forget, sender="rooms.Room", dispatch_uid="chat.forget")
