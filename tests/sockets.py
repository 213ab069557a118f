"""A chat socket for tests, over the whole ASGI application without a network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from accounts.models import User
from chat.live import stop_live

ORIGIN = (b"origin", b"http://testserver")
HOST = (b"host", b"testserver")
_open: set[WebsocketCommunicator] = set()


class ChatSocket:
    """Reads and writes frames; `next(kind)` skips what is not of that kind and remembers it in `skipped`."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator
        self.skipped: list[dict[str, Any]] = []
        self.hello: dict[str, Any] = {}

    async def send(self, **frame: Any) -> None:
        await self.communicator.send_to(text_data=json.dumps(frame))

    async def send_text(self, text: str) -> None:
        await self.communicator.send_input({"type": "websocket.receive", "text": text})

    async def frame(self, timeout: float = 5) -> dict[str, Any]:
        """The next frame, whatever it is."""
        event = await self.communicator.receive_output(timeout)
        assert event["type"] == "websocket.send", event
        frame: dict[str, Any] = json.loads(event["text"])
        return frame

    async def next(self, kind: str, timeout: float = 5) -> dict[str, Any]:
        async with asyncio.timeout(timeout):
            while (frame := await self.frame(timeout))["type"] != kind:
                self.skipped.append(frame)
        return frame

    async def closed(self, timeout: float = 5) -> int:
        """The close code, after whatever frames still come."""
        async with asyncio.timeout(timeout):
            while (event := await self.communicator.receive_output(timeout))["type"] != "websocket.close":
                self.skipped.append(json.loads(event["text"]))
        code: int = event["code"]
        return code

    async def silent(self, seconds: float = 0.3) -> bool:
        """Nothing arrives, not even after a moment."""
        return bool(await self.communicator.receive_nothing(seconds))

    async def sync(self) -> int:
        """Everything sent before this was handled: the answer to a ping."""
        await self.send(type="ping")
        seq: int = (await self.next("pong"))["seq"]
        return seq


def cookie_of(user: User) -> tuple[bytes, bytes]:
    """The header that a browser of this person sends."""
    client = Client()
    client.force_login(user)
    return (b"cookie", f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode())


@asynccontextmanager
async def opened(
    path: str, user: User | None = None, headers: list[tuple[bytes, bytes]] | None = None
) -> AsyncIterator[ChatSocket]:
    """A socket whose handshake was accepted; nothing is read from it yet."""
    from config.asgi import application

    sent = [HOST, ORIGIN] if headers is None else headers
    if user is not None:
        sent = [*sent, await sync_to_async(cookie_of)(user)]
    communicator = WebsocketCommunicator(application, path, headers=sent)
    accepted, _ = await communicator.connect(timeout=5)
    assert accepted, "the handshake was refused"
    _open.add(communicator)
    try:
        yield ChatSocket(communicator)
    finally:
        _open.discard(communicator)
        await communicator.disconnect()
        if not _open:
            await stop_live()


@asynccontextmanager
async def joined(slug: str, user: User | None = None, **position: Any) -> AsyncIterator[ChatSocket]:
    """A socket that is live in the room; its `hello` is at `socket.hello`."""
    query = "&".join(f"{name}={value}" for name, value in position.items())
    async with opened(f"/ws/chat/{slug}/?{query}", user) as socket:
        assert await socket.frame() == {"type": "system", "value": "connected"}
        socket.hello = await socket.next("hello")
        yield socket


@asynccontextmanager
async def inbox_of(user: User) -> AsyncIterator[ChatSocket]:
    """An open inbox that has been greeted."""
    async with opened("/ws/inbox/", user) as socket:
        assert await socket.frame() == {"type": "system", "value": "connected"}
        assert (await socket.frame())["type"] == "inbox"
        yield socket
