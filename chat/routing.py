"""The socket routes: one address per room, and the lobby's old one."""

from django.urls import re_path

from chat.consumer import RoomConsumer
from chat.inbox_consumer import InboxConsumer
from foundation.limits import SLUG_PATTERN
from rooms.lifecycle import LOBBY

SLUG = SLUG_PATTERN.pattern.removesuffix(r"\Z")

websocket_urlpatterns = [
    re_path(r"^ws/inbox/?\Z", InboxConsumer.as_asgi()),
    re_path(r"^ws/chat/?\Z", RoomConsumer.as_asgi(), {"slug": LOBBY}),
    re_path(rf"^ws/chat/(?P<slug>{SLUG})/?\Z", RoomConsumer.as_asgi()),
]
