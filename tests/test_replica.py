"""What a client read, and what it then hears, are together what it would read later: for every kind of change."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from chat import posting
from chat.editing import edit_message
from chat.erasing import ban_and_purge, delete_message
from chat.frames import message_frame
from chat.history import log_after, page
from chat.models import Message
from chat.pinning import pin_message, unpin_message
from chat.posting import post_message
from chat.reacting import react, unreact
from foundation.errors import ChatError
from foundation.publishing import Entry
from rooms import bans, log
from rooms.lifecycle import open_room, update_room
from rooms.membership import add_member, change_role, join_room, leave_room, remove_member
from rooms.models import ChangeKind, Membership, Room
from tests.replica import Frame, Replica

pytestmark = pytest.mark.django_db
NUMBERS = count(1)
TEXTS = ("hello", "**bold** and `code`", "@grace and @room", "two\nlines", "@mallory", ":tada:")
EMOJI = ("👍", "🎉", "🫖")
Action = tuple[Any, ...]
ACTIONS: dict[str, Callable[[User, str, int, str], object]] = {
    "post": lambda who, slug, seq, word: post_message(actor=who, slug=slug, text=word),
    "reply": lambda who, slug, seq, word: post_message(actor=who, slug=slug, text=word, reply_to=seq),
    "edit": lambda who, slug, seq, word: edit_message(actor=who, slug=slug, seq=seq, text=word),
    "delete": lambda who, slug, seq, word: delete_message(actor=who, slug=slug, seq=seq),
    "react": lambda who, slug, seq, word: react(actor=who, slug=slug, seq=seq, emoji=EMOJI[len(word) % 3]),
    "unreact": lambda who, slug, seq, word: unreact(actor=who, slug=slug, seq=seq, emoji=EMOJI[len(word) % 3]),
    "pin": lambda who, slug, seq, word: pin_message(actor=who, slug=slug, seq=seq),
    "unpin": lambda who, slug, seq, word: unpin_message(actor=who, slug=slug, seq=seq),
    "join": lambda who, slug, seq, word: join_room(actor=who, slug=slug),
    "leave": lambda who, slug, seq, word: leave_room(actor=who, slug=slug),
    "add": lambda who, slug, seq, word: add_member(actor=who, slug=slug, username="mallory"),
    "remove": lambda who, slug, seq, word: remove_member(actor=who, slug=slug, username="grace"),
    "promote": lambda who, slug, seq, word: change_role(actor=who, slug=slug, username="grace", role="moderator"),
    "purge": lambda who, slug, seq, word: ban_and_purge(actor=who, slug=slug, username="mallory"),
    "forgive": lambda who, slug, seq, word: bans.lift_ban(actor=who, slug=slug, username="mallory"),
    "topic": lambda who, slug, seq, word: update_room(actor=who, slug=slug, topic=word.replace("\n", " ")),
    "rest": lambda who, slug, seq, word: update_room(actor=who, slug=slug, archived=True),
    "wake": lambda who, slug, seq, word: update_room(actor=who, slug=slug, archived=False),
}
# What makes messages and reactions is tried more often than what ends them.
OFTEN = [
    *["post"] * 6 + ["reply"] * 4 + ["react"] * 6 + ["unreact"] * 2,
    *["edit"] * 4 + ["pin"] * 4 + ["delete"] * 2 + ["join"] * 2 + ["wake"] * 2,
]
WHO = (0, 0, 1, 2)  # ada, who may do most, more often
HISTORIES = st.lists(
    st.tuples(st.sampled_from([*ACTIONS, *OFTEN]), st.sampled_from(WHO), st.integers(0, 5), st.sampled_from(TEXTS)),
    min_size=5,
    max_size=40,
)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """The frames that sockets get, in the order in which they are published."""
    frames: list[Frame] = []

    def publish(group: str, first_seq: int, entries: list[Entry]) -> None:
        frames.extend(json.loads(entry.frame) for entry in entries)

    monkeypatch.setattr(posting, "publish", publish)
    monkeypatch.setattr(log, "publish", publish)
    return frames


def read(actor: User, slug: str) -> Replica:
    """The room as somebody reads it now."""
    room = Room.objects.get(slug=slug)
    messages = list(_messages(actor, slug))
    members = dict(Membership.objects.filter(room=room).values_list("user__username", "role"))
    return Replica(messages, members, {"topic": room.topic, "archived": room.archived})


def _messages(actor: User, slug: str) -> Iterator[Frame]:
    after, more = 0, True
    while more:
        found = page(actor=actor, slug=slug, after=after, limit=7)
        for message in found.messages:
            yield json.loads(msgspec.json.encode(message_frame(message, slug)))
            after = message.seq
        more = found.has_newer


def _some_message(slug: str, which: int) -> int:
    seqs = Message.objects.filter(room__slug=slug).values_list("seq", flat=True)
    return seqs[which % len(seqs)] if seqs else 1


def state(replica: Replica) -> tuple[Any, ...]:
    return replica.messages, replica.members, replica.room


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORIES, cut=st.integers(0, 40))
def test_what_was_read_and_what_was_heard_is_what_is_read_later(
    history: list[Action], cut: int, heard: list[Frame], ada: User, grace: User, mallory: User
) -> None:
    slug = f"room-{next(NUMBERS)}"
    open_room(actor=ada, name=slug, slug=slug)
    everybody = (ada, grace, mallory)
    heard.clear()
    early, known = read(ada, slug), 0
    for number, (action, who, which, word) in enumerate(history):
        if number == cut:
            early, known = read(ada, slug), len(heard)
        before = len(heard)
        try:
            ACTIONS[action](everybody[who], slug, _some_message(slug, which), word)
        except ChatError:
            del heard[before:]  # what is refused in the end is undone, and not heard
    now = read(ada, slug)
    entries = log_after(actor=ada, slug=slug, after=0, limit=500).entries
    logged = [json.loads(entry.frame) for entry in entries]
    assert [frame["seq"] for frame in heard] == [frame["seq"] for frame in logged] == list(range(1, len(logged) + 1))

    for name, frames in (("live", heard[known:]), ("resumed", logged[known:])):
        replica = Replica(list(early.messages.values()), early.members, early.room)
        for frame in frames:
            replica.take(frame)
        assert state(replica) == state(now), name
    from_nothing = Replica([], {"ada": "owner"}, {"topic": "", "archived": False})
    for frame in logged:
        from_nothing.take(frame)
    assert state(from_nothing) == state(now)


def test_every_kind_of_change_is_among_them(
    heard: list[Frame], ada: User, grace: User, mallory: User, tea: Room
) -> None:
    heard.clear()
    asked = ["post", "edit", "react", "unreact", "pin", "unpin", "delete", "add", "promote", "purge", "topic", "remove"]
    for action in asked:
        ACTIONS[action](ada, "tea", 2, "hello" if action == "post" else "bye")

    kinds = {frame["type"] for frame in heard}
    assert kinds == {"message", *ChangeKind.values}
