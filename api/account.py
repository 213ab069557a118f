"""People, their tokens and their tickets: `users/`, `tokens/`, `tickets/`."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import people, signup, tokens
from accounts.models import ApiToken, User, public_user
from accounts.names import DISPLAY_NAME_MAX_CHARS, USERNAME_MAX_CHARS
from accounts.passwords import user_with_password
from accounts.tickets import issue_ticket
from api.acquaintances import AcquaintancesView
from api.authentication import signed_in
from api.paging import PageQuery, page_of
from api.schema import LOCATION, answer, asked, problems
from api.strict import StrictBody, StrictBooleanField, StrictCharField, StrictView, rendered
from foundation.errors import invalid
from foundation.limits import TICKET_LIFE_S, TOKEN_NAME_MAX_CHARS
from rooms.events import Person

FIRST_TOKEN = "sign-up"
Moment = Annotated[datetime, msgspec.Meta(tz=True)]  # documented as a date-time


class Me(Person, frozen=True):
    """A person as they see themselves."""

    email: str
    is_administrator: bool
    date_joined: Moment
    read_receipts: bool


class NewAccount(msgspec.Struct, frozen=True):
    """A new account, and a token that is shown this once."""

    user: Me
    token: str


class Token(msgspec.Struct, frozen=True):
    """A token of a program. What it lets in with is not shown again."""

    id: UUID
    name: str
    created_at: Moment
    last_used_at: Moment | None


class NewToken(msgspec.Struct, frozen=True):
    """A new token; `token` is shown this once."""

    id: UUID
    name: str
    token: str
    created_at: Moment


class TokenPage(msgspec.Struct, frozen=True):
    """A page of one's tokens, newest first."""

    next: str | None
    previous: str | None
    results: list[Token]


class Ticket(msgspec.Struct, frozen=True):
    """Opens one socket: `/ws/chat/<room>/?ticket=…`."""

    ticket: str
    expires_in_s: int


class SignUpBody(StrictBody):
    """A new account. Only the username and the password are needed."""

    username = StrictCharField(
        help_text=f"1 to {USERNAME_MAX_CHARS} of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit."
    )
    password = StrictCharField(help_text="At least 8 characters; no common password, and not like the username.")
    email = StrictCharField(required=False, allow_blank=True, help_text="For a forgotten password.")
    name = StrictCharField(
        required=False, allow_blank=True, max_length=DISPLAY_NAME_MAX_CHARS, help_text="What others read."
    )


class MeBody(StrictBody):
    """What people change about themselves."""

    name = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=DISPLAY_NAME_MAX_CHARS,
        help_text="What others read; empty for the username.",
    )
    read_receipts = StrictBooleanField(required=False, help_text="Whether others are told up to where I have read.")


class TokenBody(StrictBody):
    """A name for the token; for somebody who is not signed in, who they are."""

    name = StrictCharField(max_length=TOKEN_NAME_MAX_CHARS, help_text="What the token is for.")
    username = StrictCharField(required=False, help_text="With `password`, instead of being signed in.")
    password = StrictCharField(required=False)


class TicketBody(StrictBody):
    """Nothing: a ticket is for whoever asks."""


ADA = Person(id=7, username="ada", name="Ada Lovelace", avatar=None)
ADA_HERSELF = Me(
    **msgspec.to_builtins(ADA),
    email="ada@example.org",
    is_administrator=False,
    date_joined=datetime.fromisoformat("2026-11-23T12:00:00Z"),
    read_receipts=False,
)
BOT = Token(
    id=UUID("0b4c5f0e-6a5d-4a0b-9d5c-0d5f5f1f2a3b"),
    name="my bot",
    created_at=ADA_HERSELF.date_joined,
    last_used_at=None,
)
SECRET = "parlor_" + "5ec2e7" * 10 + "5ec2"


def me(user: User) -> Me:
    return Me(**people.own_view(user))


class UsersView(AcquaintancesView):
    bodies: ClassVar = {"POST": SignUpBody}
    open_to_guests = frozenset({"POST"})

    @extend_schema(
        operation_id="users_create",
        summary="Sign up",
        description="Opens an account. The first account of a server is its administrator.",
        parameters=[LOCATION],
        examples=[asked({"username": "ada", "password": "correct horse battery", "name": "Ada Lovelace"})],
        responses={
            201: answer(NewAccount, "Signed up.", NewAccount(ADA_HERSELF, SECRET)),
            **problems("validation_error", "signup_closed", "name_taken", "rate_limited"),
        },
    )
    def post(self, request: Request) -> Response:
        values = self.body()
        signup.count_attempt(request._request)
        user = signup.create_account(**values)
        _, token = tokens.issue_token(actor=user, name=FIRST_TOKEN)
        return rendered(NewAccount(me(user), token), 201, Location=f"{request.path}{user.username}/")


class MeView(StrictView):
    bodies: ClassVar = {"PATCH": MeBody}

    @extend_schema(
        operation_id="users_me_retrieve",
        summary="Who am I",
        responses={200: answer(Me, "Whoever is signed in.", ADA_HERSELF)},
    )
    def get(self, request: Request) -> Response:
        return rendered(me(signed_in(request)))

    @extend_schema(
        operation_id="users_me_partial_update",
        summary="Change what is mine",
        examples=[asked({"name": "Ada Lovelace"})],
        responses={200: answer(Me, "The person after the change.", ADA_HERSELF), **problems("validation_error")},
    )
    def patch(self, request: Request) -> Response:
        values = self.body()
        user = signed_in(request)
        return rendered(me(people.change_profile(actor=user, **values) if values else user))


class UserView(StrictView):
    @extend_schema(
        operation_id="users_retrieve",
        summary="Look at a person",
        responses={200: answer(Person, "The person.", ADA), **problems("not_found")},
    )
    def get(self, request: Request, username: str) -> Response:
        return Response(public_user(people.person_named(username)))


class TokensView(StrictView):
    queries: ClassVar = {"GET": PageQuery}
    bodies: ClassVar = {"POST": TokenBody}
    open_to_guests = frozenset({"POST"})

    @extend_schema(
        operation_id="tokens_list",
        summary="List my tokens",
        responses={200: answer(TokenPage, "One page, newest first.", TokenPage(None, None, [BOT]))},
    )
    def get(self, request: Request) -> Response:
        found = tokens.tokens_of(signed_in(request))
        return Response(page_of(request, found, token_shown, ordering="-created", **self.query))

    @extend_schema(
        operation_id="tokens_create",
        summary="Make a token",
        description=(
            "For whoever is signed in, or for whoever `username` (an e-mail address will do) and `password` belong to."
        ),
        examples=[
            asked({"name": "my bot"}, "Signed in"),
            asked({"name": "my bot", "username": "ada", "password": "correct horse battery"}, "With a password"),
        ],
        responses={
            201: answer(NewToken, "The token, shown this once.", NewToken(BOT.id, BOT.name, SECRET, BOT.created_at)),
            **problems("validation_error", "unauthenticated", "invalid_credentials", "rate_limited"),
        },
    )
    def post(self, request: Request) -> Response:
        values = self.body()
        token, text = tokens.issue_token(actor=owner_for(request, values), name=values["name"])
        return rendered(NewToken(token.public_id, token.name, text, token.created), 201)

    @extend_schema(
        operation_id="tokens_destroy_all",
        summary="Revoke all my tokens",
        description="Also the one that asks. The sockets that they opened are closed.",
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        tokens.revoke_all_tokens(actor=signed_in(request))
        return Response(status=204)


def owner_for(request: Request, values: dict[str, Any]) -> User:
    """Whoever the password belongs to where there is one, else whoever is signed in."""
    missing = {"username", "password"} - values.keys()
    if len(missing) == 1:
        raise invalid(missing.pop(), "required", "Send both, username and password, or neither.")
    if not missing:
        return user_with_password(request._request, username=values["username"], password=values["password"])
    return signed_in(request)


def token_shown(token: ApiToken) -> Token:
    return Token(token.public_id, token.name, token.created, token.last_used_at)


class TokenView(StrictView):
    @extend_schema(
        operation_id="tokens_destroy",
        summary="Revoke a token",
        description="It opens nothing any more, and the sockets that it opened are closed.",
        parameters=[OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses={204: None, **problems("not_found")},
    )
    def delete(self, request: Request, id: str) -> Response:
        tokens.revoke_token(actor=signed_in(request), public_id=id)
        return Response(status=204)


class TicketsView(StrictView):
    bodies: ClassVar = {"POST": TicketBody}

    @extend_schema(
        operation_id="tickets_create",
        summary="Get a ticket for a socket",
        description=(
            "For a page on another origin, whose socket can carry neither cookie nor header. "
            f"Good once, for {TICKET_LIFE_S} seconds."
        ),
        responses={
            201: answer(Ticket, "The ticket.", Ticket("kZ7Qm0mVxq0s4b1T0y9cX1l2n3p4q5r6s7t8u9v0w1x", TICKET_LIFE_S))
        },
    )
    def post(self, request: Request) -> Response:
        self.body()
        credential = request.auth if isinstance(request.auth, ApiToken) else request._request.session
        return rendered(Ticket(issue_ticket(actor=signed_in(request), credential=credential), TICKET_LIFE_S), 201)


urlpatterns = [
    path("users/", UsersView.as_view(), name="users"),
    path("users/me/", MeView.as_view(), name="me"),
    path("users/<str:username>/", UserView.as_view(), name="user"),
    path("tokens/", TokensView.as_view(), name="tokens"),
    path("tokens/<str:id>/", TokenView.as_view(), name="token"),
    path("tickets/", TicketsView.as_view(), name="tickets"),
]
