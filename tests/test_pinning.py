"""Pins: a few messages of a room that are found at once."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from rest_framework.test import APIClient

from accounts.models import User
from chat.drafts import Draft
from chat.erasing import delete_message
from chat.models import Message
from chat.pinning import pin_message, pinned_in, unpin_message
from chat.posting import post_message, post_messages
from foundation.errors import ChatError
from foundation.limits import PINS_MAX
from rooms.direct import open_direct
from rooms.models import Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def say(actor: User, slug: str = "tea") -> int:
    return post_message(actor=actor, slug=slug, text="hello").message.seq


def test_the_latest_pin_comes_first(api: Api, ada: User, grace: User, tea: Room) -> None:
    one, two = say(grace), say(grace)
    for seq in (two, one):
        assert api(ada).put(f"/api/rooms/tea/pins/{seq}/").status_code == 204

    results = api(grace).get("/api/rooms/tea/pins/").json()["results"]

    assert [each["seq"] for each in results] == [one, two]
    assert all(each["pinned_at"] for each in results)


def test_pinning_twice_and_unpinning_twice_change_nothing(ada: User, tea: Room) -> None:
    seq = say(ada)

    assert [pin_message(actor=ada, slug="tea", seq=seq)[1] for _ in range(2)] == [True, False]
    assert [unpin_message(actor=ada, slug="tea", seq=seq)[1] for _ in range(2)] == [True, False]
    assert Room.objects.get(pk=tea.pk).last_seq == seq + 2


def test_a_room_has_so_many_pins_and_no_more(ada: User, tea: Room) -> None:
    post_messages([Draft(ada, "tea", "x") for _ in range(PINS_MAX + 1)])
    seqs = list(Message.objects.filter(room=tea).values_list("seq", flat=True))
    for seq in seqs[:PINS_MAX]:
        pin_message(actor=ada, slug="tea", seq=seq)

    with pytest.raises(ChatError, match="limit_reached"):
        pin_message(actor=ada, slug="tea", seq=seqs[-1])

    unpin_message(actor=ada, slug="tea", seq=seqs[0])
    assert pin_message(actor=ada, slug="tea", seq=seqs[-1])[1]


def test_what_is_deleted_is_not_pinned_any_more(ada: User, tea: Room) -> None:
    seq = say(ada)
    pin_message(actor=ada, slug="tea", seq=seq)
    delete_message(actor=ada, slug="tea", seq=seq)

    assert pinned_in(actor=ada, slug="tea")[1] == []
    with pytest.raises(ChatError, match="not_found"):
        pin_message(actor=ada, slug="tea", seq=seq)


def test_members_pin_where_they_are_among_themselves(ada: User, grace: User, tea: Room) -> None:
    direct = open_direct(actor=ada, usernames=["grace"])[0]
    seq = say(ada, direct.slug)

    assert pin_message(actor=grace, slug=direct.slug, seq=seq)[1]
    with pytest.raises(ChatError, match="forbidden"):
        pin_message(actor=grace, slug="tea", seq=say(ada))


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_socket_pins_and_everybody_hears_of_it(ada: User, grace: User, tea: Room) -> None:
    seq = await run(say)(ada)
    async with joined("tea", grace) as listener, joined("tea", ada) as socket:
        for kind in ("pin", "pin", "unpin"):
            await socket.send(type=kind, seq=seq, client_id=kind)
        acks = [await socket.next("ack") for _ in range(3)]
        added, removed = await listener.next("pin.added"), await listener.next("pin.removed")
        await listener.send(type="pin", seq=seq)
        error = await listener.next("error")

    assert [ack["duplicate"] for ack in acks] == [False, True, False]
    assert (added["message"], removed["message"], error["code"]) == (seq, seq, "forbidden")
