"""What the doors of rooms and inboxes have in common: a socket that reads one frame after the other, answers each, and
is closed for a reason."""

import logging
import time
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer

from chat.commands import parse
from chat.live import live
from foundation import limits, rates
from foundation.errors import ChatError
from foundation.socket import Socket, error_frame
from foundation.wire import Receive, Send, wire_of

log = logging.getLogger("parlor.consumer")
LOST = {"not_found", "unauthenticated"}  # refusals of a post that say that its socket should be gone already


class Door(AsyncConsumer):
    """One browser or program. Whatever is for it is written by others; it never reads the channel layer itself."""

    channel_layer_alias = None
    commands: ClassVar[dict[str, type]]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket until either side ends it. (The stock method waits for the peer alone.)"""
        self.scope, self.base_send, self.live = scope, send, live()
        self.user = scope["user"]
        self.key = f"user:{self.user.pk}" if self.user.is_authenticated else "guest"
        wire = wire_of(scope, receive, send)
        self.socket = Socket(wire, frozenset({self.key, *scope.get("credential", ())}), self.user)
        self._faults: list[float] = []
        self._strikes: list[float] = []
        self.begin()
        try:
            while (message := await wire.receive())["type"] != "websocket.disconnect":
                await self.dispatch(message)
            await self.settle()
        finally:
            self.live.hub.sockets.discard(self.socket)
            self.leave()
            await wire.stop()

    def begin(self) -> None:
        """Set up what this kind of socket remembers."""

    async def enter(self) -> None:
        """Let the accepted socket in, or raise why not."""
        raise NotImplementedError

    async def obey(self, command: Any) -> None:
        """Do what one frame asks for."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Wait for what is still to be answered, after the peer went."""

    def leave(self) -> None:
        """Take the socket out of everything it was in."""

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

    async def _connect(self) -> None:
        await self.base_send({"type": "websocket.accept"})
        if "refused" in self.scope:
            raise self.scope["refused"]
        self.live.hub.sockets.add(self.socket)
        await self.live.hub.evictions.ready()
        await self.enter()

    def check_credential(self) -> None:
        """Raise `unauthenticated` where the credential was withdrawn on the way in, `rate_limited` for who comes too
        often. Asks the database."""
        if not self.scope["credential_holds"]():
            raise ChatError("unauthenticated")
        if self.user.is_authenticated:
            rates.take("connections", self.user.pk)

    async def _receive(self, text: str | None) -> None:
        if text is None:
            raise ChatError("binary_not_supported")
        client_id = None
        try:
            command = parse(text, self.commands)
            client_id = getattr(command, "client_id", None)
            await self.obey(command)
        except Exception as error:  # noqa: BLE001
            self.answer_fault(error, client_id)

    def answer_fault(self, error: Exception, client_id: str | None, *, may_be_lost: bool = False) -> None:
        """Answer with an error frame; a fault of ours is logged and called `internal`.

        With `may_be_lost`, what ended the right to be here closes the socket. So do the tenth fault of the client
        within ten seconds and the third `rate_limited` within a minute."""
        if not isinstance(error, ChatError):
            log.error("a frame failed", exc_info=error)
            error = ChatError("internal")
        if may_be_lost and error.code in LOST:
            self.socket.close(error)
            return
        self.socket.write(error_frame(error, client_id))
        now = time.monotonic()
        if error.code == "rate_limited":
            self._strikes = [*self._strikes[1 - limits.STRIKES_MAX :], now]
            if len(self._strikes) == limits.STRIKES_MAX and now - self._strikes[0] <= limits.STRIKES_WINDOW_S:
                self.socket.close(error)
        if error.refusal.retry:
            return
        self._faults = [*self._faults[1 - limits.BAD_FRAMES_MAX :], now]
        if len(self._faults) == limits.BAD_FRAMES_MAX and now - self._faults[0] <= limits.BAD_FRAMES_WINDOW_S:
            self.socket.close(ChatError("too_many_errors"))
