"""Presence while processes start, stop and die, and while messages between them are lost, repeated or malformed."""

from typing import Any

import pytest

from chat import presence as presence_module
from foundation.publishing import CONTROL
from tests.processes import LEASE_S, TEA, Both, Process, eventually

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("quick_presence")]


# Processes come and go


async def test_a_process_that_comes_later_learns_who_is_here(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    second.arrive("grace")
    await eventually(first.knows("ada", "grace"))

    third = await Process().start()

    await eventually(third.knows("ada", "grace"))
    await third.stop()


async def test_a_process_that_stops_takes_its_people_with_it_at_once(
    processes: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_module, "PRESENCE_LEASE_S", 60)
    first, second = processes
    first.arrive("ada")
    second.arrive("grace")
    await eventually(second.knows("ada", "grace"))

    await first.stop()

    await eventually(second.knows("grace"))
    assert second.onlooker.seen[-1] == "-ada"


async def test_a_process_that_dies_takes_its_people_with_it_when_its_lease_ends(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    first.arrive("grace")
    second.arrive("grace")
    await eventually(second.knows("ada", "grace"))

    await first.die()

    assert second.knows("ada", "grace")()
    await eventually(second.knows("grace"))
    assert second.onlooker.seen[-1] == "-ada"
    assert first.hub.id not in second.presence._leases


async def test_a_process_that_lives_keeps_its_lease(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    lease = second.presence._leases[first.hub.id]
    granted = lease.expires

    await eventually(lambda: lease.expires > granted + LEASE_S)

    assert second.onlooker.seen == ["+ada"]


async def test_people_who_moved_to_another_process_never_left(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    await first.die()
    second.arrive("ada")

    await eventually(lambda: first.hub.id not in second.presence._leases)

    assert second.onlooker.seen == ["+ada"]


# Changes are lost, repeated, overtaken


def deaf(process: Process, kind: str) -> list[dict[str, Any]]:
    """Make a process lose the messages of one kind; gives what it lost."""
    lost: list[dict[str, Any]] = []
    process.hub.on[kind] = lost.append
    return lost


async def test_a_lost_arrival_is_made_good_by_the_next_change(processes: Both) -> None:
    first, second = processes
    hearing = dict(second.hub.on)
    deaf(second, "presence.alive")
    deaf(second, "presence.all")
    lost = deaf(second, "presence.change")
    first.arrive("ada")
    await eventually(lambda: len(lost) == 1)
    assert second.knows()()

    second.hub.on |= {kind: hearing[kind] for kind in ("presence.change", "presence.all")}
    first.arrive("grace")

    await eventually(second.knows("ada", "grace"))
    assert sorted(second.onlooker.seen) == ["+ada", "+grace"]


async def test_a_lost_departure_is_made_good_by_the_next_sign_of_life(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    deaf(second, "presence.change")

    first.leave("ada")

    await eventually(second.knows())
    assert second.onlooker.seen == ["+ada", "-ada"]


async def test_a_repeated_and_an_old_change_change_nothing(processes: Both) -> None:
    first, second = processes
    take, changes = second.hub.on["presence.change"], list[dict[str, Any]]()

    def take_note(message: dict[str, Any]) -> None:
        changes.append(message)
        take(message)

    second.hub.on["presence.change"] = take_note
    first.arrive("ada")
    first.arrive("grace")
    first.leave("ada")
    await eventually(second.knows("grace"))

    for change in [message for message in changes if message["origin"] == first.hub.id]:
        take(change)
        take(change)

    first.arrive("last")
    await eventually(second.knows("grace", "last"))
    await eventually(lambda: second.presence._leases[first.hub.id].version == first.presence._own.version)
    assert second.onlooker.seen == ["+ada", "+grace", "-ada", "+last"]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "presence.change"},
        {"type": "presence.change", "group": TEA, "key": "user:x", "who": 7, "present": True, "version": 1},
        {"type": "presence.alive"},
        {"type": "presence.all", "people": 7, "version": 1},
        {"type": "presence.all", "people": [[1, 2]], "version": 1},
    ],
)
async def test_a_malformed_message_harms_nobody(processes: Both, message: dict[str, Any]) -> None:
    first, second = processes

    await first.hub.layer.group_send(CONTROL, {**message, "origin": "a stranger"})
    first.arrive("ada")

    await eventually(lambda: "user:ada" in second.presence.people(TEA))
    assert second.onlooker.seen[-1] == "+ada"
