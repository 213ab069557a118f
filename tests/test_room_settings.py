"""The page of a room's settings: what it is, who is in it, and its end."""

import re

from django.test import Client

from accounts.models import User
from rooms.direct import open_direct
from rooms.models import Membership, Role, Room
from tests.reading import html, words


def test_an_owner_changes_the_room(as_ada: Client, tea: Room) -> None:
    form = {"do": "update", "name": "Coffee", "topic": "No tea", "kind": "public", "guests": "write"}

    response = as_ada.post("/rooms/tea/settings/", form, follow=True)

    tea.refresh_from_db()
    assert (tea.name, tea.topic, tea.guests) == ("Coffee", "No tea", "write")
    assert "Saved." in words(response)


def test_an_owner_says_who_posts_and_how_often(as_ada: Client, tea: Room) -> None:
    form = {"do": "update", "name": "Tea", "kind": "public", "posting": "moderators", "slow_mode_s": "45"}

    page = as_ada.post("/rooms/tea/settings/", form, follow=True)

    tea.refresh_from_db()
    assert (tea.posting, tea.slow_mode_s) == ("moderators", 45)
    assert '<option value="45" selected>45 seconds</option>' in html(page), "a number between the steps is kept"


def test_a_slow_mode_that_is_none_comes_back_with_its_complaint(as_ada: Client, tea: Room) -> None:
    for text in ("soon", "-1", "21601", "9" * 30, "\u0663"):
        form = {"do": "update", "name": "Tea", "kind": "public", "slow_mode_s": text}
        page = as_ada.post("/rooms/tea/settings/", form)
        assert page.status_code == 400 and "seconds." in words(page)

    tea.refresh_from_db()
    assert tea.slow_mode_s == 0


def test_a_room_is_archived_and_opened_again(as_ada: Client, as_grace: Client, tea: Room) -> None:
    assert "The room is archived." in words(as_ada.post("/rooms/tea/settings/", {"do": "archive"}, follow=True))
    room = as_grace.get("/rooms/tea/")
    assert "This room is archived" in words(room) and 'id="composer"' not in html(room)
    assert "Open it again" in words(as_ada.get("/rooms/tea/")) and "Open it again" not in words(room)
    assert "The room is archived" in words(as_grace.post("/rooms/tea/", {"text": "hello"}))
    assert "Tea" not in words(as_grace.get("/")) and "Tea" in words(as_grace.get("/", {"archived": "true"}))

    assert "open again" in words(as_ada.post("/rooms/tea/settings/", {"do": "unarchive"}, follow=True))
    assert 'id="composer"' in html(as_grace.get("/rooms/tea/"))


def test_a_room_is_handed_over(as_ada: Client, as_grace: Client, ada: User, grace: User, tea: Room) -> None:
    assert as_ada.post("/rooms/tea/settings/", {"do": "step_down"}).status_code == 400, "she is the last owner"
    as_ada.post("/rooms/tea/settings/", {"do": "change_role", "username": "grace", "role": "owner"})

    assert "You are a member now." in words(as_ada.post("/rooms/tea/settings/", {"do": "step_down"}, follow=True))

    roles = dict(Membership.objects.filter(room=tea).values_list("user__username", "role"))
    assert roles == {"ada": "member", "grace": "owner"}
    assert 'value="update"' in html(as_grace.get("/rooms/tea/settings/"))


def test_a_moderator_is_offered_what_a_moderator_may_do(
    as_ada: Client, as_grace: Client, mallory: User, tea: Room
) -> None:
    as_ada.post("/rooms/tea/settings/", {"do": "add", "username": "mallory"})
    as_ada.post("/rooms/tea/settings/", {"do": "change_role", "username": "grace", "role": "moderator"})

    page = as_grace.get("/rooms/tea/settings/")

    assert html(page).count('value="remove"') == 1, "mallory, not the owner"
    assert 'value="change_role"' not in html(page) and 'value="update"' not in html(page)
    assert as_grace.post("/rooms/tea/settings/", {"do": "remove", "username": "ada"}).status_code == 403
    assert as_grace.post("/rooms/tea/settings/", {"do": "remove", "username": "mallory"}).status_code == 302


def test_a_role_that_is_none_is_refused(as_ada: Client, grace: User, tea: Room) -> None:
    for role in ("", "administrator", "\0"):
        form = {"do": "change_role", "username": "grace", "role": role}
        assert as_ada.post("/rooms/tea/settings/", form).status_code == 400

    assert Membership.objects.get(room=tea, user=grace).role == Role.MEMBER


def test_the_settings_of_a_direct_room_show_its_people_and_no_buttons(as_ada: Client, ada: User, grace: User) -> None:
    room, _ = open_direct(actor=ada, usernames=["grace"])

    page = as_ada.get(f"/rooms/{room.slug}/settings/")

    assert "Grace Hopper" in words(page) and "A direct room" in words(page)
    assert re.findall(r'name="do" value="(\w+)"', html(page)) == ["prefer"], "how one wants to have it is one's own"


def test_a_wrong_change_comes_back_with_its_complaint(as_ada: Client, tea: Room) -> None:
    response = as_ada.post("/rooms/tea/settings/", {"do": "update", "name": "", "topic": "Still here"})

    assert response.status_code == 400
    assert "A room needs a name." in words(response) and 'value="Still here"' in html(response)


def test_an_owner_adds_people_and_is_told_of_unknown_ones(as_ada: Client, tea: Room, mallory: User) -> None:
    added = as_ada.post("/rooms/tea/settings/", {"do": "add", "username": " @Mallory "}, follow=True)
    unknown = as_ada.post("/rooms/tea/settings/", {"do": "add", "username": "nobody"})

    assert "mallory is in." in words(added)
    assert unknown.status_code == 400 and "nobody with this username" in words(unknown)


def test_an_owner_gives_every_role_and_removes_people(as_ada: Client, tea: Room, grace: User) -> None:
    for role in (Role.OWNER, Role.MODERATOR, Role.MEMBER):
        as_ada.post("/rooms/tea/settings/", {"do": "change_role", "username": "grace", "role": role})
        assert Membership.objects.get(room=tea, user=grace).role == role

    as_ada.post("/rooms/tea/settings/", {"do": "remove", "username": "grace"})
    assert not Membership.objects.filter(room=tea, user=grace).exists()


def test_a_member_sees_who_is_in_and_changes_nothing(as_grace: Client, tea: Room) -> None:
    page = as_grace.get("/rooms/tea/settings/")

    assert "Ada Lovelace" in words(page) and "owner" in words(page)
    assert 'value="remove"' not in html(page) and 'value="update"' not in html(page)
    for action in ("update", "add", "remove", "change_role", "archive", "unarchive", "step_down", "delete"):
        form = {"do": action, "username": "ada", "name": "Mine", "sure": "on", "role": "owner"}
        assert as_grace.post("/rooms/tea/settings/", form).status_code == 403


def test_people_join_and_leave(client: Client, mallory: User, tea: Room) -> None:
    client.force_login(mallory)
    assert "Join" in words(client.get("/rooms/tea/"))

    joined = client.post("/rooms/tea/settings/", {"do": "join"})
    assert joined.headers["Location"] == "/rooms/tea/"
    assert ">Join<" not in html(client.get("/rooms/tea/"))

    left = client.post("/rooms/tea/settings/", {"do": "leave"})
    assert left.headers["Location"] == "/"
    assert not Membership.objects.filter(room=tea, user=mallory).exists()


def test_the_last_owner_is_told_why_they_cannot_leave(as_ada: Client, tea: Room) -> None:
    response = as_ada.post("/rooms/tea/settings/", {"do": "leave"})

    assert response.status_code == 400
    assert "The last owner cannot leave" in words(response)


def test_a_room_is_deleted_only_by_somebody_who_is_sure(as_ada: Client, tea: Room) -> None:
    assert as_ada.post("/rooms/tea/settings/", {"do": "delete"}).status_code == 400
    assert Room.objects.filter(slug="tea").exists()

    assert as_ada.post("/rooms/tea/settings/", {"do": "delete", "sure": " Tea "}).headers["Location"] == "/"
    assert not Room.objects.filter(slug="tea").exists()
