"""Formatting over REST: `formatting/` shows what a text would look like as a message, and keeps nothing."""

from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import signed_in
from api.schema import answer, asked, problems
from api.strict import StrictBody, StrictCharField, StrictView, rendered
from chat.texts import checked_text
from foundation import rates
from foundation.limits import MESSAGE_MAX_CHARS


class FormattingBody(StrictBody):
    value = StrictCharField(allow_blank=True, shape={"minLength": 1, "maxLength": MESSAGE_MAX_CHARS})


class Formatting(msgspec.Struct, frozen=True, kw_only=True):
    """The safe HTML of a text, null where it has no formatting."""

    html: str | None


EXAMPLE = Formatting(html="<p><strong>Tea</strong> at four</p>")


class FormattingView(StrictView):
    bodies: ClassVar = {"POST": FormattingBody}

    @extend_schema(
        operation_id="formatting_create",
        summary="Look at a text before it is sent",
        description=(
            "The `html` that a message with this text would have, with the limits of a message. Nothing is kept. Every "
            "`@name` is marked: in a room only its members are."
        ),
        examples=[asked({"value": "**Tea** at four"}, "A text")],
        responses={
            200: answer(Formatting, "What it would look like.", EXAMPLE),
            **problems("validation_error", "message_too_long", "rate_limited"),
        },
    )
    def post(self, request: Request) -> Response:
        me = signed_in(request)
        rates.take("previews", me.pk)
        return rendered(Formatting(html=checked_text(self.body()["value"]).html))
