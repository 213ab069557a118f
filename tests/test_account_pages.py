"""The pages of one's own account: the profile, the devices where one is signed in, the tokens of one's programs."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client

from accounts import devices
from accounts.devices import device_in_words, sign_ins_of
from accounts.models import ApiToken, SignIn, User
from accounts.tokens import issue_token
from foundation.limits import TOKENS_PER_USER
from foundation.models import Eviction
from tests.conftest import PASSWORD
from tests.pictures import photo
from tests.reading import html, words

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"


def browser(agent: str = FIREFOX) -> Client:
    """A browser in which ada has signed in through the form."""
    client = Client(headers={"user-agent": agent})
    signed = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert signed.status_code == 302
    return client


def device_of(page: Any) -> str:
    found = re.search(r'name="device" value="([^"]+)"', html(page))
    assert found
    return found[1]


# The profile


def test_a_picture_is_chosen_seen_and_removed(as_ada: Client, ada: User) -> None:
    file = SimpleUploadedFile("me.jpg", photo(), "image/jpeg")
    page = as_ada.post("/accounts/avatar/", {"file": file}, follow=True)

    ada.refresh_from_db()
    assert f'src="{ada.avatar_url}"' in html(page) and words(page).count("That is how others see you now.") == 1

    gone = as_ada.post("/accounts/avatar/", {"do": "remove"}, follow=True)
    assert "avatar__picture" not in html(gone) and "Remove the picture" not in words(gone)


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({}, 400, "Choose an image first."),
        ({"file": SimpleUploadedFile("me.jpg", b"hello")}, 400, "This is no image."),
        ({"file": SimpleUploadedFile("me.jpg", b"")}, 400, "empty"),
    ],
)
def test_a_bad_picture_is_told_beside_its_field(as_ada: Client, form: Any, status: int, sentence: str) -> None:
    page = as_ada.post("/accounts/avatar/", form)

    assert page.status_code == status
    assert sentence in re.findall(r'id="picture-complaint"[^>]*>([^<]*)<', html(page))[0]
    assert 'aria-invalid="true" autofocus' in html(page)


def test_every_page_says_where_it_is(as_ada: Client) -> None:
    for address in ("profile", "password/change", "email", "devices", "tokens"):
        page = html(as_ada.get(f"/accounts/{address}/"))
        [here] = re.findall(r'href="([^"]+)" aria-current="page"', page)
        assert here == f"/accounts/{address}/"
        assert "/admin/" not in page, "she is no administrator"


def test_staff_is_led_to_the_administration(administrator: User) -> None:
    client = Client()
    client.force_login(administrator)

    assert 'href="/admin/"' in html(client.get("/accounts/profile/"))
    assert 'href="/admin/"' in html(client.get("/"))


# Devices


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15", "Safari on macOS"),
        ("curl/8.5", "A program"),
        ("", "A program"),
        ("Something (Windows NT 10.0)", "A browser on Windows"),
    ],
)
def test_a_device_is_said_in_words(agent: str, said: str) -> None:
    assert device_in_words(agent) == said


def test_one_other_device_is_signed_out(ada: User) -> None:
    here, phone = browser(), browser(IPHONE)
    page = here.get("/accounts/devices/")
    assert "Firefox on Linux This device" in words(page) and "Safari on an iPhone Last seen just now" in words(page)

    after = here.post("/accounts/devices/", {"do": "end", "device": device_of(page)}, follow=True)

    assert "That device is signed out." in words(after) and "iPhone" not in words(after)
    assert phone.get("/accounts/profile/").status_code == 302 and here.get("/accounts/profile/").status_code == 200
    assert Eviction.objects.filter(who__startswith="session:", code="unauthenticated").count() == 1
    again = here.post("/accounts/devices/", {"do": "end", "device": device_of(page)}, follow=True)
    assert "signed out already" in words(again)


def test_all_other_devices_are_signed_out(ada: User) -> None:
    here, *others = browser(), browser(IPHONE), browser()

    page = here.post("/accounts/devices/", {"do": "end_others"}, follow=True)

    assert "2 other devices signed out." in words(page) and "Sign out all others" not in words(page)
    assert [each.get("/accounts/profile/").status_code for each in (here, *others)] == [200, 302, 302]


def test_nobody_signs_out_somebody_elses_device(ada: User, as_grace: Client) -> None:
    mine = browser()
    row = SignIn.objects.get(user=ada)

    for device in (str(row.public_id), "", "x", "0" * 36):
        as_grace.post("/accounts/devices/", {"do": "end", "device": device})

    assert mine.get("/accounts/profile/").status_code == 200
    assert as_grace.post("/accounts/devices/", {"do": "dance"}).status_code == 404


def test_a_session_that_is_over_is_not_listed(ada: User) -> None:
    here, other, third = browser(), browser(), browser()
    other.post("/accounts/logout/")
    assert SignIn.objects.filter(user=ada).count() == 2, "signing out forgets"

    new = "tea at five o'clock"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/accounts/password/change/", form).status_code == 302

    page = here.get("/accounts/devices/")
    assert "This device" in words(page) and 'value="end"' not in html(page), "the others knew the old password"
    assert third.get("/accounts/profile/").status_code == 302
    assert len(sign_ins_of(ada)) == SignIn.objects.filter(user=ada).count() == 1


def test_a_session_from_before_is_noted_when_it_is_used_and_not_at_every_request(as_ada: Client, ada: User) -> None:
    SignIn.objects.all().delete()
    devices._noted.clear()

    as_ada.get("/accounts/tokens/")
    seen = SignIn.objects.get(user=ada).last_seen_at
    as_ada.get("/accounts/tokens/")

    assert SignIn.objects.get(user=ada).last_seen_at == seen


def test_a_note_that_cannot_be_written_turns_nobody_away(
    as_ada: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: Any) -> None:
        raise DatabaseError("busy")

    devices._noted.clear()
    monkeypatch.setattr(SignIn.objects, "update_or_create", busy)

    assert as_ada.get("/accounts/profile/").status_code == 200


# Tokens


def test_a_token_is_shown_once_works_and_is_revoked(as_ada: Client, ada: User) -> None:
    made = as_ada.post("/accounts/tokens/", {"do": "create", "name": "tea bot"})

    [secret] = re.findall(r'value="(parlor_[0-9a-f]+)"', html(made))
    headers = {"authorization": f"Token {secret}"}
    assert Client(headers=headers).get("/api/users/me/").json()["username"] == "ada"
    assert "no-store" in made["Cache-Control"]
    page = as_ada.get("/accounts/tokens/")
    assert secret not in html(page) and "tea bot Last used just now" in words(page)

    token = ApiToken.objects.get(user=ada)
    after = as_ada.post("/accounts/tokens/", {"do": "revoke", "token": str(token.public_id)}, follow=True)
    assert "The token is revoked." in words(after) and "No tokens yet." in words(after)
    assert Client(headers=headers).get("/api/users/me/").status_code == 401
    again = as_ada.post("/accounts/tokens/", {"do": "revoke", "token": "x"}, follow=True)
    assert "revoked already" in words(again)


def test_all_tokens_are_revoked_at_once(as_ada: Client, ada: User, grace: User) -> None:
    issue_token(actor=grace, name="hers")
    as_ada.post("/accounts/tokens/", {"do": "create", "name": "one"})
    assert "Revoke all" not in words(as_ada.get("/accounts/tokens/"))
    as_ada.post("/accounts/tokens/", {"do": "create", "name": "two"})
    assert "Revoke all" in words(as_ada.get("/accounts/tokens/"))

    page = as_ada.post("/accounts/tokens/", {"do": "revoke_all"}, follow=True)

    assert "All tokens are revoked." in words(page) and "No tokens yet." in words(page)
    assert list(ApiToken.objects.values_list("name", flat=True)) == ["hers"]


def test_a_token_needs_a_name_and_there_are_only_so_many(as_ada: Client, ada: User) -> None:
    for name, sentence in (("", "needs a name"), ("x" * 81, "At most 80"), ("a\u200bb", "Invisible")):
        page = as_ada.post("/accounts/tokens/", {"do": "create", "name": name})
        assert page.status_code == 400 and sentence in words(page) and 'aria-invalid="true"' in html(page)

    for number in range(TOKENS_PER_USER):
        ApiToken.objects.create(user=ada, name=f"bot {number}")
    page = as_ada.post("/accounts/tokens/", {"do": "create", "name": "one more"})
    assert page.status_code == 400 and "revoke one first" in words(page)
    assert as_ada.post("/accounts/tokens/", {"do": "dance"}).status_code == 404


def test_nobody_revokes_somebody_elses_token(as_grace: Client, ada: User) -> None:
    token, _ = ApiToken.objects.create(user=ada, name="bot")

    as_grace.post("/accounts/tokens/", {"do": "revoke", "token": str(token.public_id)})

    assert ApiToken.objects.filter(pk=token.pk).exists()
    assert "bot" not in re.sub("A bot or", "", words(as_grace.get("/accounts/tokens/")))
