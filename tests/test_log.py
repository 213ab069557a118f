"""The room's log: numbers without holes, changes that replay as they were told, and whom a change shuts out."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from chat.history import entries_between, heads
from chat.models import Message
from chat.posting import post_message
from foundation.errors import ChatError
from foundation.publishing import Entry
from rooms import policies
from rooms.lifecycle import delete_room, update_room
from rooms.log import changes_after, entry_of, next_seqs
from rooms.membership import add_member, change_role, join_room, leave_room, remove_member
from rooms.models import Change, Membership, Room

pytestmark = pytest.mark.django_db


def last_entry(room: Room) -> Entry:
    """The newest change of the room as a process that missed it would read it."""
    change = Change.objects.filter(room=room).latest("seq")
    return changes_after(room.pk, room.slug, after=change.seq - 1, upto=change.seq)[change.seq]


def frame_of(entry: Entry) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(entry.frame)
    return frame


def test_numbers_follow_one_another(tea: Room) -> None:
    with transaction.atomic():
        assert [next_seqs({tea: 1})[tea], next_seqs({tea: 2})[tea], next_seqs({tea: 1})[tea]] == [2, 3, 5]

    assert Room.objects.get(pk=tea.pk).last_seq == 5


def test_c3_a_rollback_gives_its_numbers_back(ada: User, tea: Room) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post_message(actor=ada, slug="tea", text="never said")
        raise ZeroDivisionError

    assert Room.objects.get(pk=tea.pk).last_seq == tea.last_seq
    assert post_message(actor=ada, slug="tea", text="said").message.seq == tea.last_seq + 1


def test_each_change_has_the_frame_of_its_kind(ada: User, grace: User, mallory: User, tea: Room) -> None:
    cast = {user.username: {"id": user.pk, "username": user.username} for user in (ada, grace, mallory)}
    steps: list[tuple[Any, dict[str, Any]]] = [
        (lambda: join_room(actor=mallory, slug="tea"), {"type": "member.joined", "user": "mallory", "role": "member"}),
        (
            lambda: change_role(actor=ada, slug="tea", username="mallory", role="owner"),
            {"type": "member.updated", "actor": "ada", "user": "mallory", "role": "owner"},
        ),
        (lambda: leave_room(actor=mallory, slug="tea"), {"type": "member.left", "user": "mallory", "removed": False}),
        (
            lambda: remove_member(actor=ada, slug="tea", username="grace"),
            {"type": "member.left", "actor": "ada", "user": "grace", "removed": True},
        ),
        (
            lambda: update_room(actor=ada, slug="tea", topic="Only tea"),
            {"type": "room.updated", "actor": "ada", "changes": {"topic": "Only tea"}},
        ),
    ]

    for seq, (step, expected) in enumerate(steps, tea.last_seq + 1):
        step()

        frame = frame_of(last_entry(tea))
        people = {"user", "actor"} & frame.keys()
        assert (frame["room"], frame["seq"]) == ("tea", seq)
        assert frame["at"].endswith("Z")
        for who in people:
            name = expected.get(who) or expected["user"]
            assert {key: frame[who][key] for key in ("id", "username")} == cast[name]
        assert expected.items() <= {**frame, **{who: frame[who]["username"] for who in people}}.items()
        assert all(frame[who].keys() == {"id", "username", "name", "avatar"} for who in people)


def test_a_change_whose_people_are_gone_is_still_told(ada: User, mallory: User, tea: Room) -> None:
    join_room(actor=mallory, slug="tea")
    mallory.delete()

    frame = frame_of(last_entry(tea))

    assert (frame["type"], frame["actor"], frame["user"]) == ("member.joined", None, None)


def test_what_is_told_at_once_is_what_is_read_later(ada: User, grace: User, tea: Room) -> None:
    for step in (
        lambda: remove_member(actor=ada, slug="tea", username="grace"),
        lambda: update_room(actor=ada, slug="tea", kind="private"),
        lambda: add_member(actor=ada, slug="tea", username="grace"),
    ):
        step()
        change = Change.objects.select_related("room", "actor", "subject").filter(room=tea).latest("seq")

        assert entry_of(change, "tea") == last_entry(tea)


# Whom a change shuts out


def shut_out(entry: Entry, *people: User | None) -> list[str]:
    names = {(f"user:{user.pk}" if user else "guest"): (user.username if user else "guest") for user in people}
    return [name for who, name in names.items() if entry.ends_right_of(frozenset({who, "session:x"}))]


def test_a_removal_shuts_out_who_was_removed(ada: User, grace: User, mallory: User, tea: Room) -> None:
    remove_member(actor=ada, slug="tea", username="grace")

    entry = last_entry(tea)

    assert (shut_out(entry, ada, grace, mallory, None), entry.code) == (["grace"], "forbidden")


def test_leaving_shuts_out_of_a_private_room_only(ada: User, grace: User, tea: Room, cellar: Room) -> None:
    Membership.objects.create(room=cellar, user=grace)
    for room, expected in ((tea, []), (cellar, ["grace"])):
        leave_room(actor=grace, slug=room.slug)

        assert shut_out(last_entry(room), ada, grace, None) == expected


def test_a_room_made_private_shuts_out_all_but_members_and_administrators(
    ada: User, grace: User, mallory: User, administrator: User, tea: Room
) -> None:
    update_room(actor=ada, slug="tea", kind="private")

    entry = last_entry(tea)

    assert (shut_out(entry, ada, grace, mallory, administrator, None), entry.code) == (
        ["mallory", "guest"],
        "not_found",
    )


def test_a_room_closed_to_guests_shuts_out_guests(ada: User, grace: User, mallory: User, tea: Room) -> None:
    update_room(actor=ada, slug="tea", guests="read")
    assert shut_out(last_entry(tea), ada, mallory, None) == []

    update_room(actor=ada, slug="tea", guests="none")

    entry = last_entry(tea)
    assert (shut_out(entry, ada, mallory, None), entry.code) == (["guest"], "unauthenticated")


@pytest.mark.parametrize("changes", [{"name": "Green"}, {"topic": "x"}, {"guests": "write"}, {"kind": "public"}])
def test_other_changes_shut_nobody_out(ada: User, grace: User, cellar: Room, changes: dict[str, Any]) -> None:
    update_room(actor=ada, slug="cellar", kind="public", topic="before")
    add_member(actor=ada, slug="cellar", username="grace")
    update_room(actor=ada, slug="cellar", **changes)
    change_role(actor=ada, slug="cellar", username="grace", role="owner")

    entries = entries_between(cellar.pk, 0, Room.objects.get(pk=cellar.pk).last_seq)

    assert not [entry for entry in entries if shut_out(entry, ada, grace, None)]


# Messages and changes together


def test_the_log_is_messages_and_changes_by_number(ada: User, mallory: User, tea: Room) -> None:
    post_message(actor=ada, slug="tea", text="one")
    post_message(actor=mallory, slug="tea", text="two")
    update_room(actor=ada, slug="tea", name="Green tea")
    head = Room.objects.get(pk=tea.pk).last_seq

    frames = [frame_of(entry) for entry in entries_between(tea.pk, 0, head)]

    assert [frame["seq"] for frame in frames] == list(range(1, head + 1))
    assert [frame["type"] for frame in frames] == [
        *("member.joined", "message", "member.joined", "message", "room.updated")
    ]
    assert [frame_of(entry)["seq"] for entry in entries_between(tea.pk, 1, 3)] == [2, 3]
    assert entries_between(tea.pk, head, head) == []


def test_a_hole_is_never_passed_over(ada: User, tea: Room) -> None:
    for text in ("one", "two", "three"):
        post_message(actor=ada, slug="tea", text=text)
    Message.objects.filter(room=tea, text="two").delete()  # what no command does

    with pytest.raises(ChatError, match="unavailable"):
        entries_between(tea.pk, 0, tea.last_seq + 3)


def test_a_deleted_room_has_no_log(ada: User, tea: Room, cellar: Room) -> None:
    delete_room(actor=ada, slug="tea")

    assert heads([tea.pk, cellar.pk]) == {cellar.pk: 0}
    with pytest.raises(ChatError, match="room_deleted"):
        entries_between(tea.pk, 0, 1)


@pytest.mark.django_db(transaction=True)
def test_c2_a_reader_who_sees_a_number_sees_everything_up_to_it(ada: User, grace: User, tea: Room) -> None:
    def write(number: int) -> None:
        try:
            actor, *_ = (ada, grace) if number % 2 else (grace, ada)
            if number % 5 == 0:
                update_room(actor=ada, slug="tea", topic=f"topic {number}")
            else:
                post_message(actor=actor, slug="tea", text=f"{number}")
        finally:
            connection.close()

    def read(_: int) -> int:
        try:
            head = heads([tea.pk])[tea.pk]
            return len(entries_between(tea.pk, 0, head)) - head
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as writers, ThreadPoolExecutor(2) as readers:
        written = writers.map(write, range(40))
        differences = list(readers.map(read, range(40)))
        list(written)

    assert differences == [0] * 40
    assert Room.objects.get(pk=tea.pk).last_seq == tea.last_seq + 40


@pytest.mark.django_db(transaction=True)
def test_rights_are_read_after_the_lock(ada: User, grace: User, cellar: Room) -> None:
    """A person who waits for the room while they are removed from it is a stranger when their turn comes."""
    add_member(actor=ada, slug="cellar", username="grace")

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            policies.room_for(ada, "cellar", lock=True)
            waiting = threads.submit(_post_and_close, grace)
            remove_member(actor=ada, slug="cellar", username="grace")
        assert waiting.result(10) == "not_found"


def _post_and_close(actor: User) -> str:
    try:
        post_message(actor=actor, slug="cellar", text="still here")
    except ChatError as error:
        return error.code
    finally:
        connection.close()
    return "posted"
