"""The socket's door: who you are and where you left off, then frame → command → reply."""

import asyncio
import secrets
import time
from functools import partial
from urllib.parse import parse_qs

from chat import history
from chat.commands import (
    COMMANDS,
    Command,
    Delete,
    Edit,
    OnMessage,
    Pin,
    Ping,
    Post,
    React,
    Read,
    Typing,
    Unpin,
    Unreact,
)
from chat.door import Door
from chat.drafts import Draft, Outcome, Posted
from chat.editing import edit_message
from chat.erasing import delete_message
from chat.frames import Ack, Hello, Pong, SocketLimits, System, Truncated, TypingFrame, render, room_head
from chat.pinning import pin_message, unpin_message
from chat.reacting import react, unreact
from chat.reading import mark_read
from chat.roster import Roster
from foundation import limits
from foundation.database import in_database
from foundation.deployment import epoch
from foundation.errors import ChatError, invalid
from foundation.publishing import publish_ephemeral
from foundation.stream import Stream
from rooms import policies
from rooms.events import person
from rooms.policies import Access

PARAMETERS = {"after", "epoch", "ticket"}


class RoomConsumer(Door):
    """One browser or program in one room. The hub delivers to it."""

    commands = COMMANDS

    def begin(self) -> None:
        self.slug = self.scope["url_route"]["kwargs"]["slug"]
        self.stream: Stream | None = None
        self._present_as: str | None = None
        self._typed_at = float("-inf")
        self._unanswered = 0
        self._answered: asyncio.Future[None] | None = None

    # Coming in and going

    async def enter(self) -> None:
        after, of_epoch = self._position()
        access = await in_database(self._admit, after, of_epoch)
        self.socket.group, self.socket.admitted = access.room.group, access.room.last_seq
        await self._greet(access, access.room.last_seq if after is None else after)

    async def settle(self) -> None:
        await self._fewer_unanswered_than(1)

    def leave(self) -> None:
        if self.stream is not None:
            self.live.hub.leave(self.stream, self.socket)
            if self._present_as is not None:
                self.live.presence.leave(self.stream.group, self._present_as)

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
        self.check_credential()
        access = policies.room_for(self.user, self.slug)
        if after is not None or of_epoch is not None:
            history.check_position(access.room, after or 0, of_epoch)
        epoch()  # read here, off the event loop
        return access

    async def _greet(self, access: Access, after: int) -> None:
        """Greet, catch up, go live: from here on the hub writes to the socket."""
        hub, presence = self.live.hub, self.live.presence
        self.may_post = access.may("post")
        self.stream = await hub.enter(access.room.group)
        self.socket.write(render(System()))
        self._present_as = self.key if self.user.is_authenticated else f"guest:{secrets.token_hex(6)}"
        roster = presence.arrive(self.stream.group, self.slug, self._present_as, person(self.user))
        told = roster.changes
        self.socket.write(render(self._hello(access, roster)))
        self.scope["handshake_done"]()
        if history.is_truncated(access.room, after):
            self.socket.write(render(Truncated(room=self.slug, first_seq=access.room.first_seq)))
            after = access.room.first_seq - 1
        await hub.follow(self.stream, self.socket, after)
        if roster.changes != told:  # somebody came or went while it caught up
            self.socket.write(roster.frame("here"))

    def _hello(self, access: Access, roster: Roster) -> Hello:
        room = access.room
        return Hello(
            room=room_head(room),
            me=person(self.user),
            role=access.role,
            capabilities=access.capabilities,
            seq=room.last_seq,
            epoch=epoch(),
            first_seq=room.first_seq,
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

    async def obey(self, command: Command) -> None:
        match command:
            case Post():
                files = tuple(command.attachments)
                draft = Draft(self.user, self.slug, command.value, command.client_id, command.reply_to, files)
                await self._post(draft)
            case Edit() | Delete() | React() | Unreact() | Pin() | Unpin():
                changed = await in_database(self._change, command)
                ack = Ack(client_id=command.client_id, seq=command.seq, duplicate=not changed)
                self.socket.write(render(ack))
            case Read(seq=seq):
                await in_database(mark_read, actor=self.user, slug=self.slug, upto=seq)
            case Typing():
                self._typing()
            case Ping():
                assert self.stream is not None, "no frame is read before the socket has entered"
                self.stream.flush()  # up to this number everything is on its way
                self.socket.write(render(Pong(seq=self.stream.position)))

    def _change(self, command: OnMessage) -> bool:
        """Change a message as asked; False when it was so before. Runs off the event loop."""
        where = {"actor": self.user, "slug": self.slug, "seq": command.seq}
        if not self.user.is_authenticated:
            raise ChatError("forbidden")
        match command:
            case Edit(value=text):
                return edit_message(**where, text=text)[1]
            case Delete():
                return delete_message(**where)
            case React(emoji=emoji):
                return react(**where, emoji=emoji)[1]
            case Unreact(emoji=emoji):
                return unreact(**where, emoji=emoji)[1]
            case Pin():
                return pin_message(**where)[1]
            case Unpin():
                return unpin_message(**where)[1]

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
            self.answer_fault(outcome, client_id, may_be_lost=True)

    def _typing(self) -> None:
        """Tell the room, at most every TYPING_INTERVAL_S; more is dropped without a word."""
        now = time.monotonic()
        if self.stream is not None and self.may_post and now - self._typed_at >= limits.TYPING_INTERVAL_S:
            self._typed_at = now
            publish_ephemeral(self.stream.group, render(TypingFrame(room=self.slug, user=person(self.user))))
