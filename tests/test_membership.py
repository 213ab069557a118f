"""Joining, leaving, adding and removing people, and their roles."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async as run
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from foundation.errors import ChatError
from rooms.membership import add_member, change_role, hand_over, join_room, leave_room, remove_member
from rooms.models import Change, Membership, Role, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db


def log_of(room: Room) -> list[tuple[str, str | None, str | None]]:
    """What changed since the fixture made the room: kind, by whom, about whom."""
    changes = Change.objects.filter(room=room, seq__gt=room.last_seq).order_by("seq")
    return list(changes.values_list("kind", "actor__username", "subject__username"))


def role_of(user: User, room: Room) -> str | None:
    return Membership.objects.filter(room=room, user=user).values_list("role", flat=True).first()


# Coming


def test_joining_is_told_once(mallory: User, tea: Room) -> None:
    first = join_room(actor=mallory, slug="tea")

    again = join_room(actor=mallory, slug="tea")

    assert first == again
    assert first.role == Role.MEMBER
    assert log_of(tea) == [("member.joined", "mallory", "mallory")]


def test_an_owner_who_joins_stays_owner(ada: User, tea: Room) -> None:
    assert join_room(actor=ada, slug="tea").role == Role.OWNER
    assert log_of(tea) == []


def test_an_owner_brings_somebody_into_a_private_room(ada: User, grace: User, cellar: Room) -> None:
    add_member(actor=ada, slug="cellar", username="grace", role="owner")

    assert role_of(grace, cellar) == Role.OWNER
    assert log_of(cellar) == [("member.joined", "ada", "grace")]
    assert Change.objects.get(room=cellar).data == {"role": "owner"}


def test_adding_somebody_who_is_there_changes_nothing(ada: User, grace: User, tea: Room) -> None:
    add_member(actor=ada, slug="tea", username="grace", role="owner")

    assert role_of(grace, tea) == Role.MEMBER
    assert log_of(tea) == []


@pytest.mark.parametrize("username", ["nobody", "", "Grace", "gr\0ace", "\ud800", "x" * 200, "grace\n"])
def test_nobody_cannot_be_added(ada: User, grace: User, cellar: Room, username: str) -> None:
    with pytest.raises(ChatError) as refusal:
        add_member(actor=ada, slug="cellar", username=username)

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/username", "unknown")]


def test_a_disabled_account_cannot_be_added(ada: User, grace: User, cellar: Room) -> None:
    User.objects.filter(pk=grace.pk).update(is_active=False)

    with pytest.raises(ChatError, match="validation_error"):
        add_member(actor=ada, slug="cellar", username="grace")


@pytest.mark.parametrize("role", ["", "Owner", "administrator", "Moderator"])
def test_a_role_is_one_of_three(ada: User, grace: User, tea: Room, role: str) -> None:
    for command in (add_member, change_role):
        with pytest.raises(ChatError) as refusal:
            command(actor=ada, slug="tea", username="grace", role=role)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/role", "invalid_choice")]


# Going


def test_leaving_is_told(grace: User, tea: Room) -> None:
    leave_room(actor=grace, slug="tea")

    assert role_of(grace, tea) is None
    assert log_of(tea) == [("member.left", "grace", "grace")]
    with pytest.raises(ChatError, match="not_found"):
        leave_room(actor=grace, slug="tea")


def test_removing_says_that_it_was_another(ada: User, grace: User, tea: Room) -> None:
    remove_member(actor=ada, slug="tea", username="grace")

    assert log_of(tea) == [("member.left", "ada", "grace")]
    assert Change.objects.get(room=tea, seq=tea.last_seq + 1).data == {"removed": True}
    with pytest.raises(ChatError, match="not_found"):
        remove_member(actor=ada, slug="tea", username="grace")


def test_removing_oneself_is_leaving(ada: User, grace: User, tea: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role="owner")

    remove_member(actor=ada, slug="tea", username="ada")

    assert Change.objects.get(room=tea, seq=tea.last_seq + 2).data == {"removed": False}


@pytest.mark.parametrize("username", ["nobody", "mallory", "", "gr\0ace", "\ud800"])
def test_who_is_no_member_is_not_found(ada: User, mallory: User, tea: Room, username: str) -> None:
    with pytest.raises(ChatError, match="not_found"):
        remove_member(actor=ada, slug="tea", username=username)
    with pytest.raises(ChatError, match="not_found"):
        change_role(actor=ada, slug="tea", username=username, role="owner")


def test_a_room_handed_over_has_one_owner_at_every_moment(ada: User, grace: User, mallory: User, tea: Room) -> None:
    for actor, heir, code in (
        (grace, "grace", "validation_error"),
        (grace, "ada", "forbidden"),
        (ada, "mallory", "not_found"),
    ):
        with pytest.raises(ChatError, match=code):
            hand_over(actor=actor, slug="tea", username=heir)
    assert Membership.objects.get(room=tea, role=Role.OWNER).user == ada

    hand_over(actor=ada, slug="tea", username="grace")

    assert Membership.objects.get(room=tea, role=Role.OWNER).user == grace
    assert Membership.objects.get(room=tea, user=ada).role == Role.MEMBER


@pytest.mark.parametrize(
    "command",
    [
        lambda ada: leave_room(actor=ada, slug="tea"),
        lambda ada: remove_member(actor=ada, slug="tea", username="ada"),
        lambda ada: change_role(actor=ada, slug="tea", username="ada", role="member"),
    ],
)
def test_e19_the_last_owner_stays(ada: User, grace: User, tea: Room, command: Callable[[User], object]) -> None:
    with pytest.raises(ChatError, match="last_owner"):
        command(ada)
    assert role_of(ada, tea) == Role.OWNER
    assert log_of(tea) == []

    change_role(actor=ada, slug="tea", username="grace", role="owner")
    command(ada)
    assert role_of(ada, tea) != Role.OWNER


# Roles


def test_a_new_role_is_told_and_the_same_one_is_not(ada: User, grace: User, tea: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role="owner")
    change_role(actor=ada, slug="tea", username="grace", role="owner")

    assert role_of(grace, tea) == Role.OWNER
    assert log_of(tea) == [("member.updated", "ada", "grace")]


def test_e19_nobody_promotes_themselves(grace: User, mallory: User, tea: Room) -> None:
    for actor in (grace, mallory):
        with pytest.raises(ChatError, match="forbidden"):
            change_role(actor=actor, slug="tea", username=actor.username, role="owner")
        with pytest.raises(ChatError, match="forbidden"):
            add_member(actor=actor, slug="tea", username=actor.username, role="owner")

    assert role_of(grace, tea) == Role.MEMBER
    assert role_of(mallory, tea) is None


# At the same moment


def at_once(*commands: Callable[[], object]) -> list[str]:
    """Run the commands in threads of their own; gives `done` or the code of the refusal for each, in order."""

    def answer(command: Callable[[], object]) -> str:
        try:
            command()
        except ChatError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(commands)) as threads:
        return list(threads.map(answer, commands))


@pytest.mark.django_db(transaction=True)
def test_e20_joining_from_many_windows_at_once_joins_once(mallory: User, tea: Room) -> None:
    answers = at_once(*[lambda: join_room(actor=mallory, slug="tea")] * 6)

    assert answers == ["done"] * 6
    assert log_of(tea) == [("member.joined", "mallory", "mallory")]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_go_at_once_leave_one(ada: User, grace: User, tea: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role="owner")

    answers = at_once(
        lambda: leave_room(actor=ada, slug="tea"),
        lambda: leave_room(actor=grace, slug="tea"),
        lambda: remove_member(actor=ada, slug="tea", username="grace"),
        lambda: change_role(actor=grace, slug="tea", username="ada", role="member"),
    )

    assert set(answers) <= {"done", "last_owner", "forbidden", "not_found"}
    assert Membership.objects.filter(room=tea, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_c19_no_message_of_a_removed_person_follows_the_removal(ada: User, grace: User, cellar: Room) -> None:
    add_member(actor=ada, slug="cellar", username="grace")

    def write() -> None:
        for number in range(20):
            post_message(actor=grace, slug="cellar", text=f"{number}")

    answers = at_once(write, write, lambda: remove_member(actor=ada, slug="cellar", username="grace"))

    assert answers[2] == "done"
    removal = Change.objects.get(room=cellar, kind="member.left").seq
    assert not Message.objects.filter(room=cellar, author=grace, seq__gt=removal).exists()
    assert set(answers[:2]) <= {"done", "not_found"}


# Open sockets


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "go",
    [
        lambda ada: leave_room(actor=ada, slug="cellar"),
        lambda ada: remove_member(actor=ada, slug="cellar", username="ada"),
    ],
)
async def test_whoever_leaves_a_private_room_hears_nothing_more(
    ada: User, grace: User, cellar: Room, go: Callable[[User], object]
) -> None:
    await run(add_member)(actor=ada, slug="cellar", username="grace", role="owner")
    async with joined("cellar", ada) as gone, joined("cellar", grace) as stays:
        await run(go)(ada)
        await run(post_message)(actor=grace, slug="cellar", text="now we can talk")

        assert await gone.closed(timeout=1) == 4403
        assert (await stays.next("message"))["value"] == "now we can talk"
    assert not [frame for frame in gone.skipped if frame["type"] in {"message", "member.left"}]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_whoever_leaves_a_public_room_may_read_on(grace: User, tea: Room) -> None:
    async with joined("tea", grace) as socket:
        await run(leave_room)(actor=grace, slug="tea")

        left = await socket.next("member.left")
        assert (left["user"]["username"], left["removed"]) == ("grace", False)
        assert await socket.sync() == left["seq"]


def test_joining_costs_as_many_queries_in_a_room_of_a_hundred(mallory: User, ada: User, tea: Room) -> None:
    def queries(user: User) -> int:
        with CaptureQueriesContext(connection) as captured:
            join_room(actor=user, slug="tea")
        return len(captured)

    few = queries(mallory)
    for number in range(100):
        join_room(actor=User.objects.create_user(f"person-{number}"), slug="tea")

    assert few <= 11, (
        "a savepoint and its end, the room, its members, bans, the place, invitations, the number, the change"
    )
    assert queries(User.objects.create_user("latecomer")) == few
