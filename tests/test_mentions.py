"""Mentions: who is told that a message is for them, and that nobody learns who has an account."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.test import APIClient

from accounts.models import User
from chat.editing import edit_message
from chat.formatting import render
from chat.inbox import entries, memberships, totals_of
from chat.models import Mention, Message
from chat.posting import post_message
from chat.reading import mark_read
from foundation.errors import ChatError
from rooms.membership import join_room
from rooms.models import Room
from rooms.policies import Person

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def say(actor: Person, text: str, slug: str = "tea") -> Message:
    return post_message(actor=actor, slug=slug, text=text).message


def mentions(user: User, slug: str = "tea") -> int:
    """How often somebody was mentioned in what they have not read."""
    [entry] = entries(memberships([user.pk]).filter(room__slug=slug))
    return entry.mentions


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@grace and @ada", ["grace", "ada"]),
        ("Ask @Grace.", ["grace"]),
        ("(@grace), @grace!", ["grace"]),
        ("@grace-hopper, @g", ["grace-hopper", "g"]),
        ("ada@grace.org, http://x/@grace, @@grace, @", []),
        ("@" + "x" * 33, []),
        ("@gracé", []),
        ("`@grace` and\n\n```\n@ada\n```", []),
        ("**@grace** [@ada](https://x.org) @ROOM", ["grace", "ada", "@room"]),
    ],
)
def test_a_mention_is_a_word_of_its_own(text: str, names: list[str]) -> None:
    assert list(render(text).names) == names


def test_the_message_names_those_who_are_told_and_nobody_else(ada: User, grace: User, mallory: User, tea: Room) -> None:
    message = say(ada, "@grace @mallory @nobody @ada @Grace")

    assert message.mentions == ["grace"]
    assert message.html == (
        '<p><span class="mention">@grace</span> @mallory @nobody @ada <span class="mention">@Grace</span></p>'
    )
    assert [mention.user for mention in Mention.objects.all()] == [grace]


def test_a_hidden_person_is_answered_like_nobody(api: Api, ada: User, mallory: User, tea: Room) -> None:
    def answer(name: str) -> dict[str, object]:
        found = api(ada).post("/api/rooms/tea/messages/", {"value": f"@{name}"}, format="json")
        return {**json.loads(found.content.replace(name.encode(), b"x")), "seq": 0, "sent_at": 0}

    assert answer("mallory") == answer("nobodyx")


def test_the_whole_room_is_mentioned_once_and_counts_for_each(ada: User, grace: User, tea: Room) -> None:
    message = say(ada, "@room: tea is ready, @grace")

    assert message.mentions == ["@room", "grace"]
    assert (Mention.objects.count(), mentions(grace), mentions(ada)) == (2, 2, 0)
    assert totals_of(grace).mentions == 2

    mark_read(actor=grace, slug="tea", upto=message.seq)
    assert (mentions(grace), totals_of(grace).mentions) == (0, 0)
    mark_read(actor=grace, slug="tea", upto=message.seq - 1)
    assert mentions(grace) == 2


def test_whoever_joins_later_was_not_mentioned(ada: User, mallory: User, tea: Room) -> None:
    say(ada, "@room")
    join_room(actor=mallory, slug="tea")

    assert mentions(mallory) == 0


def test_in_a_large_room_the_whole_room_needs_a_right(
    ada: User, grace: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say(grace, "@room").mentions == ["@room"]
    monkeypatch.setattr("chat.mentions.MENTION_ROOM_MEMBERS_MAX", 1)
    harmless = say(grace, "hello").seq

    for refused in (
        lambda: say(grace, "@room"),
        lambda: edit_message(actor=grace, slug="tea", seq=harmless, text="@room"),
    ):
        with pytest.raises(ChatError, match="forbidden"):
            refused()

    assert say(ada, "@room").mentions == ["@room"]
    assert Message.objects.get(room=tea, seq=harmless).text == "hello"


def test_a_guest_does_not_mention_the_whole_room(lobby: Room) -> None:
    with pytest.raises(ChatError, match="forbidden"):
        say(AnonymousUser(), "@room", slug="lobby")


def test_a_message_that_mentions_too_many_is_refused(ada: User, tea: Room) -> None:
    say(ada, " ".join(f"@p{n}" for n in range(20)))

    with pytest.raises(ChatError) as refusal:
        say(ada, " ".join(f"@p{n}" for n in range(21)))

    assert [(each.pointer, each.code) for each in refusal.value.errors] == [("/value", "too_many_mentions")]


def test_the_frame_says_who_is_mentioned(api: Api, ada: User, grace: User, tea: Room) -> None:
    answer = api(ada).post("/api/rooms/tea/messages/", {"value": "@grace, tea?"}, format="json").json()

    assert (answer["mentions"], answer["html"]) == (["grace"], '<p><span class="mention">@grace</span>, tea?</p>')
    assert "mentions" not in api(ada).post("/api/rooms/tea/messages/", {"value": "@x"}, format="json").json()
