"""The page that finds messages: a form with filters, what was found, and the way to more."""

from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from chat.frames import message_frame
from chat.pages import complaints, draw, page, signed_in
from chat.search import ORDERS, Hit, Position, Results, search
from foundation.errors import ChatError, invalid
from foundation.limits import SEARCH_MAX_CHARS
from rooms.directory import title_of, visible_rooms
from rooms.models import Room

ROOMS_OFFERED = 200
SALT = "chat.search_page"
FIELDS = ("q", "room", "from", "after", "before", "has", "order")


@page
@require_http_methods(["GET", "HEAD"])
def search_page(request: HttpRequest) -> HttpResponse:
    """A form, and the messages that it finds; without words and filters the form alone."""
    me = signed_in(request)
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in FIELDS}
    complaint, found = "", None
    try:
        if any(asked[name] for name in FIELDS if name not in {"room", "order"}):
            found = _found(me, asked, request.GET.get("cursor"))
    except ChatError as error:
        if error.refusal.status not in {400, 429}:
            raise
        complaint = next(iter(complaints(error).values()))
    rooms = {room.pk: room for room in visible_rooms(me).filter(my_role__isnull=False)[:ROOMS_OFFERED]}
    context = {
        "asked": asked | {"sender": asked["from"]},
        "is_filtered": any(asked[name] for name in ("room", "from", "after", "before", "has")),
        "choices": [(room.slug, title_of(room, me)) for room in rooms.values()],
        "search_max_chars": SEARCH_MAX_CHARS,
        "complaint": complaint,
        "found": found is not None,
        "hits": _shown(me, rooms, found.hits) if found else [],
        "more": _more(asked, found) if found else "",
    }
    return draw(request, "chat/search.html", context, status=400 if complaint else 200)


def _found(me: User, asked: dict[str, str], cursor: str | None) -> Results:
    order = asked["order"] or ORDERS[0]
    return search(
        actor=me,
        q=asked["q"],
        room=asked["room"] or None,
        author=me.username if asked["from"] == "me" else asked["from"].removeprefix("@").lower() or None,
        after=_day(asked, "after"),
        before=_day(asked, "before"),
        has=asked["has"] or None,
        order=order,
        cursor=_position(cursor, order) if cursor else None,
    )


def _day(asked: dict[str, str], name: str) -> datetime | None:
    if not asked[name]:
        return None
    try:
        return datetime.combine(date.fromisoformat(asked[name]), time(), UTC)
    except ValueError:
        raise invalid(name, "invalid", "A day, like 2027-01-31.") from None


def _position(cursor: str, order: str) -> Position:
    try:
        return Position(*signing.loads(cursor, salt=f"{SALT}:{order}"))
    except signing.BadSignature:
        raise invalid("cursor", "invalid", "This is no address of such a page. Search anew.") from None


def _more(asked: dict[str, str], found: Results) -> str:
    """The rest of the address of the next page; nothing on the last."""
    if found.next is None:
        return ""
    cursor = signing.dumps(found.next, salt=f"{SALT}:{asked['order'] or ORDERS[0]}", compress=True)
    return urlencode({name: value for name, value in asked.items() if value} | {"cursor": cursor})


def _shown(me: User, rooms: dict[int, Any], hits: list[Hit]) -> list[dict[str, Any]]:
    missing = {hit.message.room_id for hit in hits} - rooms.keys()
    known = rooms | ({room.pk: room for room in visible_rooms(me).filter(pk__in=missing)} if missing else {})
    return [
        {
            "frame": message_frame(hit.message, hit.message.room.slug),
            "title": _title(hit.message.room, known, me),
            "parts": hit.parts,
        }
        for hit in hits
    ]


def _title(room: Room, known: dict[int, Any], me: User) -> str:
    return title_of(known[room.pk], me) if room.pk in known else room.name
