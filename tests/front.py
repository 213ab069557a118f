"""A server in the test's own event loop: our protocols and our drain before any application, and raw lines to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from foundation.connections import places
from foundation.drain import Server
from foundation.intake import Intake
from foundation.raw_wire import WireProtocol
from foundation.serving import listening_socket

App = Callable[[Any, Any, Any], Awaitable[None]]
UPGRADE = {
    "Host": "x",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request(headers: dict[str, str] | None = None, *more: str, method: str = "GET", path: str = "/") -> bytes:
    """The head of a request; `more` are whole lines."""
    lines = [f"{name}: {value}" for name, value in (headers or {"Host": "x"}).items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, *more, "", ""]).encode()


class Line:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer."""
        text = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode()
        first, *lines = text.rstrip().split("\r\n")
        return int(first.split(" ")[1]), {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer, whole."""
        status, headers = await self.head()
        return status, headers, await asyncio.wait_for(self.reader.readexactly(int(headers["content-length"])), 5)

    async def refusal(self) -> str:
        """The code of a problem, after which the server sends no more."""
        status, headers, body = await self.answer()
        problem = json.loads(body)
        assert (problem["status"], headers["content-type"]) == (status, "application/problem+json")
        assert headers["connection"] == "close"
        assert await self.ended()
        return str(problem["code"])

    async def ended(self, timeout_s: float = 5) -> bool:
        """The server sends no more, and had nothing to say."""
        try:
            return await asyncio.wait_for(self.reader.read(1), timeout_s) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Front:
    """The running server."""

    def __init__(self, server: Server, port: int) -> None:
        self.server, self.port = server, port
        self.lines: list[Line] = []

    async def line(self) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self.lines.append(line)
        return line

    async def asked(self, data: bytes) -> Line:
        """A connection on which this was sent."""
        line = await self.line()
        line.send(data)
        return line

    async def socket(self, path: str = "", **options: Any) -> ClientConnection:
        return await connect(f"ws://127.0.0.1:{self.port}/{path}", compression=None, ping_interval=None, **options)


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers requests with their number of bytes; accepts sockets and echoes."""
    if scope["type"] == "http":
        size, more = 0, True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            size, more = size + len(event["body"]), event["more_body"]
        body = str(size).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": event["text"]})


@asynccontextmanager
async def front(app: App = hello) -> AsyncIterator[Front]:
    """A server before this application, with nothing else in between."""
    config = uvicorn.Config(
        app, http=Intake, ws=WireProtocol, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = listening_socket("127.0.0.1", 0)
    await server.startup(sockets=[listener])
    running = Front(server, listener.getsockname()[1])
    try:
        yield running
    finally:
        for line in running.lines:
            await line.close()
        server.force_exit = True
        await server.shutdown([listener])
        places.leaving = False  # the process goes on, with other tests
