"""The chat socket: greeting, position, frames, replies, and losing the right to be there."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.test import Client

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation.deployment import epoch
from rooms import policies
from rooms.lifecycle import delete_room, update_room
from rooms.membership import add_member, remove_member
from rooms.models import Guests, Room
from tests.sockets import HOST, ORIGIN, ChatSocket, cookie_of, joined, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def post(actor: User, text: str, slug: str = "tea", **fields: Any) -> int:
    posted = await run(post_message)(actor=actor, slug=slug, text=text, **fields)
    return posted.message.seq


async def test_the_tutorials_consumer_test(lobby: Room, ada: User) -> None:
    async with opened("/ws/chat/", ada) as first, opened("/ws/chat/", ada) as second:
        assert await first.frame() == {"type": "system", "value": "connected"}
        assert await second.frame() == {"type": "system", "value": "connected"}

        await first.send(type="message", value="hi")

        for socket in (first, second):
            message = await socket.next("message")
            assert message["value"] == "hi"
            assert message["user"] == {"id": ada.pk, "username": "ada", "name": "Ada Lovelace", "avatar": None}


async def test_hello_says_where_and_who_you_are(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        hello = socket.hello

    words = {"slug": "tea", "name": "Tea", "topic": "No coffee", "kind": "public", "guests": "none"}
    assert hello["room"] == {**words, "posting": "members", "slow_mode_s": 0, "archived_at": None}
    assert hello["me"]["username"] == "ada"
    assert (hello["role"], hello["seq"], hello["first_seq"]) == ("owner", tea.last_seq, 1)
    assert hello["epoch"] == await run(epoch)()
    assert hello["capabilities"] == (await run(policies.room_for)(ada, "tea")).capabilities
    assert [person["username"] for person in hello["here"]] == ["ada"]
    assert hello["limits"] == {"message_chars": 10_000, "message_bytes": 40_960, "frame_bytes": 65_536}


async def test_an_ack_comes_after_the_commit(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        await socket.send(type="message", value="hello", client_id="c-1")
        ack = await socket.next("ack")

    assert ack == {"type": "ack", "client_id": "c-1", "seq": tea.last_seq + 1, "duplicate": False}
    assert await run(Message.objects.get)(room=tea, seq=ack["seq"], text="hello")


async def test_a_repeated_send_is_acknowledged_and_not_delivered_twice(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        for _ in range(2):
            await socket.send(type="message", value="hello", client_id="c-1")
        acks = [await socket.next("ack"), await socket.next("ack")]
        await socket.sync()

    assert [ack["duplicate"] for ack in acks] == [False, True]
    assert acks[0]["seq"] == acks[1]["seq"]
    assert len([frame for frame in socket.skipped if frame["type"] == "message"]) == 1


async def test_what_is_posted_by_command_is_heard_by_all(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as first, joined("tea", grace) as second:
        seq = await post(ada, "hello")

        assert (await first.next("message"))["seq"] == (await second.next("message"))["seq"] == seq


async def test_rooms_do_not_hear_each_other(ada: User, grace: User, tea: Room, cellar: Room) -> None:
    async with joined("tea", grace) as outside, joined("cellar", ada) as inside:
        await inside.next("presence", timeout=1) if inside.skipped else None
        await post(ada, "secret", slug="cellar")

        assert (await inside.next("message"))["value"] == "secret"
        assert await outside.silent()


async def test_a_client_resumes_from_its_position_without_a_gap(ada: User, grace: User, tea: Room) -> None:
    seqs = [await post(ada, f"message {number}") for number in range(5)]
    async with joined("tea", grace, after=seqs[1], epoch=await run(epoch)()) as socket:
        await post(ada, "live")
        heard = [await socket.next("message") for _ in range(4)]

    assert [frame["seq"] for frame in heard] == [*seqs[2:], seqs[-1] + 1]
    assert heard[-1]["value"] == "live"


async def test_a_long_absence_is_read_from_the_log(ada: User, tea: Room) -> None:
    def fill() -> int:
        return [post_message(actor=ada, slug="tea", text=f"{number}") for number in range(450)][-1].message.seq

    last = await run(fill)()
    async with joined("tea", ada, after=0) as socket:
        seqs = [(await socket.frame())["seq"] for _ in range(last)]

    assert seqs == list(range(1, last + 1))


async def test_changes_of_the_room_are_replayed_like_messages(ada: User, grace: User, mallory: User, tea: Room) -> None:
    await run(update_room)(actor=ada, slug="tea", name="Green tea")
    await run(add_member)(actor=ada, slug="tea", username="mallory")
    await run(remove_member)(actor=ada, slug="tea", username="mallory")

    async with joined("tea", grace, after=tea.last_seq) as socket:
        frames = [await socket.frame() for _ in range(3)]

    assert [frame["type"] for frame in frames] == ["room.updated", "member.joined", "member.left"]
    assert [frame["seq"] for frame in frames] == [tea.last_seq + 1, tea.last_seq + 2, tea.last_seq + 3]
    assert frames[0]["changes"] == {"name": "Green tea"}
    assert frames[2]["removed"] is True and frames[2]["user"]["username"] == "mallory"


@pytest.mark.parametrize("after", ["-1", "abc", "1.5", "1e3", str(2**63), "", "１", "1&after=2"])
async def test_a17_a_position_has_a_form(ada: User, tea: Room, after: str) -> None:
    async with opened(f"/ws/chat/tea/?after={after}", ada) as socket:
        error = await socket.frame()
        assert (error["type"], error["code"]) == ("error", "validation_error")
        assert await socket.closed() == 4400


async def test_a18_a_position_beyond_the_end_is_refused(ada: User, tea: Room) -> None:
    async with opened(f"/ws/chat/tea/?after={tea.last_seq + 1}", ada) as socket:
        assert (await socket.frame())["code"] == "position_invalid"
        assert await socket.closed() == 4409


async def test_a19_a_position_of_another_epoch_is_refused(ada: User, tea: Room) -> None:
    async with opened("/ws/chat/tea/?after=0&epoch=other", ada) as socket:
        assert (await socket.frame())["code"] == "position_invalid"
        assert await socket.closed() == 4409


async def test_a15_missing_and_hidden_rooms_are_the_same(mallory: User, cellar: Room) -> None:
    answers = []
    for slug in ("cellar", "nowhere"):
        async with opened(f"/ws/chat/{slug}/", mallory) as socket:
            answers.append((await socket.frame(), await socket.closed()))

    assert answers[0] == answers[1]
    assert (answers[0][0]["code"], answers[0][1]) == ("not_found", 4404)


async def test_a11_a_stranger_is_told_to_sign_in_whatever_the_room(tea: Room, cellar: Room) -> None:
    for slug in ("tea", "cellar", "nowhere"):
        async with opened(f"/ws/chat/{slug}/") as socket:
            assert (await socket.frame())["code"] == "unauthenticated"
            assert await socket.closed() == 4401


async def test_a_guest_may_write_where_guests_may(lobby: Room) -> None:
    async with joined("lobby") as socket:
        assert socket.hello["me"] is None
        assert socket.hello["guests_here"] == 1
        await socket.send(type="message", value="hello from outside")
        message = await socket.next("message")

    assert message["user"] is None


async def test_a_guest_who_may_only_read_is_refused(tea: Room) -> None:
    await run(Room.objects.filter(pk=tea.pk).update)(guests=Guests.READ)
    async with joined("tea") as socket:
        await socket.send(type="message", value="hello", client_id="c-1")
        error = await socket.next("error")

    assert (error["code"], error["client_id"]) == ("forbidden", "c-1")


async def test_typing_is_told_and_throttled(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as writer, joined("tea", grace) as reader:
        for _ in range(5):
            await writer.send(type="typing")
        await writer.sync()
        await post(ada, "done")
        await reader.next("message")

    typing = [frame for frame in reader.skipped if frame["type"] == "typing"]
    assert [frame["user"]["username"] for frame in typing] == ["ada"]


async def test_presence_tells_who_comes(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as first, joined("tea", grace) as second:
        assert [person["username"] for person in second.hello["here"]] == ["ada", "grace"]
        came = await first.next("presence")
        while came["user"]["username"] != "grace":
            came = await first.next("presence")

    assert came["event"] == "joined"


# Losing the right


async def test_a_removed_member_hears_nothing_more(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as owner, joined("tea", grace) as member:
        await run(remove_member)(actor=ada, slug="tea", username="grace")
        await post(ada, "now we can talk")

        assert await member.closed(timeout=1) == 4403
        assert (await owner.next("message"))["value"] == "now we can talk"
        assert not [frame for frame in member.skipped if frame["type"] == "message"]


async def test_logout_closes_the_socket(ada: User, tea: Room) -> None:
    cookie = await run(cookie_of)(ada)
    client = Client()
    name, _, value = cookie[1].decode().partition("=")
    client.cookies[name] = value
    async with opened("/ws/chat/tea/", headers=[HOST, ORIGIN, cookie]) as socket, joined("tea", ada) as other:
        await socket.next("hello")

        await run(client.post)("/accounts/logout/")

        assert await socket.closed(timeout=1) == 4401
        assert await other.sync() >= 0, "another session of the same person stays"


async def test_a_deleted_room_closes_its_sockets(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", grace) as socket:
        await run(delete_room)(actor=ada, slug="tea")

        assert await socket.closed(timeout=1) == 4410
        assert socket.skipped[-1]["code"] == "room_deleted"


async def test_a_room_made_private_keeps_only_its_members(ada: User, grace: User, mallory: User, tea: Room) -> None:
    async with joined("tea", grace) as member, joined("tea", mallory) as passer_by:
        await run(update_room)(actor=ada, slug="tea", kind="private")

        assert await passer_by.closed(timeout=1) == 4404
        assert (await member.next("room.updated"))["changes"] == {"kind": "private"}


async def test_two_hundred_messages_on_one_socket_keep_their_order(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as writer, joined("tea", grace) as reader:
        for number in range(200):
            await writer.send(type="message", value=str(number))
        heard = [await reader.next("message", timeout=20) for _ in range(200)]

    assert [frame["value"] for frame in heard] == [str(number) for number in range(200)]
    assert [frame["seq"] for frame in heard] == list(range(tea.last_seq + 1, tea.last_seq + 201))


async def test_frames_are_the_same_for_everybody(ada: User, grace: User, tea: Room) -> None:
    async with joined("tea", ada) as first, joined("tea", grace) as second:
        await post(ada, "hello")

        assert await raw_message(first) == await raw_message(second)


async def raw_message(socket: ChatSocket) -> str:
    async with asyncio.timeout(5):
        while '"type":"message"' not in (text := (await socket.communicator.receive_output(5))["text"]):
            pass
    return str(text)
