"""Retention as sockets and inboxes see it: who is there hears of it, who comes back is told what they missed."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from chat import history, retention
from chat.frames import Truncated, render
from chat.live import live
from chat.models import Message
from chat.posting import post_message
from chat.retention import expire
from foundation.database import in_database as call
from foundation.errors import ChatError
from foundation.publishing import Entry
from foundation.stream import Stream
from rooms.models import Change, Room
from tests.processes import eventually
from tests.sockets import joined, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


def prepare(author: User, room: Room, *, old: int, new: int) -> list[int]:
    """Messages in a room that keeps a week, so many of them older; their numbers."""
    seqs = [post_message(actor=author, slug=room.slug, text=f"message {n}").message.seq for n in range(old + new)]
    Room.objects.filter(pk=room.pk).update(retention_days=7)
    then = timezone.now() - timedelta(days=8)
    last = seqs[old - 1] if old else 0
    Message.objects.filter(room=room, seq__lte=last).update(sent_at=then)
    Change.objects.filter(room=room, seq__lte=last).update(created_at=then)
    return seqs


async def test_whoever_comes_back_from_before_the_gap_is_told_and_goes_on_after_it(ada: User, tea: Room) -> None:
    seqs = await call(prepare, ada, tea, old=3, new=2)
    await call(expire)

    async with joined("tea", ada, after=1) as socket:
        assert socket.hello["first_seq"] == seqs[3]
        assert await socket.frame() == {"type": "truncated", "room": "tea", "first_seq": seqs[3]}
        assert [(await socket.frame())["seq"] for _ in range(3)] == [seqs[3], seqs[4], seqs[4] + 1]
        assert await socket.sync() == seqs[4] + 1


async def test_whoever_stands_where_the_log_begins_is_not_truncated(ada: User, tea: Room) -> None:
    seqs = await call(prepare, ada, tea, old=3, new=2)
    await call(expire)

    async with joined("tea", ada, after=seqs[2]) as socket:
        assert (await socket.frame())["seq"] == seqs[3]


async def test_whoever_is_there_hears_where_the_log_begins_and_nobody_is_served_from_memory(
    ada: User, grace: User, tea: Room
) -> None:
    async with joined("tea", ada) as there:
        seqs = await call(prepare, ada, tea, old=3, new=2)
        await there.sync()
        assert live().hub.streams[tea.group].remembered >= 5, "premise: they are in the ring"

        await call(expire)

        told = await there.next("room.updated")
        assert (told["changes"], told["actor"], told["seq"]) == ({"first_seq": seqs[3]}, None, seqs[4] + 1)
        async with joined("tea", grace, after=0) as back:
            frames = [await back.frame() for _ in range(4)]
        assert [frame["type"] for frame in frames] == ["truncated", "message", "message", "room.updated"]


async def test_what_expires_while_a_socket_catches_up_is_no_hole(ada: User, tea: Room) -> None:
    seqs = await call(prepare, ada, tea, old=3, new=2)
    access = await call(history.log_after, actor=ada, slug="tea", after=0)
    await call(expire)

    entries = await call(history.entries_between, tea.pk, 0, seqs[4])

    first = seqs[3]
    assert not access.truncated and len(entries) == seqs[4], "premise: it was asked for from before the gap"
    assert [entry.frame for entry in entries[: first - 2]] == [b""] * (first - 2)
    assert entries[first - 2].frame == render(Truncated(room="tea", first_seq=first))
    assert b"message 3" in entries[first - 1].frame
    assert [entry.frame for entry in await call(history.entries_between, tea.pk, 0, 2)] == [b"", b""]


async def test_a_number_that_is_missing_for_another_reason_is_still_a_hole(ada: User, tea: Room) -> None:
    seqs = await call(prepare, ada, tea, old=2, new=3)
    await call(expire)
    await call(Message.objects.filter(room=tea, seq=seqs[3]).delete)

    with pytest.raises(ChatError, match="a hole"):
        await call(history.entries_between, tea.pk, 0, seqs[4])


async def test_an_entry_of_which_nothing_is_left_is_written_to_nobody() -> None:
    asked: list[Stream] = []
    stream = Stream("room.1", 0, asked.append)

    stream.offer(1, [Entry(b""), Entry(b"")])

    assert (stream.position, asked) == (2, [])


async def test_who_had_not_read_it_hears_in_the_inbox(ada: User, grace: User, tea: Room) -> None:
    await call(prepare, ada, tea, old=3, new=2)
    async with opened("/ws/inbox/", grace) as inbox:
        await inbox.next("inbox")

        await call(expire)

        entry = (await inbox.next("inbox.room"))["entry"]
        assert (entry["unread"], entry["message_count"] - entry["messages_read"]) == (2, 2)


async def test_the_server_expires_by_itself(ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "EXPIRE_DELAY_S", 0.0)
    monkeypatch.setattr(retention, "EXPIRE_INTERVAL_S", 0.01)
    failed: list[int] = []

    def fails_once(room_id: int, now: object, real: object = retention.expire_part) -> int:
        if not failed:
            failed.append(room_id)
            raise RuntimeError
        return real(room_id, now)  # type: ignore[operator]

    monkeypatch.setattr(retention, "expire_part", fails_once)
    seqs = await call(prepare, ada, tea, old=3, new=2)
    async with joined("tea", ada) as socket:
        assert (await socket.next("room.updated"))["changes"] == {"first_seq": seqs[3]}
    assert failed == [tea.pk]
    await eventually(lambda: not [each for each in asyncio.all_tasks() if "keep_expiring" in repr(each)])
