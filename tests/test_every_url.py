"""Every address of Parlor, walked by everybody: a table says what each kind of person meets, and a new address fails
until it stands in the table."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from chat.posting import post_message
from rooms.membership import add_member
from rooms.models import Role, Room
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

PEOPLE = ("guest", "stranger", "member", "moderator", "owner", "administrator")
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
# What an address leaves open, besides the room.
VALUES = {
    "username": "grace",
    "seq": 3,
    "emoji": "👍",
    "id": "1",
    "key": "a-b",
    "uidb36": "1",
    "token": "a" * 43,
    "name": "tea.png",
    "public_id": "0b4c5f0e-6a5d-4a0b-9d5c-0d5f5f1f2a3b",
}
ADMIN_VALUES = {"app_label": "rooms"}
OPEN_IN_ADMIN = {"/admin/login/", "/admin/logout/"}
SIGN_IN = "/admin/login/?next="

# What GET answers to everybody, where the room is a private one: 404 to a stranger, and to a guest what a closed room
# answers too. 405 is for addresses that are only written to.
#                                      guest | stranger | member | moderator | owner | administrator
WALK = """
account_avatar                       | 302 | 405 | 405 | 405 | 405 | 405
account_change_password              | 302 | 200 | 200 | 200 | 200 | 200
account_confirm_email                | 200 | 200 | 200 | 200 | 200 | 200
account_confirm_login_code           | 302 | 302 | 302 | 302 | 302 | 302
account_devices                      | 302 | 200 | 200 | 200 | 200 | 200
account_email                        | 302 | 200 | 200 | 200 | 200 | 200
account_email_verification_sent      | 200 | 200 | 200 | 200 | 200 | 200
account_inactive                     | 200 | 200 | 200 | 200 | 200 | 200
account_login                        | 200 | 302 | 302 | 302 | 302 | 302
account_logout                       | 302 | 200 | 200 | 200 | 200 | 200
account_profile                      | 302 | 200 | 200 | 200 | 200 | 200
account_reauthenticate               | 302 | 200 | 200 | 200 | 200 | 200
account_reset_password               | 200 | 200 | 200 | 200 | 200 | 200
account_reset_password_done          | 200 | 200 | 200 | 200 | 200 | 200
account_reset_password_from_key      | 200 | 200 | 200 | 200 | 200 | 200
account_reset_password_from_key_done | 200 | 200 | 200 | 200 | 200 | 200
account_set_password                 | 302 | 302 | 302 | 302 | 302 | 302
account_signup                       | 200 | 302 | 302 | 302 | 302 | 302
account_tokens                       | 302 | 200 | 200 | 200 | 200 | 200
answer_invitation                    | 405 | 405 | 405 | 405 | 405 | 405
api:accept_invitation                | 401 | 405 | 405 | 405 | 405 | 405
api:asyncapi                         | 200 | 200 | 200 | 200 | 200 | 200
api:attachments                      | 401 | 404 | 200 | 200 | 200 | 200
api:audit                            | 401 | 404 | 403 | 403 | 200 | 200
api:ban                              | 401 | 404 | 403 | 404 | 404 | 404
api:bans                             | 401 | 404 | 403 | 200 | 200 | 200
api:direct                           | 401 | 405 | 405 | 405 | 405 | 405
api:docs                             | 200 | 200 | 200 | 200 | 200 | 200
api:export                           | 401 | 404 | 403 | 403 | 200 | 200
api:formatting                       | 401 | 405 | 405 | 405 | 405 | 405
api:inbox                            | 401 | 200 | 200 | 200 | 200 | 200
api:inbox_room                       | 401 | 405 | 405 | 405 | 405 | 405
api:invitation                       | 401 | 405 | 405 | 405 | 405 | 405
api:invitations                      | 401 | 200 | 200 | 200 | 200 | 200
api:log                              | 401 | 404 | 200 | 200 | 200 | 200
api:limits                           | 200 | 200 | 200 | 200 | 200 | 200
api:link                             | 401 | 404 | 404 | 404 | 404 | 404
api:me                               | 401 | 200 | 200 | 200 | 200 | 200
api:member                           | 401 | 404 | 200 | 200 | 200 | 200
api:members                          | 401 | 404 | 200 | 200 | 200 | 200
api:message                          | 401 | 404 | 200 | 200 | 200 | 200
api:my_avatar                        | 401 | 405 | 405 | 405 | 405 | 405
api:pin                              | 401 | 405 | 405 | 405 | 405 | 405
api:pins                             | 401 | 404 | 200 | 200 | 200 | 200
api:reaction                         | 401 | 405 | 405 | 405 | 405 | 405
api:reactions                        | 401 | 404 | 200 | 200 | 200 | 200
api:replies                          | 401 | 404 | 200 | 200 | 200 | 200
api:revisions                        | 401 | 404 | 200 | 200 | 200 | 200
api:messages                         | 401 | 404 | 200 | 200 | 200 | 200
api:presence                         | 401 | 404 | 200 | 200 | 200 | 200
api:read                             | 401 | 405 | 405 | 405 | 405 | 405
api:redoc                            | 200 | 200 | 200 | 200 | 200 | 200
api:redoc_script                     | 200 | 200 | 200 | 200 | 200 | 200
api:room                             | 401 | 404 | 200 | 200 | 200 | 200
api:room_invitation                  | 401 | 405 | 405 | 405 | 405 | 405
api:room_invitations                 | 401 | 404 | 403 | 200 | 200 | 200
api:room_links                       | 401 | 405 | 405 | 405 | 405 | 405
api:rooms                            | 401 | 200 | 200 | 200 | 200 | 200
api:schema                           | 200 | 200 | 200 | 200 | 200 | 200
api:search                           | 401 | 400 | 400 | 400 | 400 | 400
api:sessions                         | 401 | 405 | 405 | 405 | 405 | 405
api:sync                             | 401 | 404 | 200 | 200 | 200 | 200
api:tickets                          | 401 | 405 | 405 | 405 | 405 | 405
api:token                            | 401 | 405 | 405 | 405 | 405 | 405
api:tokens                           | 401 | 200 | 200 | 200 | 200 | 200
api:uploads                          | 401 | 405 | 405 | 405 | 405 | 405
api:user                             | 401 | 200 | 200 | 200 | 200 | 200
api:users                            | 401 | 200 | 200 | 200 | 200 | 200
avatar                               | 404 | 404 | 404 | 404 | 404 | 404
chat                                 | 302 | 302 | 302 | 302 | 302 | 302
delete_message                       | 405 | 405 | 405 | 405 | 405 | 405
favicon                              | 302 | 302 | 302 | 302 | 302 | 302
file                                 | 404 | 404 | 404 | 404 | 404 | 404
files                                | 302 | 404 | 200 | 200 | 200 | 200
invitation                           | 404 | 404 | 404 | 404 | 404 | 404
new_direct                           | 302 | 200 | 200 | 200 | 200 | 200
new_room                             | 302 | 200 | 200 | 200 | 200 | 200
permalink                            | 302 | 404 | 302 | 302 | 302 | 302
pins                                 | 302 | 404 | 200 | 200 | 200 | 200
revisions                            | 302 | 404 | 200 | 200 | 200 | 200
room                                 | 302 | 404 | 200 | 200 | 200 | 200
room_audit                           | 302 | 404 | 403 | 403 | 200 | 200
room_settings                        | 302 | 404 | 200 | 200 | 200 | 200
rooms                                | 200 | 200 | 200 | 200 | 200 | 200
search                               | 302 | 200 | 200 | 200 | 200 | 200
sign_out_everywhere                  | 405 | 405 | 405 | 405 | 405 | 405
theme                                | 405 | 405 | 405 | 405 | 405 | 405
thread                               | 302 | 404 | 200 | 200 | 200 | 200
thumbnail                            | 404 | 404 | 404 | 404 | 404 | 404
"""


def routes(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, list[str]]]:
    """The name of every address outside the admin site, and what it leaves open."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield namespace + pattern.name, sorted(pattern.pattern.regex.groupindex)
        elif pattern.namespace != "admin":
            inside = [*pattern.pattern.converters]
            name = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from ((route, [*inside, *left]) for route, left in routes(pattern.url_patterns, name))


ROUTES = dict(routes(get_resolver().url_patterns))


def address(route: str, slug: str = "cellar") -> str:
    return reverse(route, kwargs={name: slug if name == "slug" else VALUES[name] for name in ROUTES[route]})


@pytest.fixture
def people(ada: User, grace: User, mallory: User, administrator: User, cellar: Room) -> dict[str, Client]:
    """A browser for everybody: ada owns the cellar, grace is a member, and mallory never heard of it."""
    moderator = User.objects.create_user("hedy", password=PASSWORD)
    add_member(actor=ada, slug="cellar", username="grace")
    add_member(actor=ada, slug="cellar", username="hedy", role=Role.MODERATOR)
    post_message(actor=ada, slug="cellar", text="hello")
    users = (None, mallory, grace, moderator, ada, administrator)
    browsers = {kind: Client(raise_request_exception=False) for kind in PEOPLE}
    for browser, user in zip(browsers.values(), users, strict=True):
        if user:
            browser.force_login(user, backend="accounts.backend.Backend")
    return browsers


def table() -> dict[str, list[str]]:
    rows = [re.split(r"\s*\|\s*", line) for line in WALK.strip().splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_every_address_stands_in_the_table() -> None:
    assert table().keys() == ROUTES.keys()


@pytest.mark.parametrize("route", table())
def test_everybody_meets_what_the_table_says(route: str, people: dict[str, Client]) -> None:
    met = [str(browser.get(address(route)).status_code) for browser in people.values()]

    assert met == table()[route]


@pytest.mark.parametrize("route", ROUTES)
def test_no_method_on_any_address_is_a_fault_of_the_server(route: str, people: dict[str, Client]) -> None:
    for kind, browser in people.items():
        for method in METHODS:
            answer = getattr(browser, method)(address(route), data={}, content_type="application/json")
            assert answer.status_code < 500, (kind, method, answer.status_code)


@pytest.mark.parametrize("route", [route for route, left in ROUTES.items() if "slug" in left])
@pytest.mark.parametrize("kind", ["guest", "stranger"])
@pytest.mark.parametrize("method", METHODS)
def test_a_hidden_room_answers_like_one_that_is_not_there(
    route: str, kind: str, method: str, people: dict[str, Client]
) -> None:
    ask = getattr(people[kind], method)

    hidden, missing = (
        ask(address(route, slug), data={}, content_type="application/json") for slug in ("cellar", "nowhere")
    )

    assert hidden.status_code == missing.status_code
    assert same_for_all(hidden.content.replace(b"cellar", b"nowhere")) == same_for_all(missing.content)
    assert hidden.headers.get("Location", "").replace("cellar", "nowhere") == missing.headers.get("Location", "")


def same_for_all(page: bytes) -> bytes:
    """A page without the tokens of its forms, which are others each time."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", page)


def test_the_admin_site_is_for_administrators_alone(people: dict[str, Client]) -> None:
    [site] = [
        each for each in get_resolver().url_patterns if isinstance(each, URLResolver) and each.namespace == "admin"
    ]
    administrator = people.pop("administrator")

    for route, left in routes(site.url_patterns, "admin:"):
        path = reverse(route, kwargs={name: ADMIN_VALUES.get(name, "1") for name in left})
        if path in OPEN_IN_ADMIN:
            continue
        for kind, browser in people.items():
            answer = browser.get(path)
            assert answer.status_code == 302, (kind, path)
            assert answer.headers["Location"].startswith(SIGN_IN), (kind, path)
        assert administrator.get(path).status_code < 500, path
