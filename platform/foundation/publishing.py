"""The way out of a command: after the commit, to the hubs of this process, and from there to all other processes.

Nothing here waits for the network, and nothing here is needed for delivery to be right: a hint that is lost is made
good by the hub's reconcile loop.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

if TYPE_CHECKING:
    from foundation.hub import Hub

log = logging.getLogger("parlor.publishing")
CONTROL = "control"
hubs: list["Hub"] = []


class Entry(NamedTuple):
    """One durable frame, and whom it ends the right of: their sockets close with `code` instead of hearing it.

    That is `evicts` (`user:7`, `guest`), or everybody but those in `keeps`; nobody when both are None.
    """

    frame: bytes
    evicts: str | None = None
    keeps: Sequence[str] | None = None
    code: str = "forbidden"

    @property
    def ends_rights(self) -> bool:
        return self.evicts is not None or self.keeps is not None

    def ends_right_of(self, who: frozenset[str]) -> bool:
        return self.evicts in who or (self.keeps is not None and not who.intersection(self.keeps))


def publish(group: str, first_seq: int, entries: Sequence[Entry]) -> None:
    """After the commit, tell every process that these entries, with consecutive numbers, are in the group's log."""
    message = {"type": "frames", "group": group, "seq": first_seq, "entries": entries}
    _after_commit(group, message)


def publish_ephemeral(group: str, frame: bytes) -> None:
    """Send a frame without a number to the group's sockets now; it may be lost, and is never repeated."""
    _announce(group, {"type": "ephemeral", "group": group, "frame": frame})


def evict(*, code: str, who: str | None = None, group: str | None = None) -> None:
    """After the commit, close sockets with an error code: those of `who` (`user:7`, `session:…`, `token:…`) or of
    everybody, in one group or everywhere. Whoever loses a group alone is shut out by its log (`Entry.evicts`)."""
    _after_commit(CONTROL, {"type": "evict", "who": who, "group": group, "code": code})


def evictions() -> int:
    """How many evictions this process has carried out: when it stays the same, nobody has lost a credential."""
    return sum(hub.evictions for hub in hubs)


def _after_commit(group: str, message: dict[str, Any]) -> None:
    # Robust: the work is committed, so nothing that fails from here on may look like its failure.
    transaction.on_commit(partial(_announce, group, message), robust=True)


def _announce(group: str, message: dict[str, Any]) -> None:
    """Hand the message to this process's hubs; the first of them also sends it to the other processes."""
    running = [hub for hub in list(hubs) if hub.running]
    for index, hub in enumerate(running):
        _call(hub, partial(hub.announce, group, message, index == 0))
    if not running:
        _send_from_outside(group, message)


def _call(hub: "Hub", function: Callable[[], None]) -> None:
    try:
        hub.loop.call_soon_threadsafe(function)
    except RuntimeError:  # the loop closed between the check and the call: its sockets are gone too
        log.debug("hub %s is gone", hub.id)


def _send_from_outside(group: str, message: dict[str, Any]) -> None:
    """From a process without sockets (a management command, a worker that only answers REST)."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, message)
    except Exception as error:  # noqa: BLE001
        log.warning("hint not sent, the reconcile loop will repair it: %s", error)
