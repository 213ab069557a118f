"""Opening, changing and deleting rooms."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async as run
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from foundation.errors import ChatError
from rooms.lifecycle import delete_room, ensure_lobby, open_room, update_room
from rooms.membership import join_room
from rooms.models import Change, Guests, Membership, Role, Room
from rooms.names import RESERVED_SLUGS
from tests.sockets import joined

pytestmark = pytest.mark.django_db


def refused(**room: Any) -> tuple[str, list[tuple[str, str]]]:
    """The code of the refusal, and what was wrong with which value."""
    with pytest.raises(ChatError) as refusal:
        open_room(**room)
    return refusal.value.code, [(error.pointer, error.code) for error in refusal.value.errors]


def test_whoever_opens_a_room_owns_it(ada: User) -> None:
    room = open_room(actor=ada, name="Green Tea")

    assert (room.slug, room.kind, room.guests, room.last_seq) == ("green-tea", "public", "none", 0)
    assert room.created_by == ada
    assert [(each.user, each.role) for each in Membership.objects.filter(room=room)] == [(ada, Role.OWNER)]


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Tea & Cake!", "tea-cake"), ("  Tea  ", "tea"), ("Café", "cafe"), ("x" * 80, "x" * 56), ("__Tea__", "tea")],
)
def test_the_address_is_made_of_the_name(ada: User, name: str, slug: str) -> None:
    assert open_room(actor=ada, name=name).slug == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [("茶室", "chashi"), ("Чай", "chay"), ("τσάι", "tsai"), ("🫖", "teapot"), ("!!!", r"room-[0-9a-f]{6}")],
)
def test_a_name_in_any_script_has_an_address_in_ascii(ada: User, name: str, slug: str) -> None:
    room = open_room(actor=ada, name=name)

    assert room.name == name
    assert re.fullmatch(slug, room.slug)


def test_a_private_rooms_address_cannot_be_guessed_from_its_name(ada: User, grace: User) -> None:
    first = open_room(actor=ada, name="Cellar", kind="private")
    second = open_room(actor=grace, name="Cellar", kind="private")

    assert re.fullmatch(r"cellar-[0-9a-f]{6}", first.slug)
    assert first.slug != second.slug


def test_e16_a_private_rooms_name_is_free_for_others(mallory: User, cellar: Room) -> None:
    assert open_room(actor=mallory, name=cellar.name).name == cellar.name


def test_e16_a_public_rooms_address_is_taken(mallory: User, tea: Room) -> None:
    assert refused(actor=mallory, name="Another", slug="tea") == ("name_taken", [("/slug", "taken")])

    assert not Membership.objects.filter(user=mallory).exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "blank"),
        (" \t\n", "blank"),
        ("...", "blank"),
        (". .", "blank"),
        ("\u200b\ufeff", "blank"),
        ("x" * 81, "max_length"),
        ("a\0b", "control_character"),
        ("a\nb", "control_character"),
        ("a\x1b[31mb", "control_character"),
        ("a\u2028b", "control_character"),
        ("\u202enimda", "control_character"),
        ("ad\u200bmin", "control_character"),
        ("half \ud800", "control_character"),
        ("admin", "reserved"),
        ("API", "reserved"),
    ],
)
def test_e15_a_name_that_is_none_is_refused(ada: User, name: str, code: str) -> None:
    assert refused(actor=ada, name=name) == ("validation_error", [("/name", code)])


@pytest.mark.parametrize(
    "name", ["x" * 80, "👩‍👩‍👧", "Chambre 4.2", "日本語", "'; DROP TABLE rooms_room; --", "{{7*7}}"]
)
def test_any_other_name_is_kept_as_it_is(ada: User, name: str) -> None:
    room = open_room(actor=ada, name=name)

    assert Room.objects.get(pk=room.pk).name == name


def test_a_name_is_kept_in_one_form_of_unicode(ada: User) -> None:
    assert open_room(actor=ada, name="Cafe\u0301").name == "Caf\u00e9"


@pytest.mark.parametrize("slug", ["", "Tea", "-tea", "te a", "té", "tea\n", "x" * 65, "a/b", "..", "te\0a"])
def test_an_address_has_a_form(ada: User, slug: str) -> None:
    assert refused(actor=ada, name="Room", slug=slug) == ("validation_error", [("/slug", "invalid")])


@pytest.mark.parametrize("slug", [*sorted(RESERVED_SLUGS), "dm-0123456789abcdef"])
def test_some_addresses_are_ours(ada: User, slug: str) -> None:
    assert refused(actor=ada, name="Room", slug=slug) == ("validation_error", [("/slug", "reserved")])


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("topic", "x" * 251, "max_length"),
        ("topic", "a\nb", "control_character"),
        ("description", "x" * 1001, "max_length"),
        ("description", "a\u202eb", "control_character"),
        ("description", "a\0b", "control_character"),
        ("kind", "secret", "invalid_choice"),
        ("kind", "", "invalid_choice"),
        ("kind", "direct", "invalid_choice"),
        ("posting", "nobody", "invalid_choice"),
        ("slow_mode_s", -1, "out_of_range"),
        ("slow_mode_s", 21_601, "out_of_range"),
        ("guests", "all", "invalid_choice"),
    ],
)
def test_a_value_that_is_none_is_refused_at_both_doors(ada: User, tea: Room, field: str, value: Any, code: str) -> None:
    assert refused(actor=ada, name="Room", **{field: value}) == ("validation_error", [(f"/{field}", code)])

    with pytest.raises(ChatError) as refusal:
        update_room(actor=ada, slug="tea", **{field: value})
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [(f"/{field}", code)]
    assert Room.objects.get(pk=tea.pk).last_seq == tea.last_seq


def test_a_private_room_is_closed_to_guests(ada: User, lobby: Room, administrator: User) -> None:
    assert refused(actor=ada, name="Room", kind="private", guests="read") == (
        "validation_error",
        [("/guests", "private_room")],
    )
    with pytest.raises(ChatError, match="validation_error"):
        update_room(actor=administrator, slug="lobby", kind="private")

    assert update_room(actor=administrator, slug="lobby", kind="private", guests="none").kind == "private"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_same_room_at_once_one_owns_it(ada: User, grace: User) -> None:
    def open_it(actor: User) -> str:
        try:
            open_room(actor=actor, name="Tea")
        except ChatError as error:
            return error.code
        finally:
            connection.close()
        return "opened"

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(open_it, [ada, grace] * 4))

    assert sorted(answers) == ["name_taken"] * 7 + ["opened"]
    assert Membership.objects.filter(room__slug="tea").count() == 1


# Changing


def test_a_change_is_in_the_log_with_what_is_new(ada: User, tea: Room) -> None:
    room = update_room(actor=ada, slug="tea", name=" Green tea ", topic=tea.topic, guests="read")

    change = Change.objects.get(room=tea, seq=tea.last_seq + 1)
    assert (change.kind, change.actor) == ("room.updated", ada)
    assert change.data == {"changes": {"name": "Green tea", "guests": "read"}}
    assert (room.name, room.slug, room.last_seq) == ("Green tea", "tea", tea.last_seq + 1)


def test_what_is_the_same_already_is_no_change(ada: User, tea: Room) -> None:
    update_room(actor=ada, slug="tea", name="Tea", topic="No coffee", kind="public", guests="none")
    update_room(actor=ada, slug="tea")

    assert Room.objects.get(pk=tea.pk).last_seq == tea.last_seq


@pytest.mark.parametrize("field", ["last_seq", "created_by", "created_at", "id"])
def test_t20_what_may_not_be_changed_cannot_even_be_said(ada: User, tea: Room, field: str) -> None:
    change: Any = {field: "7"}

    with pytest.raises(TypeError):
        update_room(actor=ada, slug="tea", **change)


def test_a_member_changes_nothing(grace: User, tea: Room) -> None:
    with pytest.raises(ChatError, match="forbidden"):
        update_room(actor=grace, slug="tea", name="Coffee")

    assert Room.objects.get(pk=tea.pk).name == "Tea"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_whoever_loses_the_room_does_not_hear_its_new_name(
    ada: User, grace: User, mallory: User, tea: Room
) -> None:
    await run(update_room)(actor=ada, slug="tea", guests="read")
    async with joined("tea", grace) as member, joined("tea", mallory) as passer_by, joined("tea") as guest:
        await run(update_room)(actor=ada, slug="tea", name="Secret", kind="private", guests="none")

        assert (await member.next("room.updated"))["changes"]["name"] == "Secret"
        assert await passer_by.closed(timeout=1) == await guest.closed(timeout=1) == 4404
    heard = passer_by.skipped + guest.skipped
    assert {frame["type"] for frame in heard} <= {"presence", "error"}
    assert "Secret" not in str(heard)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_room_closed_to_guests_closes_their_sockets_only(ada: User, mallory: User, lobby: Room) -> None:
    await run(Membership.objects.create)(room=lobby, user=ada, role=Role.OWNER)
    async with joined("lobby") as guest, joined("lobby", mallory) as passer_by:
        await run(update_room)(actor=ada, slug="lobby", guests="none")

        assert await guest.closed(timeout=1) == 4401
        assert (await passer_by.next("room.updated"))["changes"] == {"guests": "none"}


# The lobby


def test_the_lobby_cannot_be_deleted(administrator: User, lobby: Room) -> None:
    with pytest.raises(ChatError, match="forbidden"):
        delete_room(actor=administrator, slug="lobby")

    assert Room.objects.filter(slug="lobby").exists()


def test_the_lobby_is_there_after_migrate_and_stays_as_it_is(ada: User, lobby: Room) -> None:
    join_room(actor=ada, slug="lobby")

    call_command("migrate", verbosity=0)

    assert Room.objects.get(slug="lobby").last_seq == 1


@pytest.mark.parametrize(("embedded", "guests"), [(True, Guests.WRITE), (False, Guests.NONE)])
def test_the_lobby_is_open_to_guests_in_the_embedded_default_only(settings: Any, embedded: bool, guests: str) -> None:
    Room.objects.filter(slug="lobby").delete()
    settings.EMBEDDED = embedded

    ensure_lobby()

    assert Room.objects.get(slug="lobby").guests == guests
