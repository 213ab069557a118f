"""Presence while processes start, stop and die, and while messages between them are lost, repeated or malformed."""

import time
from typing import Any

import pytest

from chat import presence as presence_module
from foundation.limits import PRESENCE_COUNT_INTERVAL_S, PRESENCE_LEASE_S, PRESENCE_RENEW_S
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
    await eventually(lambda: second.onlooker.seen[-1] == "-ada")


async def test_a_process_that_dies_takes_its_people_with_it_when_its_lease_ends(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    first.arrive("grace")
    second.arrive("grace")
    await eventually(second.knows("ada", "grace"))

    await first.die()

    assert second.knows("ada", "grace")()
    await eventually(second.knows("grace"))
    await eventually(lambda: second.onlooker.seen[-1] == "-ada")
    assert first.hub.id not in second.presence._leases


async def test_a_process_that_lives_keeps_its_lease(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    lease = second.presence._leases[first.hub.id]
    granted = lease.expires

    await eventually(lambda: lease.expires > granted + LEASE_S)

    assert second.onlooker.seen == ["+ada"]


async def test_a_process_that_dies_right_after_a_sign_of_life_is_forgotten_in_a_lease_and_a_look(
    processes: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    lease, look, moment = 0.4, 0.1, 0.4  # the last for a machine with other things to do
    monkeypatch.setattr(presence_module, "PRESENCE_LEASE_S", lease)
    monkeypatch.setattr(presence_module, "PRESENCE_RENEW_S", look)
    granted = second.presence._leases[first.hub.id].expires
    await eventually(lambda: second.presence._leases[first.hub.id].expires < granted)

    died = time.monotonic()
    await first.die()
    await eventually(second.knows())

    assert lease - look < time.monotonic() - died < lease + look + moment


async def test_a_ghost_is_gone_within_thirty_seconds() -> None:
    """Silent since a moment after its sign of life, seen at the next look, shown with the next count of a crowd."""
    assert PRESENCE_LEASE_S + PRESENCE_RENEW_S + PRESENCE_COUNT_INTERVAL_S <= 30 - 2  # the rest is for the way
    assert PRESENCE_LEASE_S > 3 * PRESENCE_RENEW_S, "some signs of life may be lost"


async def test_a_process_that_restarts_is_another_one(processes: Both) -> None:
    first, second = processes
    for username in ("ada", "ghost"):
        first.arrive(username)
    await eventually(second.knows("ada", "ghost"))
    await first.die()

    again = await Process().start()
    again.arrive("ada")
    await eventually(lambda: second.heard_of(again) > 0)
    assert again.hub.id != first.hub.id

    await eventually(lambda: "-ghost" in second.onlooker.seen)
    assert sorted(second.onlooker.seen) == ["+ada", "+ghost", "-ghost"]
    assert second.knows("ada")()
    await again.stop()


async def test_a_process_that_slept_listens_before_it_judges(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    for lease in second.presence._leases.values():
        lease.expires -= 60

    second.presence._expire(overslept=61.0)
    assert second.knows("ada")()
    await eventually(lambda: second.presence._leases[first.hub.id].expires < time.monotonic() + LEASE_S)

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
    lost = deaf(second, "presence.changes")
    first.arrive("ada")
    await eventually(lambda: len(lost) == 1)
    assert second.knows()()

    second.hub.on |= {kind: hearing[kind] for kind in ("presence.changes", "presence.all")}
    first.arrive("grace")

    await eventually(second.knows("ada", "grace"))
    assert sorted(second.onlooker.seen) == ["+ada", "+grace"]


async def test_a_lost_departure_is_made_good_by_the_next_sign_of_life(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    deaf(second, "presence.changes")

    first.leave("ada")

    await eventually(second.knows())
    assert second.onlooker.seen == ["+ada", "-ada"]


async def test_a_repeated_and_an_old_change_change_nothing(processes: Both) -> None:
    first, second = processes
    take, changes = second.hub.on["presence.changes"], list[dict[str, Any]]()

    def take_note(message: dict[str, Any]) -> None:
        changes.append(message)
        take(message)

    second.hub.on["presence.changes"] = take_note
    first.arrive("ada")
    first.arrive("grace")
    first.leave("ada")
    await eventually(second.knows("grace"))

    for change in [message for message in changes if message["origin"] == first.hub.id]:
        take(change)
        take(change)

    first.arrive("last")
    await eventually(second.knows("grace", "last"))
    await eventually(lambda: second.heard_of(first) == first.presence._own.version)
    assert second.onlooker.seen == ["+ada", "+grace", "-ada", "+last"]


async def test_an_old_telling_is_no_sign_of_life(processes: Both) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    deaf(first, "presence.ask")
    await first.die()
    lease = second.presence._leases[first.hub.id]
    granted, people = lease.expires, [[TEA, "user:old", None]]

    for kind, fields in (("alive", {}), ("all", {"people": people}), ("changes", {"changes": [[*people[0], True]]})):
        second.hub._take({"type": f"presence.{kind}", "origin": first.hub.id, "version": lease.version - 1, **fields})

    assert (lease.expires, second.onlooker.seen) == (granted, ["+ada"])
    assert second.knows("ada")()


async def test_whoever_is_asked_by_many_answers_once(processes: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = processes
    first.arrive("ada")
    await eventually(second.knows("ada"))
    monkeypatch.setattr(presence_module, "PRESENCE_GATHER_S", 0.3)
    version = first.presence._own.version

    for _ in range(100):
        second.hub.announce(CONTROL, {"type": "presence.ask", "of": first.hub.id})
        second.hub.announce(CONTROL, {"type": "presence.ask", "of": "somebody else"})
    second.arrive("last")
    await eventually(first.knows("ada", "last"))

    await eventually(lambda: second.heard_of(first) > version)
    assert first.presence._own.version < version + 5


NOBODY = {"id": 1, "username": "x", "name": "X"}  # without an avatar


@pytest.mark.parametrize(
    "message",
    [
        {"type": "presence.changes"},
        {"type": "presence.changes", "changes": [[TEA, "user:x", 7, True]], "version": 1},
        {"type": "presence.changes", "changes": [[TEA, "user:x", NOBODY, True]], "version": 1},
        {"type": "presence.changes", "changes": [[TEA, "user:x", None, True]], "version": "1"},
        {"type": "presence.alive"},
        {"type": "presence.all", "people": 7, "version": 1},
        {"type": "presence.all", "people": [[1, 2]], "version": 1},
    ],
)
async def test_a_malformed_message_harms_nobody(processes: Both, message: dict[str, Any]) -> None:
    first, second = processes

    await first.hub.layer.group_send(CONTROL, {**message, "origin": "a stranger"})
    first.arrive("ada")

    await eventually(second.knows("ada"))
    assert second.onlooker.seen == ["+ada"]
