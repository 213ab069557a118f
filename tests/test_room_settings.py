"""The page of a room's settings: what it is, who is in it, and its end."""

from django.test import Client

from accounts.models import User
from rooms.models import Membership, Role, Room
from tests.reading import html, words


def test_an_owner_changes_the_room(as_ada: Client, tea: Room) -> None:
    form = {"do": "update", "name": "Coffee", "topic": "No tea", "kind": "public", "guests": "write"}

    response = as_ada.post("/rooms/tea/settings/", form, follow=True)

    tea.refresh_from_db()
    assert (tea.name, tea.topic, tea.guests) == ("Coffee", "No tea", "write")
    assert "Saved." in words(response)


def test_a_wrong_change_comes_back_with_its_complaint(as_ada: Client, tea: Room) -> None:
    response = as_ada.post("/rooms/tea/settings/", {"do": "update", "name": "", "topic": "Still here"})

    assert response.status_code == 400
    assert "A room needs a name." in words(response) and 'value="Still here"' in html(response)


def test_an_owner_adds_people_and_is_told_of_unknown_ones(as_ada: Client, tea: Room, mallory: User) -> None:
    added = as_ada.post("/rooms/tea/settings/", {"do": "add", "username": " @Mallory "}, follow=True)
    unknown = as_ada.post("/rooms/tea/settings/", {"do": "add", "username": "nobody"})

    assert "mallory is in." in words(added)
    assert unknown.status_code == 400 and "nobody with this username" in words(unknown)


def test_an_owner_makes_owners_and_removes_people(as_ada: Client, tea: Room, grace: User) -> None:
    as_ada.post("/rooms/tea/settings/", {"do": "make_owner", "username": "grace"})
    assert Membership.objects.get(room=tea, user=grace).role == Role.OWNER

    as_ada.post("/rooms/tea/settings/", {"do": "make_member", "username": "grace"})
    assert Membership.objects.get(room=tea, user=grace).role == Role.MEMBER

    as_ada.post("/rooms/tea/settings/", {"do": "remove", "username": "grace"})
    assert not Membership.objects.filter(room=tea, user=grace).exists()


def test_a_member_sees_who_is_in_and_changes_nothing(as_grace: Client, tea: Room) -> None:
    page = as_grace.get("/rooms/tea/settings/")

    assert "Ada Lovelace" in words(page) and "owner" in words(page)
    assert 'value="remove"' not in html(page) and 'value="update"' not in html(page)
    for action in ("update", "add", "remove", "make_owner", "delete"):
        form = {"do": action, "username": "ada", "name": "Mine", "sure": "on"}
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

    assert as_ada.post("/rooms/tea/settings/", {"do": "delete", "sure": "on"}).headers["Location"] == "/"
    assert not Room.objects.filter(slug="tea").exists()
