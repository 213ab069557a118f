"""Retention: what is too old is deleted from the beginning of the log on, and everybody who counts stays right."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from chat import history, retention
from chat.editing import edit_message, versions_of
from chat.erasing import delete_message
from chat.inbox import entries, memberships, totals_of
from chat.models import Attachment, Mention, Message, Revision
from chat.pinning import pin_message, pinned_in
from chat.posting import post_message
from chat.reading import mark_read
from chat.retention import expire
from chat.search import search
from foundation.errors import ChatError
from foundation.limits import RETENTION_MAX_DAYS
from rooms.lifecycle import update_room
from rooms.membership import join_room
from rooms.models import Change, Membership, Room
from tests.reading import words

pytestmark = pytest.mark.django_db
Api = Any


def say(actor: User, text: str = "hello", **more: Any) -> int:
    return post_message(actor=actor, slug="tea", text=text, **more).message.seq


def age(room: Room, upto: int, days: float = 8) -> None:
    """Let everything up to this number have been written so many days ago."""
    then = timezone.now() - timedelta(days=days)
    Message.objects.filter(room=room, seq__lte=upto).update(sent_at=then)
    Change.objects.filter(room=room, seq__lte=upto).update(created_at=then)


def unread(user: User) -> tuple[int, int]:
    [entry] = entries(memberships([user.pk]).filter(room__slug="tea"))
    assert totals_of(user).unread == entry.unread
    return entry.unread, entry.mentions


@pytest.fixture
def week(tea: Room) -> Room:
    """The tea room, which keeps nothing longer than a week."""
    Room.objects.filter(pk=tea.pk).update(retention_days=7)
    tea.refresh_from_db()
    return tea


# What goes, and what stays


def test_what_is_too_old_goes_from_every_table_and_the_log_begins_after_it(ada: User, grace: User, week: Room) -> None:
    old = say(ada, "@grace the first word")
    edit_message(actor=ada, slug="tea", seq=old, text="@grace the second word")
    kept = say(ada, "the third word, @grace")
    edit_message(actor=ada, slug="tea", seq=kept, text="the fourth word, @grace")
    age(week, kept - 1)

    assert expire() == kept - 1

    week.refresh_from_db()
    assert (week.first_seq, week.last_seq) == (kept, kept + 2)
    assert [each.seq for each in Message.objects.filter(room=week)] == [kept]
    assert [each.seq for each in Change.objects.filter(room=week)] == [kept + 1, kept + 2]
    assert {each.seq for each in Mention.objects.filter(room=week)} == {kept}
    assert {each.seq for each in Revision.objects.filter(room=week)} == {kept}
    assert next(each.text for each in versions_of(actor=ada, slug="tea", seq=kept)) == "the third word, @grace"
    with pytest.raises(ChatError, match="not_found"):
        history.message_at(actor=ada, slug="tea", seq=old)


def test_the_change_that_tells_of_it_says_where_the_log_begins(ada: User, week: Room) -> None:
    kept = say(ada)
    age(week, kept - 1)

    expire()

    told = Change.objects.get(room=week, seq=kept + 1)
    assert (told.kind, told.actor, told.data) == ("room.updated", None, {"changes": {"first_seq": kept}})
    assert expire() == 0, "and that is all"


def test_a_room_without_retention_and_one_that_is_young_lose_nothing(ada: User, tea: Room) -> None:
    say(ada)
    age(tea, tea.last_seq + 1, days=5000)
    assert expire() == 0

    update_room(actor=ada, slug="tea", retention_days=RETENTION_MAX_DAYS)
    age(tea, tea.last_seq + 1, days=RETENTION_MAX_DAYS - 1)
    assert expire() == 0
    assert Message.objects.filter(room=tea).count() == 1


def test_what_is_old_behind_something_young_waits_for_it(ada: User, week: Room) -> None:
    first, second = say(ada), say(ada)
    age(week, second)
    Message.objects.filter(room=week, seq=first).update(sent_at=timezone.now())

    assert expire() == first - 1

    assert Message.objects.filter(room=week).count() == 2, "the log is never left with a hole"


def test_words_of_earlier_expiries_are_not_expired_for_ever(ada: User, week: Room) -> None:
    age(week, say(ada))
    assert expire() == 2
    age(week, 99)
    assert expire() == 0, "only the notice is left"

    age(week, say(ada))
    assert expire() == 2, "it goes with the next message"


def test_very_much_goes_in_parts_of_bounded_size(ada: User, week: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "EXPIRED_AT_ONCE", 3)
    last = [say(ada) for _ in range(7)][-1]
    age(week, last)

    assert retention.expire_part(week.pk, timezone.now()) == 3
    assert retention.expire_part(week.pk, timezone.now()) == 3
    assert retention.expire_part(week.pk, timezone.now()) == 2
    assert retention.expire_part(week.pk, timezone.now()) == 0
    week.refresh_from_db()
    assert week.first_seq == last + 1


def test_a_room_that_is_gone_meanwhile_is_passed_over(week: Room) -> None:
    key = week.pk
    week.delete()

    assert retention.expire_part(key, timezone.now()) == 0


def test_pins_and_threads_survive_without_what_went(ada: User, grace: User, week: Room) -> None:
    root = say(ada, "root")
    pin_message(actor=ada, slug="tea", seq=root)
    age(week, root + 1)
    reply = say(grace, "reply", reply_to=root)
    pin_message(actor=ada, slug="tea", seq=reply)

    expire()

    [pinned] = pinned_in(actor=ada, slug="tea")[1]
    assert (pinned.seq, pinned.thread, pinned.nth) == (reply, root, 1)
    again = post_message(actor=ada, slug="tea", text="go on", reply_to=reply).message
    assert again.thread == reply, "the thread begins anew where its root is gone"
    with pytest.raises(ChatError, match="not_found"):
        history.page(actor=ada, slug="tea", thread=root)
    delete_message(actor=grace, slug="tea", seq=reply)


def test_nobody_finds_what_expired(ada: User, week: Room) -> None:
    age(week, say(ada, "darjeeling"))
    say(ada, "assam")

    expire()

    assert search(actor=ada, q="darjeeling").hits == []
    assert len(search(actor=ada, q="assam").hits) == 1


def test_files_go_with_their_messages(ada: User, week: Room) -> None:
    old, kept = say(ada), say(ada)
    for seq in (old, kept, None):
        Attachment.objects.create(uploader=ada, room=week, seq=seq, file=f"x/{seq}", name="a.txt", size=1)
    age(week, old)

    expire()

    rows = Attachment.objects.filter(uploader=ada).values_list("file", "room")
    assert dict(rows) == {f"x/{old}": None, f"x/{kept}": week.pk, "x/None": week.pk}


# What is unread


def test_unread_counts_stay_exact_wherever_the_marker_is(ada: User, grace: User, mallory: User, week: Room) -> None:
    join_room(actor=mallory, slug="tea")
    seqs = [say(ada, "@grace hello") for _ in range(6)]
    places = {grace: 0, mallory: seqs[1]}
    for user, upto in places.items():
        mark_read(actor=user, slug="tea", upto=upto)
    assert (unread(grace), unread(mallory), unread(ada)) == ((6, 6), (4, 0), (0, 0))
    age(week, seqs[3])

    expire()

    assert (unread(grace), unread(mallory), unread(ada)) == ((2, 2), (2, 0), (0, 0))
    say(ada)
    assert (unread(grace), unread(mallory), unread(ada)) == ((3, 2), (3, 0), (0, 0))
    for user in places:
        mark_read(actor=user, slug="tea", upto=seqs[4])
        assert unread(user)[0] == 2
    mark_read(actor=grace, slug="tea", upto=0)
    assert unread(grace)[0] == 3, "what is gone cannot be made unread"


def test_who_was_behind_stands_where_the_log_begins(ada: User, grace: User, week: Room) -> None:
    seqs = [say(ada) for _ in range(3)]
    mark_read(actor=grace, slug="tea", upto=0)
    age(week, seqs[1])

    expire()

    place = Membership.objects.get(room=week, user=grace)
    assert (place.read_seq, place.messages_read) == (seqs[1], 2)


# Reading over the gap


def test_a_page_after_an_old_position_says_that_it_is_truncated(ada: User, week: Room, api: Api) -> None:
    seqs = [say(ada) for _ in range(4)]
    age(week, seqs[1])
    expire()

    client: APIClient = api(ada)
    for route in ("messages", "changes"):
        body = client.get(f"/api/rooms/tea/{route}/?after=1").json()
        assert (body["truncated"], body["first_seq"], body["results"][0]["seq"]) == (True, seqs[2], seqs[2])
        body = client.get(f"/api/rooms/tea/{route}/?after={seqs[1]}").json()
        assert (body["truncated"], body["results"][0]["seq"]) == (False, seqs[2])
    log = client.get("/api/rooms/tea/changes/?after=0&limit=2").json()
    assert [each["seq"] for each in log["results"]] == seqs[2:]
    assert [each["changes"] for each in client.get(log["next"]).json()["results"]] == [{"first_seq": seqs[2]}]
    assert client.get("/api/rooms/tea/sync/").json()["messages"]["first_seq"] == seqs[2]
    before = client.get(f"/api/rooms/tea/messages/?before={seqs[3]}").json()
    assert (before["truncated"], before["previous"], len(before["results"])) == (False, None, 1)


# How a room comes to it


def test_an_owner_says_how_long_messages_are_kept(ada: User, grace: User, tea: Room, api: Api) -> None:
    assert api(ada).get("/api/rooms/tea/").json()["retention_days"] == 0
    assert api(ada).patch("/api/rooms/tea/", {"retention_days": 30}, format="json").json()["retention_days"] == 30
    assert Change.objects.get(room=tea, kind="room.updated").data == {"changes": {"retention_days": 30}}
    for wrong in (-1, RETENTION_MAX_DAYS + 1, "30", None, 1.5, True):
        refused = api(ada).patch("/api/rooms/tea/", {"retention_days": wrong}, format="json")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/retention_days")
    assert api(grace).patch("/api/rooms/tea/", {"retention_days": 0}, format="json").status_code == 403
    assert api(ada).patch("/api/rooms/tea/", {"retention_days": 0}, format="json").json()["retention_days"] == 0
    opened = api(ada).post("/api/rooms/", {"name": "Brief", "retention_days": 1}, format="json").json()
    assert opened["retention_days"] == 1


def test_the_page_offers_it_and_says_it_in_a_sentence(as_ada: Client, week: Room) -> None:
    form = {"do": "update", "name": "Tea", "kind": "public", "retention_days": "45"}
    page = as_ada.post("/rooms/tea/settings/", form, follow=True)
    assert '<option value="45" selected>45 days</option>' in page.content.decode()
    for wrong in ("soon", "-1", "9999"):
        refused = as_ada.post("/rooms/tea/settings/", form | {"retention_days": wrong})
        assert refused.status_code == 400 and "days" in words(refused)
    as_ada.post("/rooms/tea/settings/", form | {"retention_days": "0"})
    age(week, 1, days=50)
    Room.objects.filter(pk=week.pk).update(retention_days=45)
    expire()

    seen = words(as_ada.get("/rooms/tea/"))
    assert "set messages to be deleted after 45 days" in seen and "set messages to be kept for ever" in seen
    assert "Somebody" not in seen, "that messages expired is nothing that people did"


def test_the_command_says_how_much_expired(week: Room, ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    age(week, say(ada))

    call_command("expire")
    call_command("expire")

    assert capsys.readouterr().out == "2 entries expired.\n0 entries expired.\n"
