"""Nobody finds what they may not read now, whatever was indexed, and nothing is found that is gone."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from chat import candidates, indexing
from chat.models import Message
from chat.posting import post_message
from chat.search import search
from foundation.errors import ChatError
from foundation.limits import SEQ_MAX
from rooms.bans import ban_person, lift_ban
from rooms.direct import open_direct
from rooms.directory import readable_rooms, visible_rooms
from rooms.lifecycle import delete_room, update_room
from rooms.membership import add_member, remove_member
from rooms.models import Ban, Guests, Room

pytestmark = pytest.mark.django_db


def say(actor: User, text: str, slug: str) -> None:
    post_message(actor=actor, slug=slug, text=text)


def found(actor: Any, q: str = "word", **asked: Any) -> list[str]:
    return [hit.message.text for hit in search(actor=actor, q=q, order="newest", **asked).hits]


def indexed(word: str = "word") -> list[int]:
    return candidates.newest(candidates.Match(every=[(word, False)]), below=SEQ_MAX, floor=0, count=100)


@pytest.fixture(params=[200, 1, 0], ids=["rooms_named", "one_room_named", "rows_asked"])
def named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """In every way in which the rooms get into the query."""
    most = int(request.param)
    monkeypatch.setattr("chat.search.ROOMS_NAMED_MAX", most)
    return most


def test_a_private_room_is_found_by_its_members_and_the_administrator(
    ada: User, grace: User, mallory: User, administrator: User, tea: Room, cellar: Room, named: int
) -> None:
    say(ada, "word below", "cellar")
    say(ada, "word above", "tea")

    assert found(ada) == found(administrator) == ["word above", "word below"]
    assert found(grace) == found(mallory) == ["word above"]
    with pytest.raises(ChatError, match="not_found"):
        found(mallory, room="cellar")
    assert found(mallory, author="ada") == ["word above"]


def test_a_direct_room_is_found_by_its_people_alone(
    ada: User, grace: User, mallory: User, administrator: User, named: int
) -> None:
    slug = open_direct(actor=ada, usernames=["grace"])[0].slug
    say(ada, "word between us", slug)

    assert found(ada) == found(grace) == ["word between us"]
    assert found(mallory) == found(administrator) == []
    with pytest.raises(ChatError, match="not_found"):
        found(administrator, room=slug)


def test_whoever_is_removed_finds_nothing_any_more(ada: User, grace: User, cellar: Room, named: int) -> None:
    add_member(actor=ada, slug="cellar", username="grace")
    say(ada, "word below", "cellar")
    assert found(grace) == ["word below"]

    remove_member(actor=ada, slug="cellar", username="grace")

    assert found(grace) == []


def test_whoever_is_banned_finds_nothing_while_the_ban_holds(ada: User, grace: User, tea: Room, named: int) -> None:
    say(ada, "word above", "tea")
    ban_person(actor=ada, slug="tea", username="grace", reason="", until=None)

    assert found(grace) == []
    with pytest.raises(ChatError, match="forbidden"):
        found(grace, room="tea")
    Ban.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert found(grace) == ["word above"]
    Ban.objects.update(until=None)
    lift_ban(actor=ada, slug="tea", username="grace")
    assert found(grace) == ["word above"]


def test_a_room_that_turns_private_is_found_no_more(ada: User, mallory: User, tea: Room, named: int) -> None:
    say(ada, "word above", "tea")
    assert found(mallory) == ["word above"]

    update_room(actor=ada, slug="tea", kind="private")

    assert found(mallory) == []


def test_a_page_that_was_begun_shows_nothing_of_a_right_that_is_lost(ada: User, grace: User, cellar: Room) -> None:
    add_member(actor=ada, slug="cellar", username="grace")
    for number in range(4):
        say(ada, f"word {number}", "cellar")
    for order in ("newest", "relevance"):
        cursor = search(actor=grace, q="word", order=order, limit=2).next
        assert cursor is not None
        remove_member(actor=ada, slug="cellar", username="grace")

        assert search(actor=grace, q="word", order=order, limit=2, cursor=cursor).hits == []
        add_member(actor=ada, slug="cellar", username="grace")


def test_a_guest_finds_nothing_even_where_guests_read(lobby: Room, ada: User) -> None:
    say(ada, "word in the lobby", "lobby")

    with pytest.raises(ChatError, match="unauthenticated"):
        found(AnonymousUser())


def test_an_archived_room_is_still_found(ada: User, mallory: User, tea: Room) -> None:
    say(ada, "word above", "tea")
    update_room(actor=ada, slug="tea", archived=True)

    assert found(mallory) == ["word above"]


def test_the_rooms_that_are_searched_are_those_that_are_listed(
    ada: User, grace: User, mallory: User, administrator: User, tea: Room, cellar: Room, lobby: Room
) -> None:
    open_direct(actor=ada, usernames=["grace"])
    ban_person(actor=ada, slug="tea", username="mallory", reason="", until=None)
    Room.objects.filter(pk=lobby.pk).update(guests=Guests.READ)
    for person in (ada, grace, mallory, administrator, AnonymousUser()):
        listed = set(visible_rooms(person).values_list("pk", flat=True))
        assert set(readable_rooms(person).values_list("pk", flat=True)) == listed


def test_nothing_of_a_deleted_room_is_found_nor_left_in_the_index(ada: User, tea: Room, cellar: Room) -> None:
    say(ada, "word below", "cellar")
    say(ada, "word above", "tea")

    delete_room(actor=ada, slug="cellar")

    assert found(ada) == ["word above"]
    assert len(indexed()) == 1


def test_of_a_room_too_large_to_forget_nothing_is_found_either(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "FORGOTTEN_MAX", 0)
    say(ada, "word above", "tea")

    delete_room(actor=ada, slug="tea")

    assert len(indexed()) == 1
    assert found(ada) == []


def test_what_is_forgotten_up_to_a_number_is_not_found(ada: User, tea: Room) -> None:
    for number in range(4):
        say(ada, f"word {number}", "tea")
    seqs = list(Message.objects.order_by("seq").values_list("seq", flat=True))

    indexing.forget_upto(tea, seqs[1])
    Message.objects.filter(seq__lte=seqs[1]).delete()

    assert found(ada) == ["word 3", "word 2"]
    assert len(indexed()) == 2


def test_rows_that_went_without_a_word_leave_no_ghosts(ada: User, tea: Room) -> None:
    say(ada, "word to go", "tea")
    say(ada, "word to change", "tea")
    Message.objects.filter(text="word to go").delete()
    Message.objects.filter(text="word to change").update(text="nothing of it")

    assert len(indexed()) == 2
    assert found(ada) == []


def test_the_migration_finds_old_messages_but_deleted_ones(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "AT_ONCE", 3)
    for number in range(7):
        say(ada, f"word {number} 喝茶", "tea")
    Message.objects.filter(text="word 3 喝茶").update(text="", deleted_at=timezone.now())
    migration: Any = importlib.import_module("chat.migrations.0006_search")
    with connection.schema_editor() if connection.vendor == "postgresql" else _no_editor() as editor:
        migration.drop(apps, editor)
        migration.fill(apps, editor)

    assert len(found(ada)) == len(found(ada, "喝茶")) == len(indexed()) == 6


class _no_editor:
    """SQLite's own refuses to begin inside a transaction with foreign keys, and the migration needs none."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def test_the_index_is_made_anew_by_a_command(ada: User, tea: Room, capsys: pytest.CaptureFixture[str]) -> None:
    say(ada, "word one", "tea")
    Message.objects.create(room=tea, author=ada, seq=99, text="word two, which no index has")

    call_command("rebuild_search")

    assert capsys.readouterr().out == "2 messages can be found.\n"
    assert found(ada) == ["word two, which no index has", "word one"]
