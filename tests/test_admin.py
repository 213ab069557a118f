"""The Django admin: every model is there and opens, and nothing in it writes past the rooms' logs."""

from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.revocation import close_sockets_of
from accounts.tokens import issue_token
from chat.attaching import upload
from chat.editing import edit_message
from chat.models import Message
from chat.posting import post_message
from foundation.deployment import epoch
from rooms.bans import ban_person
from rooms.invitations import invite_person
from rooms.lifecycle import delete_room, open_room
from rooms.models import Change, Membership, Room
from tests.conftest import PASSWORD
from tests.sockets import joined
from tests.uploads import uploaded_photo

pytestmark = pytest.mark.django_db
OURS = [model for app in ("foundation", "accounts", "rooms", "chat") for model in apps.get_app_config(app).get_models()]
LOGGED = [Room, Membership, Change, Message]


@pytest.fixture
def desk(administrator: User) -> Client:
    """The administrator's browser."""
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def busy(administrator: User, ada: User, grace: User, tea: Room) -> Room:
    """At least one row of every model."""
    said = post_message(actor=grace, slug="tea", text="hello @ada").message
    edit_message(actor=grace, slug="tea", seq=said.seq, text="hello again, @ada")
    upload(actor=grace, slug="tea", file=BytesIO(b"words"), name="notes.txt", size=5)
    issue_token(actor=ada, name="my bot")
    newcomer = User.objects.create_user("newcomer")
    invite_person(actor=ada, slug="tea", username=newcomer.username)
    ban_person(actor=ada, slug="tea", username=User.objects.create_user("troll").username, reason="Spam")
    open_room(actor=ada, name="Gone", slug="gone")
    delete_room(actor=ada, slug="gone")
    close_sockets_of(newcomer)
    epoch()
    uploaded_photo(ada)
    return tea


def address(model: Any, action: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def user_form(user: User, **changed: Any) -> dict[str, Any]:
    rights = {right: "on" for right in ("is_active", "is_staff", "is_superuser") if getattr(user, right)}
    return {key: value for key, value in ({"name": user.name, "email": user.email} | rights | changed).items() if value}


def test_every_model_of_ours_is_registered() -> None:
    assert [model.__name__ for model in OURS if not admin.site.is_registered(model)] == []


def test_every_page_of_the_admin_opens(desk: Client, busy: Room) -> None:
    assert desk.get(reverse("admin:index")).status_code == 200
    for model in admin.site._registry:
        listed = desk.get(address(model, "changelist"), {"q": "a"} if admin.site._registry[model].search_fields else {})
        assert listed.status_code == 200, model
        for row in model._default_manager.all()[:3]:
            assert desk.get(address(model, "change", row.pk)).status_code == 200, model
        if model in OURS:
            assert model._default_manager.exists(), f"premise: there is a {model.__name__}"


def test_every_filter_and_link_of_a_list_opens(desk: Client, busy: Room) -> None:
    for model in OURS:
        html = desk.get(address(model, "changelist")).content.decode()
        links = {part.split('"')[0].replace("&amp;", "&") for part in html.split('href="?')[1:]}
        assert links or model._meta.app_label == "foundation"
        for link in links:
            assert desk.get(f"{address(model, 'changelist')}?{link}").status_code == 200, link


def test_a_room_links_to_its_members_and_its_changes(desk: Client, busy: Room) -> None:
    answer = desk.get(address(Room, "change", busy.pk)).content.decode()

    for model in (Membership, Change):
        link = f"{address(model, 'changelist')}?room__id__exact={busy.pk}"
        assert link in answer
        assert desk.get(link).status_code == 200


@pytest.mark.parametrize("model", LOGGED)
def test_what_the_log_promises_is_only_looked_at(desk: Client, busy: Room, model: Any) -> None:
    before = list(model.objects.order_by("pk").values())
    row = model.objects.first()

    answers = [
        desk.post(address(model, "add"), {}),
        desk.post(address(model, "change", row.pk), {"text": "changed", "name": "changed", "role": "owner"}),
        desk.post(address(model, "delete", row.pk), {"post": "yes"}),
    ]
    desk.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert list(model.objects.order_by("pk").values()) == before


def test_people_without_rights_are_sent_to_the_sign_in_page_or_away(client: Client, ada: User) -> None:
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))

    client.force_login(ada)
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_the_administrator_adds_a_person(desk: Client) -> None:
    form = {"username": "grace", "name": "Grace", "password1": PASSWORD, "password2": PASSWORD}

    assert desk.post(address(User, "add"), form | {"username": "Grace H"}).status_code == 200, "refused"
    desk.post(address(User, "add"), form)

    assert not User.objects.get(username="grace").is_staff
    assert Client().login(username="grace", password=PASSWORD)


def test_the_administrator_renames_but_gives_no_other_username(desk: Client, ada: User) -> None:
    desk.post(address(User, "change", ada.pk), user_form(ada, name="Countess", username="countess"))

    ada.refresh_from_db()
    assert (ada.name, ada.username) == ("Countess", "ada")


def test_accounts_are_never_deleted(desk: Client, ada: User) -> None:
    assert desk.post(address(User, "delete", ada.pk), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=ada.pk).exists()


def test_administrators_cannot_give_up_or_take_their_own_rights(desk: Client, administrator: User) -> None:
    desk.post(address(User, "change", administrator.pk), {"name": "Root"})
    desk.post(address(User, "changelist"), {"action": "disable", "_selected_action": administrator.pk})

    administrator.refresh_from_db()
    assert administrator.name == "Root"
    assert administrator.is_active and administrator.is_superuser


def test_staff_who_are_no_administrators_give_no_rights(administrator: User, ada: User, grace: User) -> None:
    from django.contrib.auth.models import Permission

    ada.is_staff = True
    ada.save()
    ada.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(ada)

    client.post(address(User, "change", grace.pk), user_form(grace, name="G", is_superuser="on", is_staff="on"))
    taken_over = client.post(f"/admin/accounts/user/{administrator.pk}/password/", {})

    grace.refresh_from_db()
    assert grace.name == "G"
    assert not grace.is_superuser and not grace.is_staff
    assert taken_over.status_code == 403


def test_a_password_in_the_admin_is_changed_on_the_account_page(desk: Client) -> None:
    answer = desk.get(reverse("admin:password_change"))

    assert answer["Location"] == reverse("account_change_password")


def test_a_token_is_revoked_but_never_made_or_changed(desk: Client, ada: User) -> None:
    token, _ = issue_token(actor=ada, name="my bot")

    assert desk.get(address(ApiToken, "add")).status_code == 403
    assert desk.post(address(ApiToken, "change", token.pk), {"name": "x"}).status_code == 403
    desk.post(address(ApiToken, "delete", token.pk), {"post": "yes"})
    assert not ApiToken.objects.exists()


def untick(client: Client, user: User) -> None:
    client.post(address(User, "change", user.pk), user_form(user, is_active=""))


def disable_selected(client: Client, user: User) -> None:
    client.post(address(User, "changelist"), {"action": "disable", "_selected_action": user.pk})


def set_password(client: Client, user: User) -> None:
    new = "a horse of another colour"
    form = {"password1": new, "password2": new, "usable_password": "true", "set-password": "1"}
    client.post(f"/admin/accounts/user/{user.pk}/password/", form)
    assert Client().login(username=user.username, password=new)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [untick, disable_selected, set_password])
async def test_what_the_administrator_does_to_an_account_reaches_its_sockets(
    desk: Client, grace: User, tea: Room, act: Any
) -> None:
    async with joined("tea", grace) as socket:
        await sync_to_async(act)(desk, grace)

        assert await socket.closed(timeout=1) == 4401
    assert await sync_to_async(lambda: User.objects.get(pk=grace.pk).is_active)() is (act is set_password)


def test_a_disabled_account_is_enabled_again(desk: Client, ada: User) -> None:
    disable_selected(desk, ada)
    assert not User.objects.get(pk=ada.pk).is_active

    desk.post(address(User, "changelist"), {"action": "enable", "_selected_action": ada.pk})

    assert Client().login(username="ada", password=PASSWORD)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_an_administrator_who_is_one_no_more_hears_no_room_of_others(
    desk: Client, grace: User, cellar: Room
) -> None:
    await sync_to_async(User.objects.filter(pk=grace.pk).update)(is_superuser=True, is_staff=True)
    await sync_to_async(grace.refresh_from_db)()

    async with joined("cellar", grace) as socket:
        await sync_to_async(desk.post)(address(User, "change", grace.pk), user_form(grace, is_superuser=""))

        assert await socket.closed(timeout=1) == 4401
