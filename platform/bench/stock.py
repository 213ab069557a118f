"""The founding tutorial's consumer as Channels' documentation would have it: what Parlor is measured against.

Asynchronous, on uvicorn, with the in-memory layer: the best that the stock parts do without storing anything.
"""

from typing import Any

import django
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

settings.configure(
    SECRET_KEY="only for this benchmark",
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup()


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """Everybody in one group."""

    async def connect(self) -> None:
        await self.accept()
        await self.channel_layer.group_add("chat", self.channel_name)
        await self.send_json({"type": "system", "value": "connected"})

    async def receive_json(self, content: dict[str, Any], **_: Any) -> None:
        await self.channel_layer.group_send("chat", {"type": "handle", "value": content["value"]})

    async def handle(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "message", "value": event["value"]})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("chat", self.channel_name)


application = ChatConsumer.as_asgi()
