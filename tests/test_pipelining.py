"""One socket, many messages under way: answers in order, and a limit to what nobody has answered yet."""

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run

from accounts.models import User
from chat.live import live
from chat.posting import post_message
from foundation.limits import UNANSWERED_MAX
from foundation.socket import Socket
from foundation.wire import Frames
from rooms.models import Room
from tests.batches import busy_writer, texts_in
from tests.sockets import ChatSocket, joined
from tests.wires import HeldWire

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
Frame = dict[str, Any]


async def post(socket: ChatSocket, count: int) -> list[str]:
    """Send messages without waiting for an answer; gives their client_ids, which are their texts too."""
    client_ids = [f"c-{number}" for number in range(count)]
    for client_id in client_ids:
        await socket.send(type="message", value=client_id, client_id=client_id)
    return client_ids


async def frames_until(socket: ChatSocket, **counts: int) -> list[Frame]:
    """Everything that arrives until there are so many frames of each of these types."""
    heard: list[Frame] = []
    while any(len(of_type(heard, kind)) < count for kind, count in counts.items()):
        heard.append(await socket.frame())
    return heard


def of_type(frames: list[Frame], kind: str) -> list[Frame]:
    return [frame for frame in frames if frame["type"] == kind]


def answers(frames: list[Frame]) -> list[tuple[str, str]]:
    """The client_ids of acks and errors, with what was answered."""
    found = [frame for frame in frames if frame["type"] in ("ack", "error")]
    return [(frame["client_id"], frame.get("code", "ack")) for frame in found]


async def test_many_messages_of_one_socket_are_under_way_and_answered_in_order(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        with busy_writer():
            client_ids = await post(socket, UNANSWERED_MAX)
            assert await socket.sync() == tea.last_seq, "all were read, none is on disk"
        acks = of_type(await frames_until(socket, ack=UNANSWERED_MAX), "ack")

    assert [ack["client_id"] for ack in acks] == client_ids
    assert [ack["seq"] for ack in acks] == list(range(tea.last_seq + 1, tea.last_seq + 1 + len(acks)))
    assert await texts_in(tea) == [(ack["seq"], ack["client_id"]) for ack in acks]


async def test_a_refusal_has_its_place_among_the_acks(ada: User, tea: Room) -> None:
    await run(post_message)(actor=ada, slug="tea", text="another text", client_id="c-3")
    async with joined("tea", ada) as socket:
        client_ids = await post(socket, 6)
        heard = await frames_until(socket, ack=5, error=1)

    assert answers(heard) == [(each, "idempotency_conflict" if each == "c-3" else "ack") for each in client_ids]


async def test_a_socket_with_too_many_unanswered_is_read_no_further_until_they_are_answered(
    ada: User, grace: User, tea: Room
) -> None:
    async with joined("tea", ada) as eager, joined("tea", grace) as other:
        with busy_writer():
            client_ids = await post(eager, UNANSWERED_MAX)
            assert await eager.sync() == tea.last_seq, "premise: so many are read"

            await eager.send(type="message", value="one more", client_id="one-more")
            await eager.send(type="ping")
            assert await other.sync() == tea.last_seq, "nobody else is held up"
            while not await eager.silent(0.1):
                assert (await eager.frame())["type"] == "presence"
        heard = await frames_until(eager, ack=UNANSWERED_MAX + 1, pong=1)

    assert answers(heard) == [(each, "ack") for each in [*client_ids, "one-more"]]
    assert [text for _, text in await texts_in(tea)] == [*client_ids, "one more"]


async def test_whoever_goes_before_the_answer_takes_nothing_back(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        with busy_writer():
            client_ids = await post(socket, 10)
            await socket.sync()
            await socket.communicator.send_input({"type": "websocket.disconnect", "code": 1001})
            for _ in range(20):  # the server hears of it before the answers
                await asyncio.sleep(0)
        await socket.communicator.wait(5)

    assert [text for _, text in await texts_in(tea)] == client_ids


async def test_a_pong_never_overtakes_what_it_counts(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as reader, joined("tea", grace) as writer:
        for number in range(60):
            await writer.send(type="message", value=str(number))
            await reader.send(type="ping")
            await asyncio.sleep(0.001)
        heard = await frames_until(reader, message=60, pong=60)

    reached = tea.last_seq
    for frame in heard:
        if frame["type"] == "pong":
            assert frame["seq"] == reached, "what it counts was written before, and nothing else"
        elif "seq" in frame:
            assert frame["seq"] == reached + 1
            reached = frame["seq"]
    assert len({frame["seq"] for frame in of_type(heard, "pong")}) > 2, "premise: they came in between"


async def test_a_pong_takes_along_what_waits_to_be_written(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Heavy(HeldWire):
        """As a thousand sockets: writing to it takes its time."""

        def write_frames(self, frames: Frames) -> None:
            time.sleep(0.2)

    monkeypatch.setattr("foundation.flush.FLUSH_DELAY_MAX_S", 0.2)
    async with joined("tea", ada) as reader:
        live().hub.streams[tea.group].sockets.add(Socket(Heavy(), frozenset()))
        await run(post_message)(actor=ada, slug="tea", text="first")
        await reader.next("message")

        posted = await run(post_message)(actor=ada, slug="tea", text="second")
        await reader.send(type="ping")
        heard = await frames_until(reader, pong=1, message=1)

    assert [frame["type"] for frame in heard if frame["type"] in ("message", "pong")] == ["message", "pong"]
    assert of_type(heard, "pong")[0]["seq"] == posted.message.seq
