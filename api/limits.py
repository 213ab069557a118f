"""What is bounded, over REST: `limits/` says to clients what they may send, how much and how often."""

from typing import Annotated

import msgspec
from allauth.account import app_settings
from allauth.core.internal.ratelimit import Rate as AllauthRate
from allauth.core.internal.ratelimit import parse_rates
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import answer
from api.strict import StrictView, rendered
from foundation import limits, rates

# What a client has to know, of foundation/limits.py: a size in the unit that the name ends in, or a count.
SIZES = (
    *("MESSAGE_MAX_CHARS", "MESSAGE_MAX_BYTES", "FRAME_MAX_BYTES", "BODY_MAX_BYTES", "PAGE_MAX", "PAGE_DEFAULT"),
    *(
        "ROOM_NAME_MAX_CHARS",
        "ROOM_TOPIC_MAX_CHARS",
        "ROOM_DESCRIPTION_MAX_CHARS",
        "SLUG_MAX_CHARS",
        "SLOW_MODE_MAX_S",
        "REASON_MAX_CHARS",
    ),
    *("DIRECT_PEOPLE_MAX", "MENTIONS_MAX", "POSITION_MAX", "TOKENS_PER_USER", "TOKEN_NAME_MAX_CHARS"),
    *("INVITATION_LIFE_MAX_S", "INVITATION_USES_MAX", "INVITATION_LINKS_PER_ROOM", "INVITATIONS_PER_ROOM"),
    *("TYPING_INTERVAL_S", "PING_INTERVAL_S", "UNANSWERED_MAX", "BAD_FRAMES_MAX", "BAD_FRAMES_WINDOW_S"),
    *("STRIKES_MAX", "STRIKES_WINDOW_S", "OUTBOX_MAX_BYTES"),
)
OF_ALLAUTH = {"login": "sign-ins", "login_failed": "failed sign-ins", "signup": "new accounts"}
Number = Annotated[int, msgspec.Meta(ge=0)]


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """So many (`count`) in so many `seconds`, of each of what `per` says."""

    name: str
    what: str
    per: str
    count: Number
    seconds: Number


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Every size, count and time that a client meets, by name, and every rate."""

    sizes: dict[str, float]
    rates: list[Rate]


def limits_shown() -> Limits:
    """The limits as they hold now."""
    of_ours = [
        Rate(name=name, what=rates.NAMES[name], per="room" if name == "guest_posts" else "person", count=n, seconds=s)
        for name, (n, s) in settings.RATES.items()
    ]
    of_allauth = [
        Rate(name=name, what=what, per=_per(rate), count=rate.amount, seconds=int(rate.duration))
        for name, what in OF_ALLAUTH.items()
        for rate in parse_rates(app_settings.RATE_LIMITS.get(name))
    ]
    return Limits(sizes={name.lower(): getattr(limits, name) for name in SIZES}, rates=[*of_ours, *of_allauth])


def _per(rate: AllauthRate) -> str:
    return {"ip": "address", "key": "username", "user": "person"}[rate.per]


EXAMPLE = Limits(
    sizes={"message_max_chars": limits.MESSAGE_MAX_CHARS},
    rates=[Rate(name="posts", what=rates.NAMES["posts"], per="person", count=300, seconds=60)],
)


class LimitsView(StrictView):
    open_to_guests = frozenset({"GET"})

    @extend_schema(
        operation_id="limits_retrieve",
        summary="What is bounded",
        description=(
            "Sizes are refused and never cut down to fit. Whoever is above a rate is told `rate_limited` with how long to "
            "wait, over REST and on sockets alike. The list of rates is empty where the operator has switched them off."
        ),
        responses={200: answer(Limits, "The limits.", EXAMPLE)},
    )
    def get(self, request: Request) -> Response:
        return rendered(limits_shown())
