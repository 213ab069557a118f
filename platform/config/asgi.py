"""The ASGI application: HTTP through Django, WebSockets through the guard, the session and the routes of rooms."""

import gc
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()  # before the imports below: they load models

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from accounts.credentials import credentials
from accounts.sessions import sessions
from chat.live import live, stop_live
from chat.routing import websocket_urlpatterns
from foundation.connections import admission, each_account
from foundation.handshake import guard, no_such_address
from foundation.static_files import StaticFiles

# Sockets live long and their garbage has few cycles. Python's own threshold of 700 looked through all of them so often
# that it took a quarter of the time in which 3,000 connect.
GC_THRESHOLD = (20_000, 20, 50)


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Start this process's hub with the server and stop it with the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            live()
            gc.freeze()  # what was imported stays: no collection has to look at it
            gc.set_threshold(*GC_THRESHOLD)
            await send({"type": "lifespan.startup.complete"})
        else:
            await stop_live()
            await send({"type": "lifespan.shutdown.complete"})
            return


routes = URLRouter(
    [
        *websocket_urlpatterns,
        re_path(r"", no_such_address),  # type: ignore[arg-type]
    ]
)
sockets = guard(admission(sessions(AuthMiddlewareStack(credentials(each_account(routes))))))
application = ProtocolTypeRouter({"http": StaticFiles(http), "websocket": sockets, "lifespan": lifespan})
