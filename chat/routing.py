"""The socket routes: one address per room, and the lobby's old one."""

from django.urls import re_path

from chat.consumer import RoomConsumer
from rooms.lifecycle import LOBBY

SLUG = r"(?P<slug>[a-z0-9][a-z0-9_-]{0,63})"

websocket_urlpatterns = [
    re_path(r"^ws/chat/?\Z", RoomConsumer.as_asgi(), {"slug": LOBBY}),
    re_path(rf"^ws/chat/{SLUG}/?\Z", RoomConsumer.as_asgi()),
]
