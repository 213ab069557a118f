"""What rooms may be called: names that look alike are one name, and addresses tell nothing."""

import importlib
import re
from typing import Any

import pytest
from django.apps import apps

from accounts.models import User
from foundation.errors import ChatError
from rooms.lifecycle import delete_room, open_room, update_room
from rooms.models import Room
from rooms.names import name_key
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("Tea", "TEA"),
        ("Tea", "Ｔｅａ"),
        ("Tea", "\u0422\u0435\u0430"),  # Cyrillic
        ("kai", "\u03ba\u03b1\u03b9"),  # Greek
        ("Tea", "T\u200dea"),
        ("Tea  time", "Tea time"),
        ("Tea time", "Tea\u00a0time"),
        ("Tool", "T00l"),
        ("Straße", "STRASSE"),
        ("ﬁle", "file"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("\u212a", "k"),
    ],
)
def test_names_that_look_alike_have_one_key(name: str, twin: str) -> None:
    assert name_key(name) == name_key(twin)


@pytest.mark.parametrize(("name", "other"), [("Tea", "Teas"), ("Café", "Cafe"), ("茶", "水"), ("Tea 1", "Tea 2")])
def test_other_names_have_other_keys(name: str, other: str) -> None:
    assert name_key(name) != name_key(other)


def test_a_key_fits_its_column() -> None:
    longest = "\ufdfa" * 80  # one character that NFKC makes eighteen

    assert len(name_key(longest)) <= (Room._meta.get_field("name_key").max_length or 0)


def test_a_name_that_is_a_letter_apart_in_another_script_is_confusable(mallory: User, tea: Room) -> None:
    for name, code in (("tea", "taken"), ("T\u0435a", "confusable"), ("\uff34ea", "confusable")):
        with pytest.raises(ChatError, match="name_taken") as refusal:
            open_room(actor=mallory, name=name, slug="another")
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/name", code)]


@pytest.mark.parametrize("name", ["\u0430dmin", "Parl0r", "\uff33upport", "EVERYONE", "Moderator", "\u0455ystem"])
def test_a_name_that_looks_like_a_reserved_one_is_reserved(ada: User, name: str) -> None:
    with pytest.raises(ChatError, match="validation_error") as refusal:
        open_room(actor=ada, name=name, slug="mine")

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/name", "reserved")]


def test_a_private_room_may_be_called_like_any_other(ada: User, mallory: User, tea: Room) -> None:
    assert open_room(actor=mallory, name="Tea", kind="private").name == "Tea"
    assert open_room(actor=ada, name="Tea", kind="private").name == "Tea"


def test_a_private_room_takes_its_name_when_it_becomes_public(ada: User, tea: Room, cellar: Room) -> None:
    update_room(actor=ada, slug="cellar", name="TEA")

    with pytest.raises(ChatError, match="name_taken") as refusal:
        update_room(actor=ada, slug="cellar", kind="public")

    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/name", "taken")]
    assert Room.objects.get(slug="cellar").kind == "private", "nothing was changed"
    update_room(actor=ada, slug="cellar", name="Cellar", kind="public")
    with pytest.raises(ChatError, match="name_taken"):
        open_room(actor=ada, name="Cellar")


def test_a_room_may_change_how_its_own_name_is_written(ada: User, tea: Room) -> None:
    assert update_room(actor=ada, slug="tea", name="TEA").name == "TEA"


def test_a_name_is_free_again_when_its_room_is_renamed_private_or_deleted(ada: User, tea: Room) -> None:
    update_room(actor=ada, slug="tea", name="Coffee")
    second = open_room(actor=ada, name="Tea")
    update_room(actor=ada, slug=second.slug, kind="private")
    third = open_room(actor=ada, name="Tea")
    delete_room(actor=ada, slug=third.slug)

    assert open_room(actor=ada, name="Tea").slug.startswith("tea-")


@pytest.mark.parametrize("hidden", [True, False])
def test_an_address_made_of_a_name_does_not_say_what_is_hidden(ada: User, mallory: User, hidden: bool) -> None:
    if hidden:
        open_room(actor=ada, name="Cellar", kind="private")

    assert open_room(actor=mallory, name="Cellar").slug == "cellar"


def test_an_address_that_was_another_rooms_gets_a_random_end(ada: User, mallory: User, cellar: Room, tea: Room) -> None:
    delete_room(actor=ada, slug="tea")

    for name in ("Cellar", "Tea"):
        assert re.fullmatch(rf"{name.lower()}-[0-9a-f]{{6}}", open_room(actor=mallory, name=name).slug)


@pytest.mark.django_db(transaction=True)
def test_of_rooms_whose_names_look_alike_opened_at_once_one_is_opened(ada: User) -> None:
    names = ["Tea", "TEA", "T\u0435a", "\u0422ea"]

    answers = at_once(
        *(
            lambda name=name, number=number: open_room(actor=ada, name=name, slug=f"tea-{number}")
            for number, name in enumerate(names)
        )
    )

    assert sorted(answers) == ["done", *["name_taken"] * 3]


@pytest.mark.django_db(transaction=True)
def test_of_rooms_renamed_alike_at_once_one_is_renamed(ada: User) -> None:
    slugs = [open_room(actor=ada, name=f"Room {number}").slug for number in range(3)]

    answers = at_once(*(lambda slug=slug: update_room(actor=ada, slug=slug, name="Tea") for slug in slugs))

    assert sorted(answers) == ["done", *["name_taken"] * 2]
    assert Room.objects.filter(name="Tea").count() == 1


def test_the_migration_gives_each_room_its_key_and_a_name_to_the_oldest(ada: User, lobby: Room) -> None:
    for number, (name, kind) in enumerate((("Tea", "public"), ("TEA", "public"), ("Tea", "private"), ("Pu", "public"))):
        Room.objects.create(slug=f"old-{number}", name=name, kind=kind)
    migration: Any = importlib.import_module("rooms.migrations.0003_name_keys")

    migration.fill(apps, None)
    migration.fill(apps, None)

    keys = dict(Room.objects.filter(slug__startswith="old-").values_list("slug", "name_key"))
    assert keys == {"old-0": name_key("Tea"), "old-1": "", "old-2": name_key("Tea"), "old-3": name_key("Pu")}
