"""The sockets of a load: they count what they hear with as little work for each frame as Python can do.

A frame costs one call and two comparisons. Of some messages the text is read: when it was due, and its number in the
room, which has to have grown by exactly what was counted since the last one that was read.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

TEXT_CHARS = 60
SMALLEST_MESSAGE_BYTES = 200  # of Parlor, with all its keys: system, ack and who comes and goes are shorter
SAMPLE_EVERY = 97  # primes, so that no rhythm of the load hides in the sample
SAMPLE_EVERY_OF_FEW = 7
MANY = 100
HANDSHAKE_TIMEOUT_S = 30
CONNECTING_AT_ONCE = 50
SILENCE_MAX_S = 20
DUE_AT = re.compile(rb'"value": ?"(\d+\.\d+) ')
NUMBER = re.compile(rb'"seq": ?(\d+)')
RUN = secrets.token_hex(4)  # no other run has used these client_ids in the same room
Person = dict[str, str]


class Listener(WSListener):
    """A socket that tells large frames from small ones by their size alone."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.greeted = asyncio.Event()
        self.closed = False
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed = True
        self.greeted.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.payload_size < SMALLEST_MESSAGE_BYTES:
            self.small(frame)

    def small(self, frame: WSFrame) -> None:
        """The first frame of every server, `system`, is a small one."""
        self.greeted.set()

    def post(self, text: str, client_id: str) -> None:
        """Send a message as any client does; the ack has the client_id with RUN before it."""
        assert self.transport is not None
        frame = f'{{"type":"message","value":"{text.ljust(TEXT_CHARS, ".")}","client_id":"{RUN}-{client_id}"}}'
        self.transport.send(WSMsgType.TEXT, frame.encode())

    def drop(self) -> None:
        """Be gone without a word."""
        if self.transport is not None:
            self.transport.disconnect(graceful=False)


class Reader(Listener):
    """Counts the messages that it hears, and times some of them."""

    def __init__(self, index: int, of: int, smallest_message: int) -> None:
        super().__init__(index)
        self.smallest_message = smallest_message
        self.heard = 0
        self.miscounted = False
        self.latencies_ms: list[float] = []
        self._sample_every = SAMPLE_EVERY if of >= MANY else SAMPLE_EVERY_OF_FEW
        self._sample_at = 1 + index % self._sample_every  # not everybody samples the same message
        self._last_sample: tuple[int, int] | None = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.payload_size >= self.smallest_message:
            self.heard += 1
            if self.heard >= self._sample_at:
                self._sample_at += self._sample_every
                self.sample(frame.get_payload_as_bytes())
        else:
            self.small(frame)

    def sample(self, payload: bytes) -> None:
        """Time this message, and hold the count against the room's numbers (the stock consumer has none)."""
        due_at = DUE_AT.search(payload)
        if due_at is None:
            return  # hello, presence, somebody joined: before the measurement
        self.latencies_ms.append((time.monotonic() - float(due_at[1])) * 1000)
        number = NUMBER.search(payload)
        if number is not None:
            last, here = self._last_sample, (int(number[1]), self.heard)
            self.miscounted |= last is not None and here[0] - last[0] != here[1] - last[1]
            self._last_sample = here


class Sender(Reader):
    """Keeps a window of messages under way: each of its own that comes back lets the next one go."""

    def __init__(self, index: int, of: int, smallest_message: int) -> None:
        super().__init__(index, of, smallest_message)
        self.looping = False
        self.under_way = 0
        self._sent = 0
        self._mark = f" s{index} "
        self._mine = self._mark.encode()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        super().on_ws_frame(transport, frame)
        if frame.payload_size >= self.smallest_message and self._mine in frame.get_payload_as_bytes():
            self.under_way -= 1
            if self.looping:
                self.say(time.monotonic())

    def start(self, window: int) -> None:
        """Begin to post as fast as the server lets it."""
        self.looping = True
        for _ in range(window):
            self.say(time.monotonic())

    def say(self, due_at: float) -> None:
        """Post a message that tells when it was due."""
        self._sent += 1
        self.under_way += 1
        self.post(f"{due_at:.6f}{self._mark}", f"{self.index}-{self._sent}")


def credential(person: Person, address: str) -> dict[str, str]:
    """The headers of a person's browser, or of their program."""
    if "cookie" in person:
        return {"Cookie": person["cookie"], "Origin": f"http://{address}"}
    return {"Authorization": f"Token {person['token']}"} if "token" in person else {}


async def join(task: dict[str, Any], listeners: Iterable[Listener], paths: Sequence[str]) -> None:
    """Connect all listeners, some at once, to the paths in turn and as the task's people in turn.

    Returns when the server has let all of them in."""
    people: list[Person] = task["people"] or [{}]
    waiting = iter(listeners)

    async def connect_some() -> None:
        for listener in waiting:
            index = listener.index
            url = f"ws://{task['address']}{paths[index % len(paths)]}"
            await connect(url, listener, credential(people[index % len(people)], task["address"]))

    await asyncio.gather(*(connect_some() for _ in range(CONNECTING_AT_ONCE)))


async def connect(url: str, listener: Listener, headers: dict[str, str]) -> None:
    """Open a socket and wait until the server has let it in. Raises ConnectionError."""
    await ws_connect(lambda: listener, url, extra_headers=headers, websocket_handshake_timeout=HANDSHAKE_TIMEOUT_S)
    await listener.greeted.wait()
    if listener.closed:
        raise ConnectionError("The server closed a socket instead of letting it in.")


async def let_pass(seconds: float, heard: Callable[[], Any]) -> None:
    """Let this time go by, and on a machine that is very busy as much more as it takes until something was heard."""
    await asyncio.sleep(seconds)
    deadline = time.monotonic() + SILENCE_MAX_S
    while not heard() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed; 0 of nothing."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else 0.0
