"""Statements that are sent without waiting for each: all are done at the end, and what fails raises as it always does."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from chat.models import Message
from foundation.statements import insert_all, new, update_all, without_waiting
from rooms.models import Room

pytestmark = pytest.mark.django_db


def message(room: Room, author: User, seq: int) -> Message:
    return new(Message, {"room": room, "author": author}, seq=seq, text=f"number {seq}", sent_at=timezone.now())


def kept(room: Room) -> list[int]:
    return list(Message.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))


def test_what_is_written_without_waiting_is_there_at_the_end(ada: User, tea: Room) -> None:
    with transaction.atomic(), without_waiting():
        insert_all([message(tea, ada, 100), message(tea, ada, 101)])
        assert kept(tea) == [100, 101], "who reads within waits for what came before"
        tea.last_seq = 101
        update_all([tea], "last_seq")

    assert kept(tea) == [100, 101]
    tea.refresh_from_db()
    assert tea.last_seq == 101


def test_what_fails_raises_at_the_end_and_leaves_nothing(ada: User, tea: Room) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), without_waiting():
        insert_all([message(tea, ada, 100)])
        insert_all([message(tea, ada, 100)])
        insert_all([message(tea, ada, 101)])

    assert kept(tea) == []
    with transaction.atomic(), without_waiting():
        insert_all([message(tea, ada, 100)])
    assert kept(tea) == [100]


def test_an_error_of_our_own_is_not_swallowed(ada: User, tea: Room) -> None:
    with pytest.raises(LookupError), transaction.atomic(), without_waiting():
        insert_all([message(tea, ada, 100)])
        raise LookupError

    assert kept(tea) == []
