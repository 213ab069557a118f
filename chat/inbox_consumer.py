"""The inbox's door: one socket for all rooms of a person."""

from urllib.parse import parse_qs

from chat.commands import Ping
from chat.door import Door
from chat.frames import Pong, System, render
from chat.inbox import Totals, totals_of
from chat.inbox_frames import COMMANDS, Inbox, totals_shown
from foundation import limits
from foundation.database import in_database
from foundation.deployment import epoch
from foundation.errors import ChatError
from rooms.events import person


class InboxConsumer(Door):
    """One browser or program that wants to know what is new in all rooms of its person."""

    commands = COMMANDS

    async def enter(self) -> None:
        if not parse_qs(self.scope["query_string"].decode("latin-1"), keep_blank_values=True).keys() <= {"ticket"}:
            raise ChatError("unknown_parameter")
        if not self.user.is_authenticated:
            raise ChatError("unauthenticated")
        await self.live.inboxes.expect(self.user.pk, self.socket)
        totals = await in_database(self._totals)
        self.socket.write(render(System()))
        greeting = Inbox(
            me=person(self.user),
            totals=totals_shown(totals),
            epoch=epoch(),
            ping_interval_s=limits.PING_INTERVAL_S,
        )
        self.socket.write(render(greeting))
        self.live.inboxes.watch(self.user.pk, self.socket)
        self.scope["handshake_done"]()

    async def obey(self, command: Ping) -> None:
        self.socket.write(render(Pong(seq=0)))

    def leave(self) -> None:
        self.live.inboxes.forget(self.user.pk, self.socket)

    def _totals(self) -> Totals:
        self.check_credential()
        epoch()  # read here, off the event loop
        return totals_of(self.user)
