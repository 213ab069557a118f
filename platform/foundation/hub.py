"""The hub: one per process. It joins a group once for all its sockets, keeps the order, and heals every gap.

The channel layer only hints. What a hint did not bring, in whatever way it was lost, is read from the log: at once when
a later number arrives, and within a second by the reconcile loop.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, Protocol
from weakref import WeakValueDictionary

from channels.layers import InMemoryChannelLayer, get_channel_layer

from foundation import publishing
from foundation.errors import ChatError
from foundation.evictions import Evictions
from foundation.flush import Flush
from foundation.limits import CATCH_UP_FRAMES, RECONCILE_INTERVAL_S, RING_FRAMES
from foundation.outgoing import Outgoing
from foundation.publishing import CONTROL, Entry
from foundation.socket import Socket
from foundation.stream import Stream, in_parts
from foundation.subscriptions import Subscriptions

log = logging.getLogger("parlor.hub")
FLUSH_TIMEOUT_S = 1.0
Message = dict[str, Any]


class Log(Protocol):
    """Where the truth is: the durable log behind the groups."""

    async def heads(self, groups: list[str]) -> dict[str, int]:
        """The last number of each group that exists."""

    async def read(self, group: str, after: int, upto: int) -> list[Entry]:
        """All entries in (after, upto], in order."""


class Hub:
    """Carries frames between the channel layer, the log and the sockets of one process (one event loop)."""

    def __init__(self, log_: Log) -> None:
        self.id = secrets.token_hex(8)
        self.loop = asyncio.get_running_loop()
        self.log = log_
        self.layer: Any = get_channel_layer()
        self.streams: dict[str, Stream] = {}
        self.sockets: set[Socket] = set()
        self.evictions = Evictions(self)
        self.counters = {"hints_dropped": 0, "healed": 0, "unknown": 0}
        self.published: Callable[[str], None] = lambda group: None  # hears of each group that this process publishes to
        self.on: dict[str, Callable[[Message], None]] = {
            "frames": self._take_frames,
            "ephemeral": self._take_ephemeral,
            "evict": self.evictions.take,
            "evicted": self.evictions.take_answer,
            "together": self._take_together,
        }
        self._flush = Flush(self.loop)
        self._channel = ""
        self.outgoing = Outgoing(self._send)
        # Weak: a lock lives while somebody holds it or waits for it. Were it dropped earlier, two could open one group.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscriptions = Subscriptions(self._ask_layer, self._heard_late)
        self._ailing: set[Stream] = set()  # streams whose healing waits for its turn

    @property
    def running(self) -> bool:
        return bool(self._tasks) and not self.loop.is_closed()

    def start(self) -> None:
        """Begin to listen, publish and reconcile."""
        publishing.hubs[:] = [*(hub for hub in publishing.hubs if hub.running), self]
        for loop in (self._listen, self.outgoing.run, self._reconcile, self._subscriptions.run):
            self.spawn(loop())

    async def stop(self) -> None:
        """Send what is still to be sent, then end the hub's tasks; sockets are left to the server."""
        if self in publishing.hubs:
            publishing.hubs.remove(self)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                await self.outgoing.sent()
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task for as long as the hub lives."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Sockets come and go

    async def enter(self, group: str) -> Stream:
        """The group's stream, opened on first use, and kept until everybody who entered it has left."""
        async with self._lock(group):
            stream = self.streams.get(group)
            if stream is None:
                stream = await self._open(group)
            stream.entered += 1
            return stream

    def leave(self, stream: Stream, socket: Socket) -> None:
        """Let a socket that entered hear nothing more; the last one closes the stream."""
        stream.sockets.discard(socket)
        stream.entered -= 1
        if not stream.entered:
            self.spawn(self._close(stream))

    async def follow(self, stream: Stream, socket: Socket, after: int) -> None:
        """Bring a socket from `after` to the present and keep it there.

        What is missing comes from the ring or the log; the step to live has no await after the last comparison, so
        nothing can slip in between. A socket that ends on the way is left alone.
        """
        if stream.position < after:
            await self.heal(stream)
        while after < stream.position:
            entries = stream.recall(after) or await self._read_back(stream, after)
            for chunk in in_parts(entries):
                await socket.wire.drained()
                if socket.wire.over:
                    return
                socket.deliver(after + 1, chunk)
                after += len(chunk)
        stream.join(socket)

    async def _read_back(self, stream: Stream, after: int) -> list[Entry]:
        """The entries after a position that the ring does not reach. When it could, one reading makes it do so: after a
        restart everybody comes back at once, and to an empty ring."""
        async with self._lock(stream.group):
            oldest = stream.position - stream.remembered
            if oldest > after >= stream.position - RING_FRAMES:
                rewrites = stream.rewrites
                entries = await self.log.read(stream.group, max(0, stream.position - RING_FRAMES), oldest)
                stream.remember(oldest, entries, rewrites)
        upto = min(stream.position, after + CATCH_UP_FRAMES)
        return stream.recall(after) or await self.log.read(stream.group, after, upto)

    async def _open(self, group: str) -> Stream:
        await self._subscriptions.join(group)
        try:
            heads = await self.log.heads([group])
            if group not in heads:
                raise ChatError("not_found")
        except BaseException:
            self._subscriptions.leave(group)
            raise
        self.streams[group] = stream = Stream(group, heads[group], self._flush.soon)
        return stream

    async def _ask_layer(self, group: str, wanted: bool) -> None:
        channel = await self.own_channel()
        await (self.layer.group_add if wanted else self.layer.group_discard)(group, channel)

    def _heard_late(self, group: str) -> None:
        if group in self.streams:
            self._heal_soon(self.streams[group])

    async def _close(self, stream: Stream) -> None:
        async with self._lock(stream.group):
            if stream.entered or self.streams.get(stream.group) is not stream:
                return
            del self.streams[stream.group]
            self._subscriptions.leave(stream.group)

    def _lock(self, group: str) -> asyncio.Lock:
        return self._locks.setdefault(group, asyncio.Lock())

    async def own_channel(self) -> str:
        """The channel on which the layer brings this process everything."""
        if not self._channel:
            self._channel = await self.layer.new_channel("hub.")
        return self._channel

    # Messages from this process and from others

    def announce(self, group: str, message: Message, share: bool = True) -> None:
        """Take a message of this process here at once, and queue it for the others."""
        message = {**message, "origin": self.id}
        self._take(message)
        if share:
            self.outgoing.put(group, message)
            if message.get("type") == "frames":
                self.published(group)

    def _take(self, message: Message) -> None:
        handler = self.on.get(message.get("type", ""))
        if handler is None:
            self.counters["unknown"] += 1
            return
        try:
            handler(message)
        except (KeyError, TypeError, ValueError, ChatError):
            self.counters["unknown"] += 1
            log.warning("a malformed message on the channel layer was ignored", exc_info=True)

    def _take_frames(self, message: Message) -> None:
        stream = self.streams.get(message["group"])
        if stream is None:
            return
        entries = [Entry(*entry) for entry in message["entries"]]  # a layer turns them into plain lists
        if not stream.offer(message["seq"], entries):
            self._heal_soon(stream)

    def _take_ephemeral(self, message: Message) -> None:
        stream = self.streams.get(message["group"])
        if stream is not None:
            stream.broadcast(message["frame"])

    def _take_together(self, message: Message) -> None:
        for each in message["messages"]:
            self._take(each)

    # The loops

    async def heal(self, stream: Stream) -> None:
        """Read what is missing from the log and deliver it; one reading at a time per group."""
        async with self._lock(stream.group):
            self._ailing.discard(stream)  # before the reading: what is missed after it needs another
            heads = await self.log.heads([stream.group])
            if stream.group not in heads:
                self.evictions.take({"group": stream.group, "who": None, "code": "room_deleted"})
            while stream.position < heads.get(stream.group, 0):
                after = stream.position
                upto = min(heads[stream.group], after + CATCH_UP_FRAMES)
                stream.offer(after + 1, await self.log.read(stream.group, after, upto))
                self.counters["healed"] += stream.position - after

    def _heal_soon(self, stream: Stream) -> None:
        if stream not in self._ailing:
            self._ailing.add(stream)
            self.spawn(self._heal_if_possible(stream))

    async def _heal_if_possible(self, stream: Stream) -> None:
        with self._log_may_fail():
            await self.heal(stream)

    async def _reconcile(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_INTERVAL_S)
            with self._log_may_fail():
                await self.evictions.read()
                heads = await self.log.heads(list(self.streams))
                for stream in self.streams.values():
                    if heads.get(stream.group) != stream.position:
                        self._heal_soon(stream)

    async def send_now(self, message: Message) -> None:
        """Give the other processes a message ahead of all that is waiting to be sent."""
        await self._send(CONTROL, message)

    async def _send(self, group: str, message: Message) -> None:
        if not self._alone_in(group):
            with self._layer_may_fail():
                await self.layer.group_send(group, message)

    def _alone_in(self, group: str) -> bool:
        """Whether nobody else can hear: a layer in memory knows that, and copies every message for nothing."""
        in_memory = isinstance(self.layer, InMemoryChannelLayer)
        return in_memory and self.layer.groups.get(group, {}).keys() <= {self._channel}

    async def _listen(self) -> None:
        while True:
            with self._layer_may_fail():
                channel = await self.own_channel()
                await self.layer.group_add(CONTROL, channel)
                while True:
                    message = await self.layer.receive(channel)
                    self.evictions.heard(message.get("origin"))
                    if message.get("origin") != self.id:
                        self._take(message)
            await asyncio.sleep(1)

    @contextlib.contextmanager
    def _log_may_fail(self) -> Any:
        """Whatever the log raises is noted: a second later it is read again."""
        try:
            yield
        except ChatError as error:
            log.warning("the log cannot be read: %s", error)
        except Exception:
            log.exception("the log cannot be read")

    @contextlib.contextmanager
    def _layer_may_fail(self) -> Any:
        """The layer is a hint: whatever it raises is noted, and the reconcile loop makes it good."""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self.counters["hints_dropped"] += 1
            log.warning("channel layer: %s: %s", type(error).__name__, error)
