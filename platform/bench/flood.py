"""A server that sends messages to all who connect, as fast as it can: what the client can count at best.

Started by `ceiling.py` as `flood.py PORT FRAMES_PER_WRITE`.
"""

import asyncio
import sys

import uvloop
from picows import WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from sockets import TEXT_CHARS

# As long as a message of Parlor, but without a number, so that the client does not look for holes.
PAYLOAD = (
    b'{"type":"message","room":"bench","value":"'
    + b"0.000000 ".ljust(TEXT_CHARS, b".")
    + b'","user":{"id":1,"username":"person-1",'
    b'"name":"Person 1","avatar":null},"sent_at":"2026-11-23T12:00:00.123456Z","client_id":"1-10000"}'
)
FRAME = b"\x81\x7e" + len(PAYLOAD).to_bytes(2, "big") + PAYLOAD
listening: set["Flooded"] = set()


class Flooded(WSListener):
    """One client, for as long as it takes more."""

    paused = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, b'{"type":"system","value":"connected"}')
        self.write = transport.underlying_transport.write
        listening.add(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        listening.discard(self)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False


async def main(port: int, frames_per_write: int) -> None:
    """Serve until the process is ended."""

    def listener(_request: WSUpgradeRequest) -> Flooded:
        return Flooded()

    await ws_create_server(listener, "127.0.0.1", port, backlog=2048)
    block = FRAME * frames_per_write
    while True:
        for each in list(listening):
            if not each.paused:
                each.write(block)
        await asyncio.sleep(0)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
