"""Read receipts: who wants it lets others know up to where they have read, and nobody else does."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from rest_framework.test import APIClient

from accounts.models import User
from accounts.people import change_profile
from chat.posting import post_message
from chat.reading import mark_read
from rooms.models import Room
from tests.sockets import ChatSocket, joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def test_the_switch_is_off_until_somebody_turns_it_on(api: Api, grace: User) -> None:
    client = api(grace)
    assert client.get("/api/users/me/").json()["read_receipts"] is False

    assert client.patch("/api/users/me/", {"read_receipts": True}, format="json").json()["read_receipts"] is True
    assert client.patch("/api/users/me/", {"name": "G"}, format="json").json()["read_receipts"] is True
    assert client.patch("/api/users/me/", {"read_receipts": "yes"}, format="json").status_code == 400


def test_members_show_what_they_have_read_where_they_let_others_know(
    api: Api, ada: User, grace: User, tea: Room
) -> None:
    seq = post_message(actor=ada, slug="tea", text="hello").message.seq
    change_profile(actor=grace, read_receipts=True)
    mark_read(actor=grace, slug="tea", upto=seq)

    members = api(ada).get("/api/rooms/tea/members/").json()["results"]

    assert {each["user"]["username"]: each["read_seq"] for each in members} == {"ada": None, "grace": seq}


async def reads_of(socket: ChatSocket) -> list[tuple[str, int]]:
    """The receipts that came until now."""
    await socket.sync()
    return [(each["user"]["username"], each["read_seq"]) for each in socket.skipped if each["type"] == "read"]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_room_hears_of_those_who_want_it_when_they_go_on(ada: User, grace: User, tea: Room) -> None:
    seqs = [(await run(post_message)(actor=ada, slug="tea", text="x")).message.seq for _ in range(2)]
    async with joined("tea", ada) as listener, joined("tea", grace) as socket:
        await socket.send(type="read", seq=seqs[0])
        await socket.sync()
        assert await reads_of(listener) == []

    await run(change_profile)(actor=grace, read_receipts=True)
    async with joined("tea", ada) as listener, joined("tea", grace) as socket:
        for seq in (seqs[1], seqs[0], seqs[0]):  # on, back, and the same again
            await socket.send(type="read", seq=seq)
        await socket.sync()
        assert await reads_of(listener) == [("grace", seqs[1])]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_large_room_is_spared(ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.reading.RECEIPTS_MEMBERS_MAX", 1)
    await run(change_profile)(actor=grace, read_receipts=True)
    seq = (await run(post_message)(actor=ada, slug="tea", text="x")).message.seq
    async with joined("tea", ada) as listener, joined("tea", grace) as socket:
        await socket.send(type="read", seq=seq)
        await socket.sync()
        assert await reads_of(listener) == []
