"""The socket's door: who you are and where you left off, then frame → command → reply."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer

from accounts.models import public_user
from chat import frames, history
from chat.frames import Ack, Hello, Ping, Pong, Post, RoomHead, SocketLimits, System, Typing, TypingFrame, render
from chat.live import live
from chat.posting import post_message
from chat.presence import guests, users
from foundation import limits
from foundation.database import in_database
from foundation.deployment import epoch
from foundation.errors import ChatError, invalid
from foundation.publishing import publish_ephemeral
from foundation.socket import Send, Socket, error_frame
from rooms import policies
from rooms.events import Person, person
from rooms.policies import Access

log = logging.getLogger("parlor.consumer")
Receive = Callable[[], Awaitable[dict[str, Any]]]
PARAMETERS = {"after", "epoch", "ticket"}
LOST = {"not_found", "unauthenticated"}  # refusals of a command that say that its socket should be gone already


class RoomConsumer(AsyncConsumer):
    """One browser or program in one room. The hub delivers to it; it never reads the channel layer itself."""

    channel_layer_alias = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket until either side ends it. (The stock method waits for the peer alone.)"""
        self.scope, self.base_send = scope, send
        self.user = scope["user"]
        self.slug = scope["url_route"]["kwargs"]["slug"]
        self.key = f"user:{self.user.pk}" if self.user.is_authenticated else "guest"
        self.socket = Socket(send, frozenset({self.key, *scope.get("credential", ())}))
        self._bad_frames: deque[float] = deque(maxlen=limits.BAD_FRAMES_MAX)
        self._typed_at = float("-inf")
        async with AsyncExitStack() as self._exits:
            reading = asyncio.create_task(self._read(receive))
            writing = asyncio.create_task(self.socket.run())
            try:
                await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
                if writing.done():  # closed from here: give the peer a moment to answer
                    await asyncio.wait({reading}, timeout=limits.CLOSE_TIMEOUT_S)
            finally:
                reading.cancel()
                writing.cancel()
                await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            await self.dispatch(message)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one event of the server. (The stock method makes a thread hop for each; nothing here needs it.)"""
        try:
            if message["type"] == "websocket.connect":
                await self._connect()
            elif self.socket.closing is None:
                await self._receive(message.get("text"))
        except ChatError as error:
            self.socket.close(error)
        except OSError:
            pass  # the peer went away while it was answered
        except Exception:
            log.exception("a socket failed")
            self.socket.close(ChatError("internal"))

    # Coming in

    async def _connect(self) -> None:
        await self.base_send({"type": "websocket.accept"})
        if "credential_refused" in self.scope:
            raise self.scope["credential_refused"]
        after, of_epoch = self._position()
        hub = live().hub
        hub.sockets.add(self.socket)
        self._exits.callback(hub.sockets.discard, self.socket)
        access = await in_database(self._admit, after, of_epoch)
        self.socket.group, self.socket.admitted = access.room.group, access.room.last_seq
        await self._enter(access, access.room.last_seq if after is None else after)

    def _position(self) -> tuple[int | None, str | None]:
        """`after` and `epoch` of the address. Raises `validation_error`, `unknown_parameter`."""
        query = parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not query.keys() <= PARAMETERS:
            raise ChatError("unknown_parameter")
        if any(len(values) > 1 for values in query.values()):
            raise invalid("after", "repeated", "Give each parameter once.")
        given = {name: values[0] for name, values in query.items()}
        if "after" not in given:
            return None, given.get("epoch")
        after = given["after"]
        if not (after.isascii() and after.isdigit()) or len(after) > 16 or int(after) > limits.SEQ_MAX:
            raise invalid("after", "invalid", "A sequence number: a whole number from 0.")
        return int(after), given.get("epoch")

    def _admit(self, after: int | None, of_epoch: str | None) -> Access:
        if not self.scope["credential_holds"]():
            raise ChatError("unauthenticated")
        access = policies.room_for(self.user, self.slug)
        if after is not None or of_epoch is not None:
            history.check_position(access.room, after or 0, of_epoch)
        epoch()  # read here, off the event loop
        return access

    async def _enter(self, access: Access, after: int) -> None:
        """Greet, catch up, go live: from here on the hub writes to the socket."""
        hub, presence = live().hub, live().presence
        self.access = access
        self.stream = await self._exits.enter_async_context(hub.stream(access.room.group))
        self.socket.write(render(System()))
        key = self.key if self.user.is_authenticated else f"guest:{secrets.token_hex(6)}"
        presence.arrive(access.room.group, self.slug, key, public_user(self.user))
        self._exits.callback(presence.leave, access.room.group, key)
        people = presence.people(access.room.group)
        self.socket.write(render(self._hello(access, people)))
        self._exits.callback(self.stream.sockets.discard, self.socket)
        await hub.follow(self.stream, self.socket, after)
        presence.tell(self.socket, access.room.group, people)  # what happened while it caught up

    def _hello(self, access: Access, people: dict[str, Any]) -> Hello:
        room = access.room
        return Hello(
            room=RoomHead(slug=room.slug, name=room.name, topic=room.topic, kind=room.kind, guests=room.guests),
            me=person(self.user),
            role=access.role,
            capabilities=access.capabilities,
            seq=room.last_seq,
            epoch=epoch(),
            first_seq=1,
            limits=SocketLimits(
                message_chars=limits.MESSAGE_MAX_CHARS,
                message_bytes=limits.MESSAGE_MAX_BYTES,
                frame_bytes=limits.FRAME_MAX_BYTES,
            ),
            ping_interval_s=limits.PING_INTERVAL_S,
            here=[Person(**who) for who in users(people)],
            guests_here=guests(people),
        )

    # Frames

    async def _receive(self, text: str | None) -> None:
        if text is None:
            raise ChatError("binary_not_supported")
        client_id = None
        try:
            command = frames.parse(text)
            client_id = command.client_id if isinstance(command, Post) else None
            await self._obey(command)
        except ChatError as error:
            self._refuse(error, client_id)
        except Exception:
            log.exception("a frame failed")
            self.socket.write(error_frame(ChatError("internal"), client_id))

    async def _obey(self, command: frames.Command) -> None:
        match command:
            case Post(value=text, client_id=client_id):
                posted = await in_database(
                    post_message, actor=self.user, slug=self.slug, text=text, client_id=client_id
                )
                ack = Ack(client_id=client_id, seq=posted.message.seq, duplicate=posted.duplicate)
                self.socket.write(render(ack))
            case Typing():
                self._typing()
            case Ping():
                self.socket.write(render(Pong(seq=self.stream.position)))

    def _typing(self) -> None:
        """Tell the room, at most every TYPING_INTERVAL_S; more is dropped without a word."""
        now = time.monotonic()
        if self.access.may_post and now - self._typed_at >= limits.TYPING_INTERVAL_S:
            self._typed_at = now
            publish_ephemeral(self.access.room.group, render(TypingFrame(room=self.slug, user=person(self.user))))

    def _refuse(self, error: ChatError, client_id: str | None) -> None:
        """Answer with an error frame. What ended the right to be here closes the socket, and so does the tenth fault
        of the client within ten seconds."""
        if error.code in LOST:
            self.socket.close(error)
            return
        self.socket.write(error_frame(error, client_id))
        if error.refusal.retry:
            return
        now = time.monotonic()
        self._bad_frames.append(now)
        full = len(self._bad_frames) == limits.BAD_FRAMES_MAX
        if full and now - self._bad_frames[0] <= limits.BAD_FRAMES_WINDOW_S:
            self.socket.close(ChatError("too_many_errors"))
