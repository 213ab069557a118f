"""Who is here: the union of what two processes see at their own sockets."""

import asyncio

import pytest
from asgiref.sync import sync_to_async as run

from accounts.models import User
from chat.posting import post_message
from chat.presence import roster_of
from rooms.models import Room
from tests.processes import CELLAR, TEA, Both, eventually
from tests.sockets import joined, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("quick_presence")]


async def test_whoever_arrives_anywhere_is_known_everywhere(processes: Both) -> None:
    first, second = processes

    first.arrive("ada")
    second.arrive("grace")

    for each in processes:
        await eventually(each.knows("ada", "grace"))
        assert sorted(each.onlooker.seen) == ["+ada", "+grace"]


async def test_a_second_window_is_no_second_arrival(processes: Both) -> None:
    first, second = processes
    for _ in range(3):
        first.arrive("ada")
    second.arrive("ada")
    second.arrive("grace")
    await eventually(first.knows("ada", "grace"))

    first.leave("ada")
    first.leave("ada")
    second.leave("grace")
    await eventually(first.knows("ada"))

    for each in processes:
        await eventually(each.knows("ada"))
        assert sorted(each.onlooker.seen) == ["+ada", "+grace", "-grace"]


async def test_whoever_closes_the_last_window_is_gone_after_a_moment(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    second.arrive("ada")
    await eventually(second.knows("ada"))

    first.leave("ada")
    second.leave("ada")
    assert first.knows("ada")(), "not at once"

    for each in processes:
        await eventually(each.knows())
        assert each.onlooker.seen == ["+ada", "-ada"]


async def test_a_reload_is_nothing_to_speak_of(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    first.leave("ada")
    first.arrive("ada")
    first.arrive("grace")
    first.leave("grace")

    await eventually(lambda: "-grace" in second.onlooker.seen)

    assert [told for told in second.onlooker.seen if "ada" in told] == ["+ada"]


async def test_guests_are_counted_and_not_named(processes: Both) -> None:
    first, second = processes
    first.arrive_as_guest("a")
    second.arrive_as_guest("b")

    for each in processes:
        await eventually(each.knows(guests=2))
        assert each.onlooker.seen == ["1 guests", "2 guests"]
    first.presence.leave(TEA, "guest:a")
    await eventually(second.knows(guests=1))


async def test_t19_a_room_hears_of_its_own_people_only(processes: Both) -> None:
    first, second = processes
    first.arrive("ada", CELLAR)
    first.arrive("grace")

    await eventually(second.knows("grace"))

    assert first.onlooker.seen == second.onlooker.seen == ["+grace"]
    assert [who.username for who in second.presence.roster(CELLAR).here] == ["ada"]


async def test_rest_reads_who_is_here_from_a_thread(processes: Both) -> None:
    first, second = processes
    for username in ("grace", "ada"):
        first.arrive(username)
    first.arrive_as_guest("a")
    await eventually(second.knows("ada", "grace", guests=1))

    roster = await asyncio.to_thread(roster_of, TEA)
    assert [who.username for who in roster.here] == ["ada", "grace"]
    assert (roster.here_count, roster.guests_here) == (2, 1)
    assert (roster_of(CELLAR).here, roster_of(CELLAR).guests_here) == ([], 0)


@pytest.mark.django_db(transaction=True)
async def test_two_who_resume_at_once_learn_of_each_other(ada: User, grace: User, tea: Room) -> None:
    def fill() -> None:
        for number in range(450):
            post_message(actor=ada, slug="tea", text=f"{number}")

    await run(fill)()
    async with opened("/ws/chat/tea/?after=0", ada) as first, joined("tea", grace, after=0) as second:
        for socket, hello in ((first, await first.next("hello")), (second, second.hello)):
            learnt = {person["username"] for person in hello["here"]}
            while learnt != {"ada", "grace"}:  # whoever came first hears of the other after catching up
                told = await socket.next("presence", timeout=10)
                learnt |= {person["username"] for person in told.get("here", [told["user"]])}
