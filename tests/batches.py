"""Messages by the batch, for tests: many that go to disk together, and what is said of them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import sync_to_async

from accounts.models import User
from chat.drafts import Draft, Outcome, Posted
from chat.group_commit import GroupCommit
from chat.models import Message
from foundation import database, publishing
from foundation.errors import ChatError
from rooms.models import Room


class Listener:
    """What is published to the hubs of this process: group, first number and count of each; and all frames."""

    id = "listener"
    running = True

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.heard: list[tuple[str, int, int]] = []
        self.frames: dict[str, list[bytes]] = {}

    def announce(self, group: str, message: dict[str, Any], share: bool = True) -> None:
        self.heard.append((group, message["seq"], len(message["entries"])))
        self.frames.setdefault(group, []).extend(entry.frame for entry in message["entries"])


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    publishing.hubs.append(listener)  # type: ignore[arg-type]
    try:
        yield listener
    finally:
        publishing.hubs.remove(listener)  # type: ignore[arg-type]


@contextmanager
def busy_writer() -> Iterator[None]:
    """What is posted inside gathers: the writer is at something else."""
    free = threading.Event()
    database._writer.submit(free.wait, 10)
    try:
        yield
    finally:
        free.set()


async def together(*drafts: Draft, posting: GroupCommit | None = None) -> list[Outcome]:
    """The outcomes of drafts that go into one batch."""
    posting = posting or GroupCommit()
    with busy_writer():
        posted = [posting.post(draft) for draft in drafts]
    return await asyncio.wait_for(asyncio.gather(*posted), 10)


def numbered(actor: User, count: int, slug: str = "tea", prefix: str = "") -> list[Draft]:
    return [Draft(actor, slug, f"{prefix}{number}") for number in range(count)]


def word(outcome: Outcome) -> str:
    """`posted`, `duplicate`, or the code of a refusal."""
    if isinstance(outcome, Posted):
        return "duplicate" if outcome.duplicate else "posted"
    assert isinstance(outcome, ChatError), outcome
    return outcome.code


def seq_of(outcome: Outcome) -> int:
    assert isinstance(outcome, Posted), outcome
    return outcome.message.seq


@sync_to_async
def texts_in(room: Room) -> list[tuple[int, str]]:
    return list(Message.objects.filter(room=room).order_by("seq").values_list("seq", "text"))
