"""Search: full text over the rooms that somebody may read right now."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from chat import indexing
from chat.candidates import Match, in_time, newest
from chat.models import Message
from chat.queries import Term, terms_of, together
from chat.snippets import Part, parts_of
from chat.words import folded
from foundation.errors import ChatError, invalid
from foundation.limits import PAGE_DEFAULT, PAGE_MAX, SEARCH_RANKED_MAX, SEQ_MAX
from rooms import policies
from rooms.directory import readable_rooms
from rooms.models import Room
from rooms.policies import Person

ORDERS = ("relevance", "newest")
ROOMS_NAMED_MAX = 200  # of more, the rows of the candidates are asked
NARROW_MAX = 20_000
CHECKED_AT_ONCE = 300
ASKED_FURTHER = 1200  # of the index at once, where the first candidates were not enough
RANKED_MAX_CHARS = 1_000_000
USUAL_CHARS = 60
FIRST_YEAR = 2000


class Position(NamedTuple):
    """Where a page ends: at the message with this key, and in order of relevance with this score, where the messages
    with ceiling > key >= floor were ranked. Without a floor those below the ceiling are yet to be ranked."""

    key: int
    score: float = 0.0
    ceiling: int = SEQ_MAX
    floor: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, with its room and author, and the piece of it that shows why."""

    message: Message
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of what was found. While there is a `next` there may be more, even where the page is short or empty."""

    hits: list[Hit]
    next: Position | None


@dataclass(frozen=True, slots=True)
class _Search:
    terms: list[Term]
    match: Match
    rows: Q
    has: str | None


def search(
    *,
    actor: Person,
    q: str = "",
    room: str | None = None,
    author: str | None = None,
    before: datetime | None = None,
    after: datetime | None = None,
    has: str | None = None,
    order: str = "relevance",
    cursor: Position | None = None,
    limit: int = PAGE_DEFAULT,
) -> Results:
    """Find messages with all words of `q` in the rooms that `actor` may read now, by date or by relevance: the best of
    the newest SEARCH_RANKED_MAX first, then the best of as many before them.

    The last word may be a beginning, "words in quotes" stand one after the other. `before` and `after` bound when a
    message was sent (after <= sent < before), `has` is one of link, file and image. Raises `unauthenticated` for a
    guest, `validation_error`, for `room` what `room_for` raises, and `query_too_costly`.
    """
    if not isinstance(actor, User):
        raise ChatError("unauthenticated")
    if order not in ORDERS:
        raise invalid("order", "invalid_choice", f"One of: {', '.join(ORDERS)}.")
    if has is not None and has not in indexing.KINDS:
        raise invalid("has", "invalid_choice", f"One of: {', '.join(indexing.KINDS)}.")
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", "out_of_range", f"From 1 to {PAGE_MAX}.")
    terms = terms_of(q)
    if not terms and (q.strip() or (author is None and has is None)):
        raise invalid("q", "no_words", "There is no word to search for.")
    after, before = _moment("after", after), _moment("before", before)
    with in_time() as is_over:
        wanted = _search(actor, terms, room, author, before, after, has)
        if wanted is None:
            return Results([], None)
        pick = _best if terms and order == "relevance" else _newest
        keys, position = pick(wanted, cursor, limit, is_over)
        found = Message.objects.select_related("author", "room").filter(deleted_at=None).in_bulk(keys)
    return Results([Hit(found[key], parts_of(found[key].text, terms)) for key in keys if key in found], position)


def _moment(field: str, at: datetime | None) -> datetime | None:
    try:
        return at.astimezone(UTC) if at is not None else None
    except OverflowError:
        raise invalid(field, "out_of_range", "There is no such time everywhere.") from None


def _search(
    actor: User,
    terms: list[Term],
    slug: str | None,
    username: str | None,
    before: datetime | None,
    after: datetime | None,
    has: str | None,
) -> _Search | None:
    """What to ask the index, and what holds for the rows; None where nothing can be found."""
    rows, match = Q(deleted_at=None), Match(every=[key for term in terms for key in term.keys])
    if slug is not None:
        room = policies.room_for(actor, slug).room
        rows, match.some = rows & Q(room=room), [[indexing.room_mark(room.pk)]]
        match.narrow = room.message_count <= NARROW_MAX
    else:
        rows &= Q(room__in=readable_rooms(actor))
        if not _name_rooms(actor, match):
            return None
    if username is not None:
        writer = User.objects.filter(username=username).first()
        if writer is None:
            return None
        rows &= Q(author=writer)
        match.some.append([indexing.author_mark(writer.pk)])
    if has is not None:
        match.some.append([indexing.kind_mark(has)])
    if after is not None or before is not None:
        rows &= Q(**{f"sent_at__{side}": at for side, at in (("gte", after), ("lt", before)) if at is not None})
        _name_days(match, after, before)
    return _Search(terms, match, rows, has)


def _name_rooms(actor: User, match: Match) -> bool:
    """Tell the index the rooms that are meant, or those that are not, whichever are few. False where there is none."""
    readable = readable_rooms(actor)
    counts = dict(readable.filter(message_count__gt=0).values_list("pk", "message_count")[: ROOMS_NAMED_MAX + 1])
    if len(counts) <= ROOMS_NAMED_MAX:
        match.some.append([indexing.room_mark(key) for key in counts])
        match.narrow = sum(counts.values()) <= NARROW_MAX
        return bool(counts)
    hidden = Room.objects.order_by().filter(message_count__gt=0).exclude(pk__in=readable)
    keys = list(hidden.values_list("pk", flat=True)[: ROOMS_NAMED_MAX + 1])
    if len(keys) <= ROOMS_NAMED_MAX:
        match.none += [indexing.room_mark(key) for key in keys]
    else:
        match.only = readable.values("pk").query.sql_with_params()
    return True


def _name_days(match: Match, after: datetime | None, before: datetime | None) -> None:
    """Tell the index the days and months that are meant; without a beginning, those that are not."""
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    end = min(before.date(), tomorrow) if before is not None else tomorrow
    if after is not None and after.year >= FIRST_YEAR:
        # An empty group finds nothing, as nothing was sent in such a time.
        match.some.append(_days(after.date(), end) or [indexing.day_mark(0, 0, 0)])
    elif before is not None and before.year >= FIRST_YEAR:
        match.none += _days(end + timedelta(days=1), tomorrow)


def _days(first: date, last: date) -> list[str]:
    """The marks of all days from the first to the last: whole months by one, the others day by day."""
    marks, day = [], first
    while day <= last:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        if day.day == 1 and following <= last + timedelta(days=1):
            marks.append(indexing.month_mark(day.year, day.month))
            day = following
        else:
            marks.append(indexing.day_mark(day.year, day.month, day.day))
            day += timedelta(days=1)
    return marks


Found = tuple[int, str]


def _newest(
    wanted: _Search, cursor: Position | None, limit: int, is_over: Callable[[], bool]
) -> tuple[list[int], Position | None]:
    """The newest messages, downward. When the time is over the page is short, and goes on where it ended."""
    found = list[int]()
    for keys in _candidates(wanted, cursor.key if cursor else SEQ_MAX, 0, first=limit + 1):
        found += [key for key, _ in _checked(wanted, keys)]
        if len(found) > limit:
            return found[:limit], Position(found[limit - 1])
        if is_over():
            return found, Position(keys[-1])
    return found, None


def _candidates(wanted: _Search, below: int, floor: int, *, first: int) -> Iterator[list[int]]:
    """The candidates with floor <= key < below, downward, in parts that are checked at once."""
    count = first
    while True:
        keys = newest(wanted.match, below=below, floor=floor, count=count)
        yield from (keys[start : start + CHECKED_AT_ONCE] for start in range(0, len(keys), CHECKED_AT_ONCE))
        if len(keys) < count:
            return
        below, count = keys[-1], ASKED_FURTHER


def _best(
    wanted: _Search, cursor: Position | None, limit: int, is_over: Callable[[], bool]
) -> tuple[list[int], Position | None]:
    """The best of a stretch of messages, and after it of the one before. What is in a stretch is fixed with its first
    page, so that no page moves."""
    ceiling, floor = (cursor.ceiling, cursor.floor) if cursor else (SEQ_MAX, None)
    ranked, ceiling, reached = _ranked(wanted, ceiling, floor, is_over)
    ranked.sort(reverse=True)
    if cursor is not None and floor is not None:
        ranked = [each for each in ranked if each < (cursor.score, cursor.key)]
    page = ranked[:limit]
    following = None
    if len(ranked) > limit:
        following = Position(page[-1][1], page[-1][0], ceiling, reached)
    elif reached:
        following = Position(reached, ceiling=reached)
    return [key for _, key in page], following


def _ranked(
    wanted: _Search, ceiling: int, floor: int | None, is_over: Callable[[], bool]
) -> tuple[list[tuple[float, int]], int, int]:
    """Scores and keys of a stretch, its ceiling, and its floor, which is 0 at the end. Without a floor it goes down until
    there is enough, or the time is over."""
    ranked, chars, top = list[tuple[float, int]](), 0, ceiling
    for keys in _candidates(wanted, ceiling, floor or 0, first=CHECKED_AT_ONCE):
        if top == SEQ_MAX:
            top = keys[0] + 1
        for key, text in _checked(wanted, keys):
            chars += len(text)
            ranked.append((_score(text, wanted.terms), key))
        if floor is None and (len(ranked) >= SEARCH_RANKED_MAX or chars >= RANKED_MAX_CHARS or is_over()):
            return ranked, top, keys[-1]
    return ranked, top, floor or 0


def _checked(wanted: _Search, keys: Sequence[int]) -> list[Found]:
    """Those candidates that are there, may be read and match, in their order, with their folded texts."""
    fields = ["pk", "text", *(["attachments"] if wanted.has else [])]
    found = []
    for key, text, *more in Message.objects.filter(wanted.rows, pk__in=keys).order_by("-pk").values_list(*fields):
        plain = folded(text)
        matches = all(term.pattern.search(plain) for term in wanted.terms)
        if matches and (wanted.has is None or indexing.has(wanted.has, text, more[0])):
            found.append((key, plain))
    return found


def _score(plain: str, terms: Sequence[Term]) -> float:
    """How well a text matches, by itself: words that come often in a short text, whole ones, one after the other."""
    length = 0.25 + 0.75 * len(plain) / USUAL_CHARS
    score = 0.0
    for term in terms:
        often = min(len(term.pattern.findall(plain)), 10)
        score += often * 2.2 / (often + 1.2 * length)
        if term.prefix and term.whole.search(plain):
            score += 0.5
    if len(terms) > 1 and together(tuple(terms)).pattern.search(plain):
        score += 1.0
    return round(score, 6)
