"""The other side of a socket: wires that keep what is written to them, and peers of a real server in the test's loop."""

import asyncio
import socket
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from foundation.hub import Hub
from foundation.raw_wire import WireProtocol
from foundation.socket import Socket
from foundation.stream import Stream
from foundation.wire import Frames, Receive, Send, Wire, wire_of


class HeldWire:
    """A peer that reads everything at once, and never says anything."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.writes = 0
        self.code: int | None = None
        self.reason = ""
        self.pressed = False
        self.on_slow: Callable[[], None] = lambda: None

    @property
    def over(self) -> bool:
        return self.code is not None

    def write_frames(self, frames: Frames) -> None:
        assert self.code is None, "nothing follows a close"
        self.writes += 1
        self.heard += [payload.decode() for payload in frames.payloads]

    def close_with(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason

    async def drained(self) -> None:
        await asyncio.sleep(0)

    async def receive(self) -> dict[str, Any]:
        raise AssertionError("nobody speaks here")

    async def stop(self) -> None:
        """Nothing to let go of."""


class Connection:
    """One connection as the application has it: its socket, what it heard, and whether it is over."""

    def __init__(self, wire: Wire) -> None:
        self.socket = Socket(wire, frozenset())
        self.heard: list[str] = []
        self.listens = asyncio.Event()
        self.listens.set()
        self.ended = asyncio.Event()

    @property
    def wire(self) -> Wire:
        return self.socket.wire

    def fill(self, payload: bytes, until: Callable[[], bool]) -> int:
        """Write the frame again and again; gives how often."""
        frames, count = Frames([payload]), 0
        while not until():
            self.socket.write_all(frames)
            count += 1
        return count

    def pressed(self) -> bool:
        return self.wire.pressed

    def closed(self) -> bool:
        return self.socket.closing is not None

    async def over(self, timeout_s: float = 5) -> None:
        """The application was told that the connection has ended."""
        await asyncio.wait_for(self.ended.wait(), timeout_s)


class WireServer:
    """uvicorn with an application that accepts, listens, and leaves the writing to the test."""

    def __init__(self, protocol: type[asyncio.Protocol], **options: Any) -> None:
        self.config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            ws=protocol,
            lifespan="off",
            log_config=None,
            ws_per_message_deflate=False,
            **{"ws_ping_interval": None, **options},
        )
        self.config.load()
        self.uvicorn = uvicorn.Server(self.config)
        self.uvicorn.lifespan = self.config.lifespan_class(self.config)
        self.port = 0
        self.wires: list[weakref.ref[Wire]] = []
        self._peers: list[Peer] = []
        self._listening: list[asyncio.Event] = []
        self._arrived: asyncio.Queue[Connection] = asyncio.Queue()

    async def start(self) -> "WireServer":
        listener = socket.socket()
        # Small, so that a peer that does not read is felt soon; connections inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        await self.uvicorn.startup(sockets=[listener])
        return self

    async def peer(self) -> "tuple[Peer, Connection]":
        """A new connection, seen from both ends."""
        peer = Peer(self.port)
        self._peers.append(peer)
        await peer.open()
        return peer, await self.arrival()

    async def arrival(self) -> Connection:
        return await asyncio.wait_for(self._arrived.get(), 5)

    @property
    def connections(self) -> int:
        return len(self.uvicorn.server_state.connections)

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        wire = wire_of(scope, receive, send)
        self.wires.append(weakref.ref(wire))
        connection = Connection(wire)
        self._listening.append(connection.listens)
        assert (await wire.receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        self._arrived.put_nowait(connection)
        while (message := await wire.receive())["type"] != "websocket.disconnect":
            connection.heard.append(message["text"])
            await connection.listens.wait()
        connection.ended.set()
        await wire.stop()

    async def stop(self) -> None:
        for server in self.uvicorn.servers:
            server.close()
        for connection in list(self.uvicorn.server_state.connections):
            connection.transport.abort()
        for listens in self._listening:
            listens.set()
        await asyncio.gather(*self.uvicorn.server_state.tasks)
        for peer in self._peers:
            peer.vanish()


@asynccontextmanager
async def wire_server(protocol: type[asyncio.Protocol] = WireProtocol, **options: Any) -> AsyncIterator[WireServer]:
    """A server that is gone afterwards, with all its connections."""
    server = await WireServer(protocol, **options).start()
    try:
        yield server
    finally:
        await server.stop()


class Peer:
    """A client that reads only when told to, and answers only what it is told to."""

    def __init__(self, port: int) -> None:
        self.frames: list[Frame] = []
        self.at_end = False
        self._loop = asyncio.get_running_loop()
        self._port = port
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/"), max_size=None)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        self._socket.setblocking(False)

    async def open(self) -> None:
        await self._loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        self._protocol.send_request(self._protocol.connect())
        await self.answer()
        while not self._protocol.handshake_exc and self._protocol.state.name == "CONNECTING":
            await self.read()

    @property
    def texts(self) -> list[bytes]:
        return [bytes(frame.data) for frame in self.frames if frame.opcode is Opcode.TEXT]

    @property
    def close(self) -> tuple[int, str] | None:
        """Code and reason of the server's close frame."""
        received = self._protocol.close_rcvd
        return (received.code, received.reason) if received else None

    async def read(self, size: int = 1 << 16) -> None:
        """Read what is there, at most so much; wait for something."""
        try:
            data = await asyncio.wait_for(self._loop.sock_recv(self._socket, size), 5)
        except ConnectionResetError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        self.at_end = not data
        self.frames += [event for event in self._protocol.events_received() if isinstance(event, Frame)]

    async def read_until(self, condition: Callable[[], bool], answer: bool = False) -> None:
        """Read on, answering pings and the close or not."""
        while not condition() and not self.at_end:
            await self.read()
            if answer:
                await self.answer()
        assert condition(), f"the connection ended after {len(self.frames)} frames"

    async def answer(self) -> None:
        """Send the answers to what was read."""
        await self._loop.sock_sendall(self._socket, b"".join(self._protocol.data_to_send()))

    async def say(self, text: str) -> None:
        self._protocol.send_text(text.encode())
        await self.answer()

    async def say_goodbye(self) -> None:
        """Send a close frame."""
        self._protocol.send_close(1000, "")
        await self.answer()

    def hang_up(self) -> None:
        """Send no more, as a browser that was closed; what the server sends is not read."""
        self._socket.shutdown(socket.SHUT_WR)

    def vanish(self) -> None:
        """End the connection without a word, as a process that was killed."""
        if self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self._socket.close()


@asynccontextmanager
async def inside(hub: Hub, group: str) -> AsyncIterator[Stream]:
    """The group's stream, held open by a socket that hears nothing."""
    stream = await hub.enter(group)
    try:
        yield stream
    finally:
        hub.leave(stream, Socket(HeldWire(), frozenset()))
