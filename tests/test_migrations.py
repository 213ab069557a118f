"""A database of the version before, with data in it, becomes one of this version, and nothing is lost."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import User
from chat import history
from chat.editing import edit_message
from chat.frames import MessageFrame, message_frame
from chat.inbox import entries, memberships
from chat.posting import post_message
from chat.reacting import react

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("accounts", "0002_session_epoch"), ("rooms", "0003_name_keys"), ("chat", "0004_count_messages")]


@pytest.fixture
def old() -> Iterator[Any]:
    """The models of the version before, over its tables; afterwards the tables are those of today."""
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    yield executor.loader.project_state(BEFORE).apps
    MigrationExecutor(connection).migrate(newest)


def to_today() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def fill(old: Any) -> None:
    """ada and grace in a room: two messages of grace's, one of them deleted, and one that mentions ada."""
    people = [old.get_model("accounts", "User").objects.create(username=name) for name in ("ada", "grace")]
    room = old.get_model("rooms", "Room").objects.create(slug="tea", name="Tea", last_seq=5, message_count=3)
    for user, read in zip(people, (1, 3), strict=True):
        old.get_model("rooms", "Membership").objects.create(room=room, user=user, read_seq=read, messages_read=read - 1)
    change = old.get_model("rooms", "Change").objects.create
    change(room=room, seq=1, kind="member.joined", actor=people[1], subject=people[1], data={"role": "member"})
    message = old.get_model("chat", "Message").objects.create
    message(room=room, seq=2, author=people[1], text="**hello**", client_id="c-1")
    message(room=room, seq=3, author=people[1], text="", deleted_at=timezone.now())
    message(room=room, seq=4, author=None, text="for @ada")
    change(room=room, seq=5, kind="message.deleted", actor=people[1], subject=people[1], data={"messages": [3]})
    old.get_model("chat", "Mention").objects.create(room=room, user=people[0], seq=4)


def frames() -> list[MessageFrame]:
    ada = User.objects.get(username="ada")
    return [message_frame(each, "tea") for each in history.page(actor=ada, slug="tea").messages]


def test_messages_mentions_and_markers_are_there_as_they_were(old: Any) -> None:
    fill(old)
    to_today()

    ada = User.objects.get(username="ada")
    [entry] = entries(memberships([ada.pk]))
    assert [(each.seq, each.value, each.client_id, each.deleted) for each in frames()] == [
        (2, "**hello**", "c-1", False),
        (3, "", None, True),
        (4, "for @ada", None, False),
    ]
    assert (entry.unread, entry.mentions) == (3, 1)
    assert [frame["seq"] for frame in _log()] == [1, 2, 3, 4, 5]


def test_what_was_written_before_can_be_edited_answered_and_reacted_to(old: Any) -> None:
    fill(old)
    to_today()
    grace = User.objects.get(username="grace")

    edit_message(actor=grace, slug="tea", seq=2, text="*bye*")
    post_message(actor=grace, slug="tea", text="an answer", reply_to=4)
    react(actor=grace, slug="tea", seq=4, emoji="👍")
    again = post_message(actor=grace, slug="tea", text="**hello**", client_id="c-1")

    edited, _, answered, reply = frames()
    assert (edited.value, edited.html, edited.edited_at is not None) == ("*bye*", "<p><em>bye</em></p>", True)
    assert (answered.reply_count, answered.last_reply, len(answered.reactions)) == (1, 7, 1)
    assert (reply.thread, reply.nth, reply.seq) == (4, 1, 7)
    assert (again.duplicate, again.message.seq) == (True, 2)


def _log() -> list[dict[str, Any]]:
    ada = User.objects.get(username="ada")
    return [json.loads(entry.frame) for entry in history.log_after(actor=ada, slug="tea", after=0).entries]
