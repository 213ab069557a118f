"""Files go with their message and their room, after the commit, and what nobody claimed goes after a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from chat.attaching import readable, sweep
from chat.erasing import ban_and_purge, delete_message
from chat.models import Attachment, Message
from foundation.errors import ChatError
from foundation.limits import ORPHAN_LIFE_S
from rooms.lifecycle import delete_room, open_room
from rooms.models import Room
from tests.uploads import files_of, post, uploaded, uploaded_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Callable[..., Any]) -> Callable[[], Any]:
    """`with committed():` is a transaction that is over at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def age(attachment: Attachment, seconds: float) -> None:
    Attachment.objects.filter(pk=attachment.pk).update(created_at=timezone.now() - timedelta(seconds=seconds))


# Erasing


def test_deleting_a_message_erases_its_files_after_the_commit(
    ada: User, grace: User, tea: Room, committed: Callable[[], Any]
) -> None:
    gone, stays = uploaded_photo(ada), uploaded_photo(ada)
    seq, _ = post(ada, gone, text="a").message.seq, post(ada, stays, text="b")

    with committed():
        delete_message(actor=ada, slug="tea", seq=seq)
        assert len(files_of(gone)) == 2, "premise: it may still be rolled back"
        with pytest.raises(ChatError, match="not_found"):
            readable(actor=ada, public_id=gone.public_id)

    assert (files_of(gone), len(files_of(stays))) == ([], 2)
    assert list(Attachment.objects.all()) == [stays]
    assert Message.objects.get(room=tea, seq=seq).attachments is None


def test_banning_with_purge_erases_all_files(ada: User, mallory: User, tea: Room, committed: Callable[[], Any]) -> None:
    files = [uploaded(mallory) for _ in range(3)]
    for each in files:
        post(mallory, each)

    with committed():
        ban_and_purge(actor=ada, slug="tea", username="mallory")

    assert not Attachment.objects.exists() and not any(map(files_of, files))


def test_deleting_a_room_erases_its_files_and_no_others(ada: User, tea: Room, committed: Callable[[], Any]) -> None:
    open_room(actor=ada, name="Attic", slug="attic")
    posted, waiting, elsewhere = uploaded_photo(ada, "attic"), uploaded(ada, slug="attic"), uploaded(ada)
    post(ada, posted, slug="attic")

    with committed():
        delete_room(actor=ada, slug="attic")

    assert list(Attachment.objects.all()) == [elsewhere]
    assert [files_of(each) for each in (posted, waiting)] == [[], []] and files_of(elsewhere)


# The sweep


def test_the_sweep_erases_what_nobody_claimed_for_a_day(
    ada: User, tea: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    old, young, used, lost = uploaded_photo(ada), uploaded(ada), uploaded(ada), uploaded(ada)
    post(ada, used)
    post(ada, lost)
    Attachment.objects.filter(pk=lost.pk).update(room=None)  # as when the server died before it could erase
    for each in (old, used, lost):
        age(each, ORPHAN_LIFE_S + 1)
    age(young, ORPHAN_LIFE_S - 60)

    call_command("sweep_uploads")

    assert "Erased: 2." in capsys.readouterr().out
    assert set(Attachment.objects.all()) == {young, used}
    assert files_of(old) == files_of(lost) == [] and files_of(young) and files_of(used)
    assert sweep() == 0


def test_every_upload_sweeps_a_little(ada: User, tea: Room) -> None:
    old = uploaded(ada)
    age(old, ORPHAN_LIFE_S + 1)

    uploaded(ada)

    assert not Attachment.objects.filter(pk=old.pk).exists() and files_of(old) == []


def test_a_file_that_cannot_be_erased_is_tried_again(ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, fine = uploaded(ada), uploaded(ada)
    for each in (stuck, fine):
        age(each, ORPHAN_LIFE_S + 1)
    delete = default_storage.delete

    def refuse(name: str) -> None:
        if name == stuck.file:
            raise PermissionError(name)
        delete(name)

    monkeypatch.setattr(default_storage, "delete", refuse)
    assert sweep() == 1
    monkeypatch.undo()

    assert list(Attachment.objects.values_list("pk", "room")) == [(stuck.pk, None)], "and nobody can claim it"
    assert sweep() == 1
    assert files_of(stuck) == []
