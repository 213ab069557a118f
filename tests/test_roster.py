"""A crowd in a room: who is named, who is only counted, and what an arrival costs the others."""

import json
from typing import Any

import pytest

from accounts.models import User
from chat import presence as presence_module
from chat import roster as roster_module
from chat.roster import Roster
from foundation.limits import PRESENCE_NAMED_MAX
from rooms.models import Room
from tests.processes import TEA, Both, Process, eventually, person
from tests.sockets import joined

CROWD = 300


def arrive(process: Process, number: int) -> list[str]:
    usernames = [f"u{each:03}" for each in range(number)]
    for username in usernames:
        process.arrive(username)
    return usernames


async def sees(process: Process, last: str) -> None:
    """Wait until this is the last that the onlooker was told."""
    await eventually(lambda: process.onlooker.seen[-1:] == [last])


def test_people_are_named_by_username_and_guests_counted() -> None:
    roster = Roster()

    for username in ("grace", "ada"):
        roster.add(f"user:{username}", person(username))
    roster.add("guest:a", None)

    assert roster.here == [person("ada"), person("grace")]
    assert (roster.here_count, roster.guests_here, len(roster)) == (2, 1, 3)


def test_somebody_is_here_until_the_last_process_has_no_socket_of_theirs() -> None:
    roster = Roster()

    came = [roster.add("user:ada", person("ada")) for _ in range(2)]
    changes = roster.changes
    first_left, last_left = roster.remove("user:ada"), roster.remove("user:ada")

    assert (came, first_left, last_left) == ([True, False], False, True)
    assert (changes, roster.changes, len(roster)) == (1, 2, 0)


def test_of_a_crowd_those_who_came_first_are_listed() -> None:
    roster = Roster()
    for each in reversed(range(10 * PRESENCE_NAMED_MAX)):
        roster.add(f"user:{each}", person(f"u{each:04}"))

    listed = json.loads(roster.frame("here"))

    assert len(listed["here"]) == PRESENCE_NAMED_MAX
    assert listed["here"][-1]["username"] == f"u{10 * PRESENCE_NAMED_MAX - 1:04}"
    assert listed["here_count"] == 10 * PRESENCE_NAMED_MAX


@pytest.mark.asyncio
async def test_who_comes_into_a_crowd_is_counted_and_not_named(processes: Both) -> None:
    for process in processes:
        usernames = arrive(process, CROWD)

    for process in processes:
        await sees(process, f"{CROWD} here")
        seen = process.onlooker.seen
        assert seen[:PRESENCE_NAMED_MAX] == [f"+{username}" for username in usernames[:PRESENCE_NAMED_MAX]]
        assert all(told.endswith(" here") for told in seen[PRESENCE_NAMED_MAX:])
        assert len(seen) < CROWD


@pytest.mark.asyncio
async def test_what_is_left_of_a_crowd_is_listed_anew_and_then_named_again(processes: Both) -> None:
    first, second = processes
    usernames = arrive(first, CROWD)
    await sees(second, f"{CROWD} here")

    for username in usernames[:-2]:
        first.leave(username)
    for process in processes:
        await sees(process, ", ".join(usernames[-2:]))
        assert not [told for told in process.onlooker.seen if told.startswith("-")]
    first.leave(usernames[-1])

    for process in processes:
        await sees(process, f"-{usernames[-1]}")


@pytest.mark.asyncio
async def test_a_room_at_the_line_does_not_bring_its_list_with_every_step(processes: Both) -> None:
    first, _ = processes
    usernames = arrive(first, PRESENCE_NAMED_MAX + 1)
    await sees(first, f"{len(usernames)} here")

    for _ in range(3):
        first.leave(usernames[-1])
        await sees(first, f"{len(usernames) - 1} here")
        first.arrive(usernames[-1])
        await sees(first, f"{len(usernames)} here")

    assert not [told for told in first.onlooker.seen if "," in told]


@pytest.mark.asyncio
async def test_a_storm_of_arrivals_is_one_message_to_the_other_processes(processes: Both) -> None:
    first, second = processes
    take, sizes = second.hub.on["presence.changes"], list[int]()

    def take_note(message: dict[str, Any]) -> None:
        sizes.append(len(message["changes"]))
        take(message)

    second.hub.on["presence.changes"] = take_note
    arrive(first, CROWD)

    await eventually(lambda: second.presence.roster(TEA).here_count == CROWD)
    assert sizes == [CROWD]


@pytest.mark.asyncio
async def test_an_empty_room_leaves_nothing_behind(processes: Both) -> None:
    first, second = processes
    usernames = arrive(first, CROWD)
    await eventually(lambda: second.presence.roster(TEA).here_count == CROWD)

    for username in usernames:
        first.leave(username)

    await eventually(lambda: not any(process.presence._rosters for process in processes))
    for process in processes:
        assert not process.presence._leases[first.hub.id].people
    assert not first.presence._sockets


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_hello_lists_some_of_a_crowd_and_counts_all(
    ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (presence_module, roster_module):
        monkeypatch.setattr(module, "PRESENCE_NAMED_MAX", 1)
    monkeypatch.setattr(presence_module, "PRESENCE_COUNT_INTERVAL_S", 0.02)

    async with joined("tea", ada) as first, joined("tea", grace) as second:
        counted = await first.next("presence")
        while counted["event"] != "count":
            counted = await first.next("presence")

        assert [person["username"] for person in second.hello["here"]] == ["ada"]
        assert (second.hello["here_count"], second.hello["guests_here"]) == (2, 0)
        assert counted == {
            "type": "presence",
            "room": "tea",
            "event": "count",
            "user": None,
            "here_count": 2,
            "guests_here": 0,
        }
