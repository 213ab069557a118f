"""Whoever loses a room hears nothing more of it, although every hint that says so is lost."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run

from accounts.models import User
from chat.live import live
from chat.models import Message
from chat.posting import post_message
from foundation import hub as hub_module
from rooms.lifecycle import delete_room, update_room
from rooms.membership import add_member, leave_room, remove_member
from rooms.models import Guests, Room
from tests.sockets import joined

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
Step = Callable[[dict[str, User]], object]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "RECONCILE_INTERVAL_S", 0.05)


@pytest.fixture
def people(ada: User, grace: User, mallory: User) -> dict[str, User]:
    return {"ada": ada, "grace": grace, "mallory": mallory}


def lose_every_hint() -> None:
    """From here on this process hears nothing from commands, neither directly nor through the layer."""
    hub = live().hub
    hub.on |= dict.fromkeys(("frames", "evict"), lambda message: None)


WAYS_OUT: dict[str, tuple[str | None, Step, int]] = {
    "removed": ("grace", lambda cast: remove_member(actor=cast["ada"], slug="tea", username="grace"), 4403),
    "made private": (
        "mallory",
        lambda cast: update_room(actor=cast["ada"], slug="tea", kind="private", guests="none"),
        4404,
    ),
    "made private, as a guest": (
        None,
        lambda cast: update_room(actor=cast["ada"], slug="tea", kind="private", guests="none"),
        4404,
    ),
    "closed to guests": (None, lambda cast: update_room(actor=cast["ada"], slug="tea", guests="none"), 4401),
    "deleted": ("grace", lambda cast: delete_room(actor=cast["ada"], slug="tea"), 4410),
}


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_t4_the_log_itself_shuts_people_out(people: dict[str, User], tea: Room, way: str) -> None:
    who, step, code = WAYS_OUT[way]
    await run(Room.objects.filter(pk=tea.pk).update)(guests=Guests.READ)
    async with joined("tea", people[who] if who else None) as loses, joined("tea", people["ada"]) as keeps:
        lose_every_hint()

        await run(step)(people)
        if way != "deleted":
            await run(post_message)(actor=people["ada"], slug="tea", text="now we can talk")
            assert (await keeps.next("message"))["value"] == "now we can talk"

        assert await loses.closed(timeout=2) == code
    assert {frame["type"] for frame in loses.skipped} <= {"presence", "error"}


async def test_t4_leaving_a_private_room_in_another_window_closes_this_one(
    people: dict[str, User], cellar: Room
) -> None:
    await run(add_member)(actor=people["ada"], slug="cellar", username="grace")
    async with joined("cellar", people["grace"]) as socket:
        lose_every_hint()

        await run(leave_room)(actor=people["grace"], slug="cellar")

        assert await socket.closed(timeout=2) == 4403


async def test_d19_a_message_to_a_room_that_was_lost_is_refused_and_closes(
    people: dict[str, User], cellar: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RECONCILE_INTERVAL_S", 60)
    await run(add_member)(actor=people["ada"], slug="cellar", username="grace")
    async with joined("cellar", people["grace"]) as socket:
        lose_every_hint()
        await run(remove_member)(actor=people["ada"], slug="cellar", username="grace")

        await socket.send(type="message", value="still here", client_id="c-1")

        assert await socket.closed(timeout=2) == 4404
    assert not await run(Message.objects.filter(room=cellar).exists)()


async def test_somebody_who_was_removed_and_added_again_resumes_over_both(people: dict[str, User], tea: Room) -> None:
    for step in (
        lambda: remove_member(actor=people["ada"], slug="tea", username="grace"),
        lambda: update_room(actor=people["ada"], slug="tea", kind="private"),
        lambda: add_member(actor=people["ada"], slug="tea", username="grace"),
    ):
        await run(step)()

    async with joined("tea", people["grace"], after=tea.last_seq) as socket:
        heard = [(await socket.frame())["type"] for _ in range(3)]
        await run(post_message)(actor=people["ada"], slug="tea", text="welcome back")

        assert heard == ["member.left", "room.updated", "member.joined"]
        assert (await socket.next("message"))["value"] == "welcome back"
