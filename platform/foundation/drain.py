"""How a process stops: nobody comes in, sockets are closed one by one, requests end, and it is over in time.

All at once would bring all clients back at once: the sockets of a full process are spread over DRAIN_SPREAD_S, and the
few of a small one are gone in a moment.
"""

import asyncio
import faulthandler
import random
import socket
from types import FrameType

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from foundation.connections import places
from foundation.limits import DRAIN_SOCKETS_PER_S, DRAIN_SPREAD_S, EXIT_TIMEOUT_S, LEAVE_TIMEOUT_S

STEP_S = 0.05
Connection = WebSocketsSansIOProtocol


class Server(uvicorn.Server):
    """uvicorn's server with a drain. A second Ctrl-C ends it at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """From the first signal on, EXIT_TIMEOUT_S is all there is: what hangs then is printed, and ended."""
        if not self.should_exit:
            faulthandler.dump_traceback_later(EXIT_TIMEOUT_S, exit=True)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        places.leaving = True
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Ask every socket to leave, in random order, and cut those that do not."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        sockets = self._sockets()
        random.shuffle(sockets)
        for connection, after_s in zip(sockets, moments(len(sockets)), strict=True):
            await self._sleep_until(began + after_s)
            _ask_to_leave(connection)
        for connection in set(self._sockets()).difference(sockets):  # those that were still coming in
            _ask_to_leave(connection)
        deadline = loop.time() + LEAVE_TIMEOUT_S
        while self._sockets() and loop.time() < deadline and not self.force_exit:
            await asyncio.sleep(STEP_S)
        for connection in self._sockets():
            connection.transport.abort()

    async def _sleep_until(self, moment: float) -> None:
        while not self.force_exit and (remaining_s := moment - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(remaining_s, STEP_S))

    def _sockets(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]


def moments(sockets: int) -> list[float]:
    """When each of so many sockets is closed, in seconds from the beginning: evenly, but not in step."""
    spread_s = min(DRAIN_SPREAD_S, sockets / DRAIN_SOCKETS_PER_S)
    return [spread_s * (index + random.random()) / sockets for index in range(sockets)]


def _ask_to_leave(connection: Connection) -> None:
    """Put the end into the socket's own queue: what its client sent before is answered first, then comes 1012."""
    connection.queue.put_nowait({"type": "websocket.disconnect", "code": 1012, "reason": "service_restart"})
