"""Search over REST: `search/`."""

from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

import msgspec
from django.core import signing
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ChoiceField, ValidationError
from rest_framework.utils.urls import replace_query_param

from api.authentication import signed_in
from api.messages import HELLO
from api.paging import PageQuery
from api.schema import answer, problems
from api.strict import StrictCharField, StrictTimeField, StrictView, rendered
from chat.frames import MessageFrame, message_frame
from chat.indexing import KINDS
from chat.search import ORDERS, Hit, Position, search
from foundation.errors import invalid
from foundation.limits import SEARCH_MAX_CHARS, SEARCH_RANKED_MAX, SLUG_MAX_CHARS

ME = "me"


class SearchPart(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the text as it was written, never HTML; `match`: this is what was searched."""

    text: str
    match: bool


class SearchRoom(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was said; a direct room has no name."""

    slug: str
    name: str
    kind: str


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was found, and the piece of its text that shows why; `…` where the text goes on."""

    message: MessageFrame
    room: SearchRoom
    snippet: list[SearchPart]


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. While there is a `next` there may be more, even where this page is short or empty."""

    next: str | None
    results: list[SearchHit]


class DayOrTimeField(StrictTimeField):
    """A day, which begins at midnight UTC, or a moment."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.shape = {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}", "example": "2027-01-31"}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and len(data) == len("2027-01-31"):
            try:
                return datetime.combine(date.fromisoformat(data), time(), UTC)
            except ValueError:
                raise ValidationError("A day, 2027-01-31, or a time with its zone.", code="invalid") from None
        return super().to_internal_value(data)


class SearchQuery(PageQuery):
    q = StrictCharField(
        required=False,
        default="",
        allow_blank=True,
        shape={"maxLength": SEARCH_MAX_CHARS},
        help_text='Words that a message must all have, the last of them perhaps only begun, and "phrases in quotes".',
    )
    room = StrictCharField(required=False, max_length=SLUG_MAX_CHARS, help_text="Only in this room.")
    before = DayOrTimeField(required=False, help_text="Sent before this day (its midnight UTC) or time.")
    after = DayOrTimeField(required=False, help_text="Sent on this day or after, or at this time or after.")
    has = ChoiceField(KINDS, required=False, help_text="Only with one of these in it.")
    order = ChoiceField(ORDERS, required=False, default=ORDERS[0], help_text="The best first, or the newest.")

    def get_fields(self) -> Any:
        sender = StrictCharField(
            required=False, max_length=32, source="author", help_text="Only from this username, or `me`."
        )
        return {**super().get_fields(), "from": sender}  # a word that Python keeps for itself


EXAMPLE = SearchPage(
    next=None,
    results=[
        SearchHit(
            message=HELLO,
            room=SearchRoom(slug="tea", name="Tea", kind="public"),
            snippet=[
                SearchPart(text="Hello, ", match=False),
                SearchPart(text="tea", match=True),
                SearchPart(text="!", match=False),
            ],
        )
    ],
)


class SearchView(StrictView):
    queries: ClassVar = {"GET": SearchQuery}

    @extend_schema(
        operation_id="search_list",
        summary="Find messages",
        description=(
            "In the rooms that I may read now. Capitals and accents do not matter; Chinese, Japanese and Thai are found "
            f"by any part. `order=relevance` ranks the newest {SEARCH_RANKED_MAX} messages that match, then as "
            "many before them, and so on; `order=newest` goes by date. Without `q` there must be a `from` or a `has`, and "
            "the order is by date."
        ),
        responses={
            200: answer(SearchPage, "One page.", EXAMPLE),
            **problems("validation_error", "query_too_costly", "forbidden", "not_found", "room_deleted"),
        },
    )
    def get(self, request: Request) -> Response:
        me, query = signed_in(request), dict(self.query)
        if query.get("author") == ME:
            query["author"] = me.username
        salt = f"api.search:{query['order']}"
        position = _opened(query.pop("cursor"), salt) if "cursor" in query else None
        found = search(actor=me, cursor=position, **query)
        following = None
        if found.next is not None:
            cursor = signing.dumps(found.next, salt=salt, compress=True)
            following = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
        return rendered(SearchPage(next=following, results=[_shown(hit) for hit in found.hits]))


def _opened(cursor: str, salt: str) -> Position:
    try:
        return Position(*signing.loads(cursor, salt=salt))
    except signing.BadSignature:
        raise invalid("cursor", "invalid", "This is no cursor of this list.") from None


def _shown(hit: Hit) -> SearchHit:
    room = hit.message.room
    return SearchHit(
        message=message_frame(hit.message, room.slug),
        room=SearchRoom(slug=room.slug, name=room.name, kind=room.kind),
        snippet=[SearchPart(text=part.text, match=part.match) for part in hit.parts],
    )
