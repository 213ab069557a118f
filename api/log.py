"""A room's log over REST: `rooms/{slug}/changes/`, for programs that have no socket open all the time."""

from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.messages import HELLO, LimitQuery
from api.schema import answer, problems
from api.strict import StrictCharField, StrictIntegerField, StrictView, rendered
from chat import history


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """What happened after a number: the very frames that a socket gets, in their order and without a hole. `next` leads
    on; `seq` is the end of the log and `epoch` its incarnation. `truncated` when what came after the number was deleted up
    to `first_seq`, where the log begins now: what a client knows of that is no more."""

    results: list[dict[str, Any]]
    next: str | None
    seq: int
    epoch: str
    first_seq: int
    truncated: bool


class LogQuery(LimitQuery):
    after = StrictIntegerField(required=False, default=0, help_text="The last number that is known.")
    epoch = StrictCharField(required=False, help_text="The epoch that the number is of; of another it is refused.")


class LogView(StrictView):
    open_to_guests = frozenset({"GET"})
    queries: ClassVar = {"GET": LogQuery}

    @extend_schema(
        operation_id="rooms_changes_list",
        summary="Read the log",
        description=(
            "Messages and all other changes of the room after a number, as the frames of the socket: what a client has "
            "to know to be where the room is."
        ),
        responses={
            200: answer(
                LogPage,
                "One page.",
                LogPage(
                    results=[msgspec.to_builtins(HELLO)],
                    next=None,
                    seq=HELLO.seq,
                    epoch="p0rHq2cXk1Jm",
                    first_seq=1,
                    truncated=False,
                ),
            ),
            **problems("not_found", "position_invalid"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        limit = self.query["limit"]
        log = history.log_after(
            actor=request.user, slug=slug, after=self.query["after"], of_epoch=self.query.get("epoch"), limit=limit
        )
        query = urlencode({"after": log.upto, "epoch": log.epoch, "limit": limit})
        return rendered(
            LogPage(
                results=[msgspec.json.decode(entry.frame) for entry in log.entries if entry.frame],
                next=f"{request.build_absolute_uri(request.path)}?{query}" if log.upto < log.head else None,
                seq=log.head,
                epoch=log.epoch,
                first_seq=log.first_seq,
                truncated=log.truncated,
            )
        )
