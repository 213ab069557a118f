"""Bans: who is kept out, by whom, for how long; and that it holds everywhere and ends by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.utils import timezone

from accounts.models import User
from chat.live import live
from chat.posting import post_message
from foundation import hub as hub_module
from foundation.errors import ChatError
from rooms import bans
from rooms.bans import ban_person, bans_in, lift_ban
from rooms.directory import visible_rooms
from rooms.invitations import invite_person
from rooms.membership import add_member, change_role, join_room, remove_member
from rooms.models import AuditEntry, Ban, Change, Membership, Role, Room
from rooms.policies import room_for
from tests.sockets import joined, opened

pytestmark = pytest.mark.django_db
SOON = timedelta(days=1)


@pytest.fixture
def hedy(ada: User, tea: Room) -> User:
    """A moderator of the tea room."""
    hedy = User.objects.create_user(username="hedy")
    add_member(actor=ada, slug="tea", username="hedy", role=Role.MODERATOR)
    return hedy


def refused(code: str, command: Any, **arguments: Any) -> ChatError:
    with pytest.raises(ChatError) as caught:
        command(**arguments)
    assert caught.value.code == code, caught.value
    return caught.value


def kinds(room: Room) -> list[str]:
    return list(Change.objects.filter(room=room).order_by("seq").values_list("kind", flat=True))


def test_a_member_who_is_banned_is_out_and_stays_out(ada: User, grace: User, tea: Room) -> None:
    ban, new = ban_person(actor=ada, slug="tea", username="grace", reason="Rude")

    assert new
    assert (ban.by, ban.reason, ban.until) == (ada, "Rude", None)
    assert kinds(tea)[-2:] == ["member.left", "member.banned"]
    assert not Membership.objects.filter(room=tea, user=grace).exists()
    refused("forbidden", room_for, user=grace, slug="tea")
    refused("forbidden", join_room, actor=grace, slug="tea")
    refused("forbidden", post_message, actor=grace, slug="tea", text="let me in")
    refused("banned", add_member, actor=ada, slug="tea", username="grace")
    refused("banned", invite_person, actor=ada, slug="tea", username="grace")
    assert not visible_rooms(grace).filter(slug="tea").exists()


def test_the_reason_is_not_in_the_log_that_everybody_reads(ada: User, grace: User, tea: Room) -> None:
    ban_person(actor=ada, slug="tea", username="grace", reason="Rude")

    assert Change.objects.get(room=tea, kind="member.banned").data == {"until": None}


def test_who_never_came_and_who_left_can_be_banned(ada: User, grace: User, mallory: User, tea: Room) -> None:
    remove_member(actor=ada, slug="tea", username="grace")

    for username in ("grace", "mallory"):
        assert ban_person(actor=ada, slug="tea", username=username)[1]

    assert kinds(tea)[-3:] == ["member.left", "member.banned", "member.banned"]


def test_banning_again_changes_the_terms_and_says_nothing_twice(ada: User, grace: User, tea: Room) -> None:
    ban_person(actor=ada, slug="tea", username="grace", reason="Rude")
    until = timezone.now() + SOON

    ban, new = ban_person(actor=ada, slug="tea", username="grace", reason="Rather rude", until=until)

    assert not new
    assert (ban.reason, ban.until) == ("Rather rude", until)
    assert kinds(tea).count("member.banned") == 1
    assert Ban.objects.count() == 1


def test_a_ban_ends_by_itself_and_can_be_made_anew(
    ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ban_person(actor=ada, slug="tea", username="grace", until=timezone.now() + SOON)
    assert bans_in(actor=ada, slug="tea").count() == 1

    Ban.objects.update(until=timezone.now() - timedelta(seconds=1))

    assert bans_in(actor=ada, slug="tea").count() == 0
    refused("not_found", lift_ban, actor=ada, slug="tea", username="grace")
    join_room(actor=grace, slug="tea")
    assert ban_person(actor=ada, slug="tea", username="grace")[1]
    assert kinds(tea).count("member.banned") == 2


def test_a_lifted_ban_lets_a_person_join_again(ada: User, grace: User, tea: Room) -> None:
    ban_person(actor=ada, slug="tea", username="grace")

    lift_ban(actor=ada, slug="tea", username="grace")

    assert not Membership.objects.filter(room=tea, user=grace).exists(), "nothing brings them back by itself"
    assert join_room(actor=grace, slug="tea").role == Role.MEMBER
    refused("not_found", lift_ban, actor=ada, slug="tea", username="grace")


def test_a_moderator_bans_members_and_strangers_and_nobody_above(
    ada: User, grace: User, mallory: User, hedy: User, tea: Room
) -> None:
    for username in ("grace", "mallory"):
        assert ban_person(actor=hedy, slug="tea", username=username)[1]

    refused("forbidden", ban_person, actor=hedy, slug="tea", username="ada")
    lift_ban(actor=hedy, slug="tea", username="grace")
    add_member(actor=ada, slug="tea", username="grace", role=Role.MODERATOR)
    refused("forbidden", ban_person, actor=hedy, slug="tea", username="grace")


def test_a_member_bans_nobody_and_reads_no_bans(grace: User, mallory: User, tea: Room) -> None:
    refused("forbidden", ban_person, actor=grace, slug="tea", username="mallory")
    refused("forbidden", lift_ban, actor=grace, slug="tea", username="mallory")
    refused("forbidden", bans_in, actor=grace, slug="tea")


def test_nobody_bans_the_administrator_themselves_or_nobody(ada: User, administrator: User, tea: Room) -> None:
    refused("forbidden", ban_person, actor=ada, slug="tea", username="root-of-all")
    refused("validation_error", ban_person, actor=ada, slug="tea", username="ada")
    refused("not_found", ban_person, actor=ada, slug="tea", username="nobody")
    refused("not_found", ban_person, actor=ada, slug="tea", username="gr\0ace")
    assert not Ban.objects.exists()


def test_the_last_owner_cannot_be_banned(ada: User, administrator: User, tea: Room) -> None:
    refused("last_owner", ban_person, actor=administrator, slug="tea", username="ada")

    assert not Ban.objects.exists(), "nothing of it was kept"
    change_role(actor=ada, slug="tea", username="grace", role=Role.OWNER)
    assert ban_person(actor=administrator, slug="tea", username="ada")[1]


def test_nobody_is_banned_from_a_direct_room(ada: User, grace: User) -> None:
    from rooms.direct import open_direct

    room, _ = open_direct(actor=ada, usernames=["grace"])

    refused("forbidden", ban_person, actor=ada, slug=room.slug, username="grace")


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("reason", {"reason": "x" * 501}),
        ("reason", {"reason": "two\nlines"}),
        ("reason", {"reason": "nul\0"}),
        ("until", {"until": datetime(2020, 1, 1, tzinfo=UTC)}),
        ("until", {"until": datetime(2099, 1, 1)}),
    ],
)
def test_bad_terms_are_refused_and_change_nothing(
    ada: User, grace: User, tea: Room, field: str, terms: dict[str, Any]
) -> None:
    error = refused("validation_error", ban_person, actor=ada, slug="tea", username="grace", **terms)

    assert error.errors[0].pointer == f"/{field}"
    assert Membership.objects.filter(room=tea, user=grace).exists()
    assert not Ban.objects.exists()


def test_an_archived_room_still_keeps_people_out(ada: User, mallory: User, tea: Room) -> None:
    Room.objects.update(archived_at=timezone.now())

    assert ban_person(actor=ada, slug="tea", username="mallory")[1]

    refused("forbidden", room_for, user=mallory, slug="tea")


def test_every_ban_is_audited_with_its_reason(ada: User, grace: User, tea: Room) -> None:
    ban_person(actor=ada, slug="tea", username="grace", reason="Rude")
    lift_ban(actor=ada, slug="tea", username="grace")

    entries = AuditEntry.objects.filter(room=tea, subject=grace).order_by("pk")
    assert [(entry.action, entry.reason) for entry in entries][-2:] == [("person.banned", "Rude"), ("ban.lifted", "")]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["grace", "mallory"])
async def test_t4_the_sockets_of_a_banned_person_close_although_every_hint_is_lost(
    ada: User, grace: User, mallory: User, tea: Room, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RECONCILE_INTERVAL_S", 0.05)
    people = {"grace": grace, "mallory": mallory}
    async with joined("tea", people[who]) as loses, joined("tea", ada) as keeps:
        hub = live().hub
        hub.on |= dict.fromkeys(("frames", "evict"), lambda message: None)

        await run(ban_person)(actor=ada, slug="tea", username=who)
        await run(post_message)(actor=ada, slug="tea", text="now we can talk")

        assert await loses.closed(timeout=2) == 4403
        assert (await keeps.next("message"))["value"] == "now we can talk"
    assert {frame["type"] for frame in loses.skipped} <= {"presence", "error"}
    [banned] = [frame for frame in keeps.skipped if frame["type"] == "member.banned"]
    assert (banned["user"]["username"], banned["until"]) == (who, None)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_banned_person_does_not_come_in_by_a_socket(ada: User, mallory: User, tea: Room) -> None:
    await run(ban_person)(actor=ada, slug="tea", username="mallory")

    async with opened("/ws/chat/tea/", mallory) as socket:
        assert await socket.closed() == 4403
        assert socket.skipped[-1]["code"] == "forbidden"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_who_was_banned_and_let_in_again_resumes_over_both(ada: User, grace: User, tea: Room) -> None:
    until = timezone.now() + SOON
    await run(ban_person)(actor=ada, slug="tea", username="grace", until=until)
    await run(bans.lift_ban)(actor=ada, slug="tea", username="grace")
    await run(join_room)(actor=grace, slug="tea")

    async with joined("tea", grace, after=tea.last_seq) as socket:
        frames = [await socket.frame() for _ in range(3)]

    assert [frame["type"] for frame in frames] == ["member.left", "member.banned", "member.joined"]
    assert datetime.fromisoformat(frames[1]["until"]) == until
