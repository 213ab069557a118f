"""The socket's door: who you are and where you left off, then frame → command → reply."""

import asyncio
import logging
import secrets
import time
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer

from chat import frames, history
from chat.frames import Ack, Hello, Ping, Pong, Post, RoomHead, SocketLimits, System, Typing, TypingFrame, render
from chat.live import live
from chat.posting import Draft, Outcome, Posted
from chat.roster import Roster
from foundation import limits
from foundation.database import in_database
from foundation.deployment import epoch
from foundation.errors import ChatError, invalid
from foundation.publishing import publish_ephemeral
from foundation.socket import Socket, error_frame
from foundation.stream import Stream
from foundation.wire import Receive, Send, wire_of
from rooms import policies
from rooms.events import person
from rooms.policies import Access

log = logging.getLogger("parlor.consumer")
PARAMETERS = {"after", "epoch", "ticket"}
LOST = {"not_found", "unauthenticated"}  # refusals of a command that say that its socket should be gone already


class RoomConsumer(AsyncConsumer):
    """One browser or program in one room. The hub delivers to it; it never reads the channel layer itself."""

    channel_layer_alias = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket until either side ends it. (The stock method waits for the peer alone.)"""
        self.scope, self.base_send, self.live = scope, send, live()
        self.user = scope["user"]
        self.slug = scope["url_route"]["kwargs"]["slug"]
        self.key = f"user:{self.user.pk}" if self.user.is_authenticated else "guest"
        wire = wire_of(scope, receive, send)
        self.socket = Socket(wire, frozenset({self.key, *scope.get("credential", ())}))
        self.stream: Stream | None = None
        self._present_as: str | None = None
        self._faults: list[float] = []
        self._typed_at = float("-inf")
        self._unanswered = 0
        self._answered: asyncio.Future[None] | None = None
        try:
            while (message := await wire.receive())["type"] != "websocket.disconnect":
                await self.dispatch(message)
            await self._fewer_unanswered_than(1)
        finally:
            self._leave()
            await wire.stop()

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
        if "refused" in self.scope:
            raise self.scope["refused"]
        after, of_epoch = self._position()
        hub = self.live.hub
        hub.sockets.add(self.socket)
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
        hub, presence = self.live.hub, self.live.presence
        self.may_post = access.may_post
        self.stream = await hub.enter(access.room.group)
        self.socket.write(render(System()))
        self._present_as = self.key if self.user.is_authenticated else f"guest:{secrets.token_hex(6)}"
        roster = presence.arrive(self.stream.group, self.slug, self._present_as, person(self.user))
        told = roster.changes
        self.socket.write(render(self._hello(access, roster)))
        self.scope["handshake_done"]()
        await hub.follow(self.stream, self.socket, after)
        if roster.changes != told:  # somebody came or went while it caught up
            self.socket.write(roster.frame("here"))

    def _leave(self) -> None:
        self.live.hub.sockets.discard(self.socket)
        if self.stream is not None:
            self.live.hub.leave(self.stream, self.socket)
            if self._present_as is not None:
                self.live.presence.leave(self.stream.group, self._present_as)

    def _hello(self, access: Access, roster: Roster) -> Hello:
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
            here=roster.here,
            here_count=roster.here_count,
            guests_here=roster.guests_here,
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
        except Exception as error:  # noqa: BLE001
            self._answer_fault(error, client_id)

    async def _obey(self, command: frames.Command) -> None:
        match command:
            case Post(value=text, client_id=client_id):
                await self._post(Draft(self.user, self.slug, text, client_id))
            case Typing():
                self._typing()
            case Ping():
                assert self.stream is not None, "no frame is read before the socket has entered"
                self.stream.flush()  # up to this number everything is on its way
                self.socket.write(render(Pong(seq=self.stream.position)))

    async def _post(self, draft: Draft) -> None:
        """Hand a message to the group commit, and read on unless too many are unanswered."""
        await self._fewer_unanswered_than(limits.UNANSWERED_MAX)
        if self.socket.closing is not None:  # meanwhile: whoever signed out says nothing more
            return
        self._unanswered += 1
        self.live.posting.post(draft).add_done_callback(partial(self._answer, draft.client_id))

    async def _fewer_unanswered_than(self, messages: int) -> None:
        while self._unanswered >= messages:
            self._answered = asyncio.get_running_loop().create_future()
            await self._answered

    def _answer(self, client_id: str | None, posting: "asyncio.Future[Outcome]") -> None:
        self._unanswered -= 1
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)
        outcome = posting.result()
        if isinstance(outcome, Posted):
            ack = Ack(client_id=client_id, seq=outcome.message.seq, duplicate=outcome.duplicate)
            self.socket.write(render(ack))
        else:
            self._answer_fault(outcome, client_id)

    def _typing(self) -> None:
        """Tell the room, at most every TYPING_INTERVAL_S; more is dropped without a word."""
        now = time.monotonic()
        if self.stream is not None and self.may_post and now - self._typed_at >= limits.TYPING_INTERVAL_S:
            self._typed_at = now
            publish_ephemeral(self.stream.group, render(TypingFrame(room=self.slug, user=person(self.user))))

    def _answer_fault(self, error: Exception, client_id: str | None) -> None:
        if not isinstance(error, ChatError):
            log.error("a frame failed", exc_info=error)
            error = ChatError("internal")
        self._refuse(error, client_id)

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
        self._faults = [*self._faults[1 - limits.BAD_FRAMES_MAX :], now]
        if len(self._faults) == limits.BAD_FRAMES_MAX and now - self._faults[0] <= limits.BAD_FRAMES_WINDOW_S:
            self.socket.close(ChatError("too_many_errors"))
