"""Group commit: while one batch of messages goes to disk, the next gathers; one `fsync` then serves them all.

There is no timer: a message that finds nobody waiting is committed at once.
"""

import asyncio
from collections import deque

from django.db import Error

from chat.drafts import Draft, Outcome
from chat.posting import post_messages
from foundation.database import in_writer, unavailable
from foundation.errors import ChatError
from foundation.limits import BATCH_MAX_BYTES, BATCH_MAX_MESSAGES, POSTS_WAITING_MAX

Waiting = tuple[Draft, "asyncio.Future[Outcome]"]


class GroupCommit:
    """Takes messages from the sockets of one event loop and gives each its outcome, in the order they came."""

    def __init__(self) -> None:
        self.batches = 0
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._task: asyncio.Task[None] | None = None

    def post(self, draft: Draft) -> "asyncio.Future[Outcome]":
        """Queue a message. The future's result is `Posted`, or the exception that `post_message` would raise; with
        POSTS_WAITING_MAX before it, `overloaded`. Whoever gives up waiting does not take the message back."""
        future: asyncio.Future[Outcome] = self._loop.create_future()
        if len(self._waiting) >= POSTS_WAITING_MAX:
            future.set_result(ChatError("overloaded", retry_after_s=1))
            return future
        self._waiting.append((draft, future))
        if self._task is None:
            self._task = self._loop.create_task(self._commit())
        return future

    async def stop(self) -> None:
        """Commit what still waits."""
        if self._task is not None:
            await self._task

    async def _commit(self) -> None:
        try:
            while self._waiting:
                for (_, future), outcome in await in_writer(self._post_waiting):
                    if not future.done():
                        future.set_result(unavailable(outcome) if isinstance(outcome, Error) else outcome)
        finally:
            self._task = None

    def _post_waiting(self) -> list[tuple[Waiting, Outcome]]:
        """Runs in the writer's thread, so that a batch has in it what came until the last moment."""
        batch = self._take()
        try:
            outcomes = post_messages([draft for draft, _ in batch])
        except Exception as error:  # noqa: BLE001
            outcomes = [error] * len(batch)
        self.batches += 1
        return list(zip(batch, outcomes, strict=True))

    def _take(self) -> list[Waiting]:
        batch = [self._waiting.popleft()]
        size = _bytes(batch[0])
        while self._waiting and len(batch) < BATCH_MAX_MESSAGES:
            size += _bytes(self._waiting[0])
            if size > BATCH_MAX_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch


def _bytes(waiting: Waiting) -> int:
    return len(waiting[0].text.encode(errors="replace"))
