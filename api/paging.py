"""Lists that are read page by page: `{"next": …, "previous": …, "results": […]}` with opaque, signed cursors.

A cursor holds the last row seen, by the field of the order and the primary key, so no row is skipped or repeated
while others come and go. (DRF's own cursors skip rows where the field of the order has equal values.)
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from api.strict import StrictCharField, StrictIntegerField, StrictQuery
from foundation.errors import invalid
from foundation.limits import PAGE_DEFAULT, PAGE_MAX

M = TypeVar("M", bound=Model)
CURSOR_MAX_CHARS = 500


class PageQuery(StrictQuery):
    """The parameters of every list."""

    limit = StrictIntegerField(
        required=False, default=PAGE_DEFAULT, min_value=1, max_value=PAGE_MAX, help_text="How many, at most."
    )
    cursor = StrictCharField(
        required=False, max_length=CURSOR_MAX_CHARS, help_text="From `next` or `previous` of another page."
    )


class Cursor(NamedTuple):
    """The row that the page begins after, or with `backward` ends before."""

    backward: bool
    value: Any
    pk: int


def page_of(
    request: Request,
    queryset: QuerySet[M],
    render: Callable[[M], Any],
    *,
    ordering: str,
    limit: int = PAGE_DEFAULT,
    cursor: str | None = None,
    load: Callable[[list[M]], None] | None = None,
) -> dict[str, Any]:
    """One page of the rows, ordered by one field (with `-` downward) and then by primary key.

    `render` makes a JSON object, or the Struct of one, of each row, after `load` has seen them all. Raises `validation_error` for a bad cursor."""
    position = _opened(cursor, ordering) if cursor is not None else None
    backward = position is not None and position.backward
    if position is not None:
        queryset = queryset.filter(_beyond(position, ordering))
    found = list(queryset.order_by(*_order(ordering, backward))[: limit + 1])
    more, rows = len(found) > limit, found[:limit]
    if backward:
        rows.reverse()
    if load is not None:
        load(rows)
    after = bool(rows) and (backward or more)
    before = bool(rows) and (more if backward else position is not None)
    return {
        "next": _link(request, rows[-1], ordering, backward=False) if after else None,
        "previous": _link(request, rows[0], ordering, backward=True) if before else None,
        "results": [msgspec.to_builtins(render(row)) for row in rows],
    }


def _order(ordering: str, backward: bool) -> list[str]:
    sign = "-" if ordering.startswith("-") != backward else ""
    return [f"{sign}{ordering.removeprefix('-')}", f"{sign}pk"]


def _beyond(position: Cursor, ordering: str) -> Q:
    field = ordering.removeprefix("-")
    side = "lt" if ordering.startswith("-") != position.backward else "gt"
    # With a bound of its own in front: an index seeks to one, and not to either of two.
    bound = Q(**{f"{field}__{side}e": position.value})
    return bound & (Q(**{f"{field}__{side}": position.value}) | Q(**{f"pk__{side}": position.pk}))


def _link(request: Request, row: Model, ordering: str, *, backward: bool) -> str:
    value = msgspec.to_builtins(getattr(row, ordering.removeprefix("-")))
    cursor = signing.dumps(Cursor(backward, value, row.pk), salt=_salt(ordering), compress=True)
    address: str = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
    return address


def _opened(cursor: str, ordering: str) -> Cursor:
    try:
        return Cursor(*signing.loads(cursor, salt=_salt(ordering)))
    except signing.BadSignature:
        raise invalid("cursor", "invalid", "This is no cursor of this list.") from None


def _salt(ordering: str) -> str:
    # With the order in it, a cursor of another order is refused instead of misread.
    return f"api.paging:{ordering}"
