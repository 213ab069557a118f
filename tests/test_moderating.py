"""Bans, the audit and what one wants of a room: over REST and on the pages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from chat.models import Message
from chat.posting import post_message
from rooms.lifecycle import archive_room, update_room
from rooms.membership import change_role, remove_member
from rooms.models import AuditEntry, Ban, Membership, Room
from tests.reading import html, words

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
BAN = "/api/rooms/tea/bans/grace/"


def test_a_ban_is_made_changed_read_and_lifted(api: Api, ada: User, grace: User, tea: Room) -> None:
    client = api(ada)
    until = "2099-01-01T00:00:00Z"

    made = client.put(BAN, {"reason": "Spam", "until": until}, format="json")
    changed = client.put(BAN, {"reason": "More spam"}, format="json")

    assert (made.status_code, changed.status_code) == (201, 200)
    assert (made.json()["user"]["username"], made.json()["reason"], made.json()["until"]) == ("grace", "Spam", until)
    assert client.get(BAN).json()["until"] is None
    assert [ban["reason"] for ban in client.get("/api/rooms/tea/bans/").json()["results"]] == ["More spam"]
    assert api(grace).get("/api/rooms/tea/").json()["code"] == "forbidden"
    assert "tea" not in [room["slug"] for room in api(grace).get("/api/rooms/").json()["results"]]
    assert client.delete(BAN).status_code == 204
    assert client.delete(BAN).status_code == 404
    assert api(grace).put("/api/rooms/tea/members/me/", {}, format="json").status_code == 201


def test_a_purge_takes_the_messages_with_the_person(api: Api, ada: User, grace: User, tea: Room) -> None:
    post_message(actor=grace, slug="tea", text="spam")
    post_message(actor=ada, slug="tea", text="tea")

    assert api(ada).put(BAN, {"purge": True}, format="json").status_code == 201

    assert list(Message.objects.order_by("seq").values_list("text", flat=True)) == ["", "tea"]


@pytest.mark.parametrize(
    "body",
    [{"until": "2020-01-01T00:00:00Z"}, {"until": "2099-01-01T00:00:00"}, {"until": 5}, {"until": "soon"}]
    + [{"reason": "a\nb"}, {"reason": None}, {"reason": "x" * 501}, {"purge": "yes"}, {"forever": True}],
)
def test_a_ban_that_is_none_is_refused(api: Api, ada: User, grace: User, tea: Room, body: dict[str, Any]) -> None:
    answer = api(ada).put(BAN, body, format="json")

    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == f"/{next(iter(body))}"
    assert not Ban.objects.exists() and Membership.objects.filter(user=grace).exists()


def test_the_audit_says_who_did_what_to_whom_and_why(api: Api, ada: User, grace: User, tea: Room) -> None:
    change_role(actor=ada, slug="tea", username="grace", role="moderator")
    remove_member(actor=ada, slug="tea", username="grace", reason="Too loud")
    update_room(actor=ada, slug="tea", topic="Quiet")
    archive_room(actor=ada, slug="tea")

    entries = api(ada).get("/api/rooms/tea/audit/?limit=3").json()["results"]

    assert [entry["action"] for entry in entries] == ["room.archived", "room.updated", "member.removed"]
    removed = entries[2]
    assert (removed["actor"]["username"], removed["subject"]["username"], removed["reason"]) == (
        "ada",
        "grace",
        "Too loud",
    )
    assert entries[1]["data"] == {"changes": {"topic": "Quiet"}}


def test_the_audit_outlives_the_room(api: Api, administrator: User, ada: User, tea: Room) -> None:
    assert api(ada).delete("/api/rooms/tea/").status_code == 204

    entry = AuditEntry.objects.get(action="room.deleted")
    assert (entry.room, entry.slug, entry.actor) == (None, "tea", ada)
    desk = Client()
    desk.force_login(administrator)
    assert "room.deleted" in html(desk.get("/admin/rooms/auditentry/"))


def test_a_reason_is_one_line(api: Api, ada: User, grace: User, tea: Room) -> None:
    for reason in ("x" * 501, "a%0Ab"):
        assert api(ada).delete(f"/api/rooms/tea/members/grace/?reason={reason}").status_code == 400

    assert Membership.objects.filter(user=grace).exists()


# The pages


def test_the_settings_page_bans_and_lifts(as_ada: Client, grace: User, tea: Room) -> None:
    form = {"do": "ban", "banned": "@Grace", "term": "86400", "reason": "Spam"}

    page = as_ada.post("/rooms/tea/settings/", form, follow=True)
    assert "Grace Hopper is banned." in words(page) and "Spam" in words(page)
    assert Ban.objects.get().until is not None

    page = as_ada.post("/rooms/tea/settings/", {"do": "lift_ban", "banned": "grace"}, follow=True)
    assert "The ban is lifted." in words(page) and "Nobody is banned." in words(page)


@pytest.mark.parametrize("username", ["", "nobody", "ada", "a\0"])
def test_a_ban_of_nobody_comes_back_with_its_complaint(as_ada: Client, tea: Room, username: str) -> None:
    page = as_ada.post("/rooms/tea/settings/", {"do": "ban", "banned": username, "term": ""})

    assert page.status_code == 400 and 'id="banned-error"' in html(page)


def test_a_term_that_is_none_is_refused(as_ada: Client, grace: User, tea: Room) -> None:
    page = as_ada.post("/rooms/tea/settings/", {"do": "ban", "banned": "grace", "term": "17"})

    assert page.status_code == 400 and not Ban.objects.exists()


def test_a_member_sees_no_bans_and_no_audit(as_grace: Client, tea: Room) -> None:
    page = as_grace.get("/rooms/tea/settings/")

    assert 'id="bans"' not in html(page) and "audit" not in html(page)
    assert as_grace.get("/rooms/tea/audit/").status_code == 403


def test_an_owner_reads_the_audit(as_ada: Client, ada: User, grace: User, tea: Room) -> None:
    assert "added" in words(as_ada.get("/rooms/tea/audit/"))
    remove_member(actor=ada, slug="tea", username="grace", reason="Too loud")

    page = words(as_ada.get("/rooms/tea/audit/"))

    assert "Ada Lovelace removed Grace Hopper" in page and "Too loud" in page


def test_a_message_is_deleted_without_a_script(as_grace: Client, ada: User, grace: User, tea: Room) -> None:
    mine = post_message(actor=grace, slug="tea", text="oops").message.seq
    theirs = post_message(actor=ada, slug="tea", text="tea").message.seq
    page = html(as_grace.get("/rooms/tea/"))
    assert f'name="seq" value="{mine}"' in page and f'name="seq" value="{theirs}"' not in page

    after = words(as_grace.post("/rooms/tea/delete/", {"seq": str(mine)}, follow=True))

    assert "Message deleted" in after and "oops" not in after
    assert as_grace.post("/rooms/tea/delete/", {"seq": str(theirs)}).status_code == 403
    assert as_grace.post("/rooms/tea/delete/", {"seq": "one"}).status_code == 400
    assert as_grace.get("/rooms/tea/delete/").status_code == 405


def test_what_one_wants_of_a_room_is_kept(as_grace: Client, grace: User, tea: Room) -> None:
    form = {"do": "prefer", "notify": "mentions", "favourite": "on"}

    assert "Saved." in words(as_grace.post("/rooms/tea/settings/", form, follow=True))

    place = Membership.objects.get(user=grace, room=tea)
    assert (place.notify, place.favourite, place.muted) == ("mentions", True, False)
    assert as_grace.post("/rooms/tea/settings/", {"do": "prefer", "notify": "loud"}).status_code == 400


def test_the_sidebar_says_what_waits(as_grace: Client, ada: User, grace: User, tea: Room, lobby: Room) -> None:
    post_message(actor=grace, slug="lobby", text="hello")
    post_message(actor=ada, slug="tea", text="@grace hello")

    page = html(as_grace.get("/rooms/lobby/"))

    assert 'side__item is-unread" data-room="tea"' in page
    assert '<span class="badge badge--mention"><span>1</span>' in page
