"""Direct rooms over REST: `direct/` opens the one of a set of people, or finds it."""

from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListField

from api.account import ADA
from api.authentication import signed_in
from api.rooms import TEA, Room, room_found
from api.schema import LOCATION, answer, asked, problems
from api.strict import StrictBody, StrictCharField, StrictView, rendered
from foundation.limits import DIRECT_PEOPLE_MAX
from rooms.direct import open_direct
from rooms.events import Person

GRACE = Person(id=2, username="grace", name="Grace Hopper", avatar=None)
DIRECT = {
    **{field: getattr(TEA, field) for field in TEA.__struct_fields__},
    "slug": "dm-0123456789abcdef",
    "name": "",
    "topic": "",
    "description": "",
    "kind": "direct",
    "people": [ADA, GRACE],
    "my_role": "member",
    "capabilities": ["post", "delete_own"],
}


class PeopleField(ListField):
    """Usernames; the command says what is wrong with how many and whom."""

    child = StrictCharField(max_length=200)
    shape: ClassVar[dict[str, Any]] = {"minItems": 1, "maxItems": DIRECT_PEOPLE_MAX - 1}


class DirectBody(StrictBody):
    people = PeopleField(help_text="The usernames of the others.")


class DirectView(StrictView):
    bodies: ClassVar = {"POST": DirectBody}

    @extend_schema(
        operation_id="direct_create",
        summary="Open the direct room of some people, or find it",
        description=(
            "For each set of two to nine people there is one. Nobody joins, leaves or rules it, and nobody else knows "
            "of it, not even the administrator."
        ),
        parameters=[LOCATION],
        examples=[asked({"people": ["grace"]})],
        responses={
            200: answer(Room, "The room that was there.", Room(**DIRECT)),
            201: answer(Room, "The new room.", Room(**DIRECT)),
            **problems("validation_error"),
        },
    )
    def post(self, request: Request) -> Response:
        room, is_new = open_direct(actor=signed_in(request), usernames=self.body()["people"])
        location = reverse("api:room", args=[room.slug])
        return rendered(room_found(request.user, room.slug), 201 if is_new else 200, Location=location)
