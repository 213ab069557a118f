"""Uploads that are wanted twice at the same moment: one has it, and the sweep takes nothing that was claimed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat.attaching import sweep
from chat.models import Attachment, Message
from foundation.limits import ORPHAN_LIFE_S
from rooms.models import Room
from tests.threads import at_once
from tests.uploads import files_of, post, uploaded

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = range(5)


@pytest.mark.parametrize("_", ROUNDS)
def test_of_messages_that_claim_one_upload_one_has_it(ada: User, tea: Room, _: int) -> None:
    file = uploaded(ada)

    answers = at_once(*[lambda: post(ada, file)] * 4)

    assert sorted(answers) == ["done", *["validation_error"] * 3]
    assert [message.seq for message in Message.objects.filter(attachments__isnull=False)] == [
        Attachment.objects.get().seq
    ]


@pytest.mark.parametrize("_", ROUNDS)
def test_the_sweep_and_a_message_do_not_both_have_it(ada: User, tea: Room, _: int) -> None:
    file = uploaded(ada)
    Attachment.objects.update(created_at=timezone.now() - timedelta(seconds=ORPHAN_LIFE_S + 1))

    posted, swept, _again = at_once(lambda: post(ada, file), sweep, sweep)

    assert swept == "done"
    assert bool(files_of(file)) == Attachment.objects.filter(seq__isnull=False).exists() == (posted == "done")


@pytest.mark.parametrize("_", ROUNDS)
def test_the_last_of_a_quota_is_taken_once(ada: User, tea: Room, settings: Any, _: int) -> None:
    settings.UPLOAD_QUOTA_MIB = 1

    answers = at_once(*[lambda: uploaded(ada, bytes(600 * 1024), "a.bin")] * 3)

    assert sorted(answers) == ["done", "quota_exceeded", "quota_exceeded"]
    assert Attachment.objects.count() == 1
