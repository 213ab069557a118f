"""Finding people over REST: the part of `users/` that is read."""

from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import public_user
from api.authentication import signed_in
from api.paging import PageQuery, page_of
from api.schema import answer
from api.strict import StrictCharField, StrictView
from rooms.directory import acquaintances
from rooms.events import Person

SEARCH_MAX_CHARS = 100
GRACE = Person(id=2, username="grace", name="Grace Hopper", avatar=None)


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of people, by username."""

    next: str | None
    previous: str | None
    results: list[Person]


class NamesQuery(PageQuery):
    q = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=SEARCH_MAX_CHARS,
        help_text="Words, all of them in name or username.",
    )


class AcquaintancesView(StrictView):
    queries: ClassVar = {"GET": NamesQuery}

    @extend_schema(
        operation_id="users_list",
        summary="Find people whom I know",
        description="Those with whom I share a room. There is no list of everybody.",
        responses={200: answer(PersonPage, "One page.", PersonPage(next=None, previous=None, results=[GRACE]))},
    )
    def get(self, request: Request) -> Response:
        asked = dict(self.query)
        known = acquaintances(actor=signed_in(request), words=asked.pop("q", ""))
        return Response(page_of(request, known, public_user, ordering="username", **asked))
