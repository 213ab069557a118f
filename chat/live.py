"""The live side of this process: its hub over the rooms' log, who is here, and the group commit of what is posted."""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from chat import history
from chat.group_commit import GroupCommit
from chat.inbox_live import Inboxes
from chat.presence import Presence
from chat.retention import keep_expiring
from foundation.database import in_database
from foundation.hub import Hub
from foundation.publishing import Entry


class RoomLog:
    """The hub's log: groups are rooms, entries are messages and changes."""

    async def heads(self, groups: list[str]) -> dict[str, int]:
        if not groups:
            return {}
        rooms = {int(group.removeprefix("room.")): group for group in groups}
        found = await in_database(history.heads, list(rooms))
        return {rooms[pk]: seq for pk, seq in found.items()}

    async def read(self, group: str, after: int, upto: int) -> list[Entry]:
        return await in_database(history.entries_between, int(group.removeprefix("room.")), after, upto)


@dataclass(frozen=True, slots=True)
class Live:
    """What the sockets of an event loop share."""

    hub: Hub
    presence: Presence
    posting: GroupCommit
    inboxes: Inboxes


_live: WeakKeyDictionary[asyncio.AbstractEventLoop, Live] = WeakKeyDictionary()


def live() -> Live:
    """The live side of the running event loop, started on first use."""
    loop = asyncio.get_running_loop()
    found = _live.get(loop)
    if found is None:
        hub = Hub(RoomLog())
        found = _live[loop] = Live(hub, Presence(hub), GroupCommit(), Inboxes(hub))
        hub.start()
        found.presence.start()
        found.inboxes.start()
        hub.spawn(keep_expiring())
    return found


async def stop_live() -> None:
    """Stop the live side of the running event loop, if there is one; what waits to be committed is committed first."""
    found = _live.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.posting.stop()
        found.presence.stop()
        await found.hub.stop()
