"""The page of a room's settings: what it is, who is in it, and its end."""

import re

from django.test import Client

from accounts.models import User
from chat.posting import post_message
from chat.reading import mark_read
from rooms.direct import open_direct
from rooms.models import Membership, Role, Room
from tests.reading import html, words


def test_an_owner_changes_the_room(as_ada: Client, tea: Room) -> None:
    form = {"do": "update", "name": "Coffee", "topic": "No tea", "kind": "public", "guests": "write"}

    response = as_ada.post("/rooms/tea/settings/", form, follow=True)

    tea.refresh_from_db()
    assert (tea.name, tea.topic, tea.guests) == ("Coffee", "No tea", "write")
    assert "Saved." in words(response)


def test_a_description_keeps_its_lines_and_is_shown_beside_the_room_and_to_the_invited(
    as_ada: Client, as_grace: Client, tea: Room
) -> None:
    form = {
        "do": "update",
        "name": "Tea",
        "kind": "public",
        "topic": "",
        "description": " Leaves & water.\r\nNo bags.\n",
    }

    page = as_ada.post("/rooms/tea/settings/", form, follow=True)

    tea.refresh_from_db()
    assert tea.description == "Leaves & water.\nNo bags."
    assert "Leaves &amp; water.\nNo bags.</textarea>" in html(page)
    room = html(as_grace.get("/rooms/tea/"))
    assert 'id="about-description" dir="auto">Leaves &amp; water.\nNo bags.</p>' in room
    assert 'id="about">' in room, "it is not hidden"
    assert "changed the description" in room
    refused = as_ada.post("/rooms/tea/settings/", form | {"description": "x" * 1001})
    assert refused.status_code == 400
    assert "At most 1000 characters." in words(refused)
    as_ada.post("/rooms/tea/settings/", form | {"description": ""})
    assert 'id="about" hidden' in html(as_grace.get("/rooms/tea/"))


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


def test_a_room_is_handed_over_in_one_step(as_ada: Client, tea: Room) -> None:
    page = as_ada.post("/rooms/tea/settings/", {"do": "hand_over", "heir": " @Grace "}, follow=True)

    assert "The room is Grace Hopper's now, and you are a member." in words(page)
    roles = dict(Membership.objects.filter(room=tea).values_list("user__username", "role"))
    assert roles == {"ada": "member", "grace": "owner"}
    assert as_ada.post("/rooms/tea/settings/", {"do": "hand_over", "heir": "grace"}).status_code == 403


def test_a_room_is_handed_over_to_nobody_but_another_member(as_ada: Client, mallory: User, tea: Room) -> None:
    for heir in ("", "nobody", "mallory", "a" * 300, "\0", "<b>"):
        page = as_ada.post("/rooms/tea/settings/", {"do": "hand_over", "heir": heir})
        assert page.status_code == 400 and "There is no member with this username." in words(page)
    page = as_ada.post("/rooms/tea/settings/", {"do": "hand_over", "heir": "ada"})
    assert page.status_code == 400 and "The room is yours already." in words(page)

    assert Membership.objects.get(room=tea, role=Role.OWNER).user.username == "ada"


def test_a_room_gets_its_place_among_mine(as_ada: Client, tea: Room, cellar: Room) -> None:
    def order() -> list[str]:
        return re.findall(r'data-room="(\w+)"', html(as_ada.get("/rooms/tea/")))

    settings = "/rooms/tea/settings/"
    assert order() == ["cellar", "tea"]
    as_ada.post(settings, {"do": "prefer", "notify": "everything", "position": "0"})
    assert order() == ["tea", "cellar"]
    as_ada.post(settings, {"do": "prefer", "notify": "mentions", "position": "2", "favourite": "on"})
    mine = Membership.objects.get(room=tea, user__username="ada")
    assert (mine.position, mine.favourite, mine.notify) == (2, True, "mentions")
    page = html(as_ada.get(settings))
    assert 'value="2"' in page and '<option value="mentions" selected>' in page

    for text in ("first", "-1", "1.5", "10001", "9" * 30, "\u0663"):
        refused = as_ada.post(settings, {"do": "prefer", "notify": "nothing", "position": text})
        assert refused.status_code == 400 and 'id="position-error"' in html(refused)
    assert as_ada.post(settings, {"do": "prefer", "notify": "loud"}).status_code == 400
    as_ada.post(settings, {"do": "prefer", "notify": "mentions", "position": " "})

    mine.refresh_from_db()
    assert (mine.position, mine.favourite, mine.notify) == (None, False, "mentions")


def test_why_somebody_was_removed_is_for_the_audit(as_ada: Client, as_grace: Client, tea: Room) -> None:
    form = {"do": "remove", "username": "grace", "reason": "Was loud"}
    too_long = as_ada.post("/rooms/tea/settings/", form | {"reason": "x" * 1000})
    assert too_long.status_code == 400 and Membership.objects.filter(room=tea).count() == 2

    as_ada.post("/rooms/tea/settings/", form)

    assert "Was loud" in words(as_ada.get("/rooms/tea/audit/"))
    assert "Was loud" not in words(as_grace.get("/rooms/tea/"))


def test_who_has_read_everything_is_said_of_those_who_let_others_know(
    as_ada: Client, ada: User, grace: User, tea: Room
) -> None:
    assert "has read everything" not in words(as_ada.get("/rooms/tea/settings/")), "there is nothing to read"
    post_message(actor=ada, slug="tea", text="Hello")
    mark_read(actor=grace, slug="tea", upto=2)
    assert "has read everything" not in words(as_ada.get("/rooms/tea/settings/")), "nobody lets others know"

    User.objects.filter(username="grace").update(read_receipts=True)
    assert words(as_ada.get("/rooms/tea/settings/")).count("has read everything") == 1
    post_message(actor=ada, slug="tea", text="One more thing")
    assert "has read everything" not in words(as_ada.get("/rooms/tea/settings/"))


def test_the_whole_topic_stands_beside_the_room(as_grace: Client, tea: Room) -> None:
    assert "About this room No coffee" in words(as_grace.get("/rooms/tea/"))


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
