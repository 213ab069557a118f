"""The way out of a command: after the commit, to the hubs of this process, and from there to all other processes.

Nothing here waits for the network, and nothing here is needed for delivery to be right: a hint that is lost is made
good by the hub's reconcile loop.
"""

import logging
from asyncio import get_running_loop, run_coroutine_threadsafe
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import wait
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
Work = Callable[["Hub", dict[str, Any], bool], Coroutine[Any, Any, None]]


class Entry(NamedTuple):
    """One durable frame, and whom it ends the right of: their sockets close with `code` instead of hearing it.

    That is `evicts` (`user:7`, `guest`), or everybody but those in `keeps`; nobody when both are None. With `rewrites`
    earlier entries read otherwise from now on. Of one without a frame nothing is left, and nobody hears it.
    """

    frame: bytes
    evicts: str | None = None
    keeps: Sequence[str] | None = None
    code: str = "forbidden"
    rewrites: bool = False

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


def close_group(group: str, *, code: str) -> None:
    """After the commit, close all sockets of a group that is no more; a hub that misses it does not find the group."""
    _after_commit(CONTROL, {"type": "evict", "who": None, "group": group, "code": code})


def notify(kind: str, **fields: Any) -> None:
    """After the commit, give every process's hub a message of this kind (`Hub.on`); it may be lost."""
    _after_commit(CONTROL, {"type": kind, **fields})


def evictions() -> int:
    """How many evictions this process has carried out: when it stays the same, nobody has lost a credential."""
    return sum(hub.evictions.count for hub in hubs)


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


def announce_and_wait(work: Work, message: dict[str, Any], timeout_s: float) -> None:
    """Let this process's hubs work on a message, the first of them with the other processes, and wait for them: not
    longer than the timeout, and not at all in an event loop."""
    running = [hub for hub in list(hubs) if hub.running]
    if not running:
        _send_from_outside(CONTROL, message)
    works = [run_coroutine_threadsafe(work(hub, message, index == 0), hub.loop) for index, hub in enumerate(running)]
    if not _in_event_loop():
        _, late = wait(works, timeout_s)
        for each in late:
            each.cancel()


def _in_event_loop() -> bool:
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True


def _send_from_outside(group: str, message: dict[str, Any]) -> None:
    """From a process without sockets (a management command, a worker that only answers REST)."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, message)
    except Exception as error:  # noqa: BLE001
        log.warning("hint not sent, the reconcile loop will repair it: %s", error)
