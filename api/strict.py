"""Reading requests without guessing: one JSON object, known fields, known parameters, nothing coerced or trimmed.

Every view of the API is a `StrictView`; what it reads is declared in `queries` and `bodies`, and `api/schema.py`
documents exactly that.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_header_parameters
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from foundation.errors import ChatError, FieldError, invalid
from foundation.limits import BODY_MAX_BYTES, SEQ_MAX
from foundation.strictjson import loads

WHOLE_NUMBER = re.compile(r"(0|[1-9][0-9]{0,15})\Z")
REPLACED = (ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator)  # by check_storable, with our codes
FORMAT = "format"  # DRF's own parameter: ?format=json in the browsable pages


def check_content_type(content_type: str) -> None:
    """Raise `unsupported_media_type` for everything but application/json in UTF-8."""
    media_type, parameters = parse_header_parameters(content_type)
    if media_type != "application/json" or parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise ChatError("unsupported_media_type")


class StrictJSONParser(BaseParser):
    """Reads a body of at most BODY_MAX_BYTES as one JSON object, whether its length was announced or not."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        check_content_type(media_type or "")
        meta = parser_context["request"].META
        if meta.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise ChatError("unsupported_media_type", "Send the body without compression.")
        announced = meta.get("CONTENT_LENGTH") or "0"
        if announced.isdigit() and int(announced) > BODY_MAX_BYTES:
            raise ChatError("payload_too_large")
        body = stream.read(BODY_MAX_BYTES + 1)
        if len(body) > BODY_MAX_BYTES:
            raise ChatError("payload_too_large")
        return loads(body)


class StrictRequest(Request):
    """A request whose body is also read when it comes in chunks (the stock one takes it for empty)."""

    def _load_stream(self) -> None:
        super()._load_stream()  # type: ignore[misc]
        if self._stream is None and "HTTP_TRANSFER_ENCODING" in self._request.META:
            self._stream = self._request


class StrictCharField(serializers.CharField):
    """Text and nothing else: a number is refused, and what is accepted is not trimmed.

    `shape` tells the schema what the command behind will check, with errors of its own."""

    def __init__(self, *, shape: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.shape = dict(shape or {})
        super().__init__(**{"trim_whitespace": False, **options})
        self.validators = [each for each in self.validators if not isinstance(each, REPLACED)]

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str):
            check_storable(data, str(self.field_name or self.parent.field_name))  # in a list: of the list
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def check_storable(text: str, field: str) -> None:
    """Raise `validation_error` for text that no database keeps: with NUL, or with half of a character."""
    if "\0" in text:
        raise invalid(field, "null_character", "The text has a NUL character.")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise invalid(field, "surrogate", "The text has half of a character.")


class StrictIntegerField(serializers.IntegerField):
    """A whole number of a query: decimal digits, no sign, no blanks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": SEQ_MAX, **options})

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not WHOLE_NUMBER.match(data):
            self.fail("invalid")
        return int(data)


class StrictNumberField(serializers.IntegerField):
    """A whole number of a JSON body: no text, no fraction, no boolean. `shape` is as in `StrictCharField`."""

    def __init__(self, *, shape: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.shape = dict(shape or {})
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return int(data)


class StrictBooleanField(serializers.BooleanField):
    """True or false of a JSON body, and no word or number for them."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class StrictTimeField(StrictCharField):
    """A moment as RFC 3339 writes it, with its zone, and no moment without one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(shape={"format": "date-time"}, **options)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return msgspec.convert(super().to_internal_value(data), Annotated[datetime, msgspec.Meta(tz=True)])
        except (msgspec.ValidationError, OverflowError):
            raise serializers.ValidationError("A time with its zone: 2027-01-31T12:00:00Z.", code="invalid") from None


class StrictSerializer(serializers.Serializer[Any]):
    """The fields of a body or the parameters of a query; others are refused as `unknown`."""

    unknown, unknown_detail = "unknown_field", "There is no such field."

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            errors = [FieldError(pointer_to(name), self.unknown, self.unknown_detail) for name in unknown]
            raise ChatError(self.unknown, errors=errors)
        values: dict[str, Any] = super().to_internal_value(data)
        return values


def pointer_to(name: str) -> str:
    """A JSON pointer (RFC 6901) to a field that a client named, shortened."""
    return "/" + name[:64].replace("~", "~0").replace("/", "~1")


class StrictQuery(StrictSerializer):
    """The parameters of an address."""

    unknown, unknown_detail = "unknown_parameter", "There is no such parameter."


class StrictBody(StrictSerializer):
    """The fields of a JSON body."""


def query_of(request: Request, serializer_class: type[StrictQuery]) -> dict[str, Any]:
    """The parameters of the address. Raises `unknown_parameter`, and `validation_error` for bad and repeated ones."""
    given = request.query_params
    for name in given:
        if len(given.getlist(name)) > 1:
            raise ChatError(
                "validation_error", errors=[FieldError(pointer_to(name), "repeated", "Give each parameter once.")]
            )
    query = serializer_class(data={name: value for name, value in given.items() if name != FORMAT})
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def body_of(request: Request, serializer_class: type[StrictBody]) -> dict[str, Any]:
    """The fields of the body; no body at all is the same as {} where nothing is required.

    Raises `unsupported_media_type`, `payload_too_large`, `invalid_json`, `unknown_field`, `validation_error`."""
    if request.content_type:
        check_content_type(request.content_type)
    body = serializer_class(data=request.data)
    if request.stream is None and any(field.required for field in body.fields.values()):
        raise ChatError("invalid_json")
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def rendered(body: msgspec.Struct, status: int = 200, **headers: str) -> Response:
    """The answer whose JSON is this Struct."""
    return Response(msgspec.to_builtins(body), status=status, headers=headers)


class StrictView(GenericAPIView[Any]):
    """A view that says what it reads, by method, and reads nothing else.

    The methods in `open_to_guests` leave it to the command to tell who is no guest; all others need a signed-in person.
    """

    queries: ClassVar[dict[str, type[StrictQuery]]] = {}
    bodies: ClassVar[dict[str, type[StrictBody]]] = {}
    open_to_guests: ClassVar[frozenset[str]] = frozenset()
    parser_classes = (StrictJSONParser,)
    filter_backends = ()
    pagination_class = None
    metadata_class = None

    query: dict[str, Any]

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        plain: Any = super().initialize_request(request, *args, **kwargs)
        return StrictRequest(
            request,
            parsers=plain.parsers,
            authenticators=plain.authenticators,
            negotiator=plain.negotiator,
            parser_context=plain.parser_context,
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.operation in self.allowed_methods:  # else the answer is 405, whatever the address says
            self.query = query_of(request, self.queries.get(self.operation, StrictQuery))

    @property
    def operation(self) -> str:
        """The method; HEAD is GET without the body."""
        method = self.request.method or ""
        return "GET" if method == "HEAD" else method

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.operation in self.open_to_guests else [*super().get_permissions()]

    def body(self) -> dict[str, Any]:
        """The fields of the body that `bodies` declares for this method."""
        return body_of(self.request, self.bodies[self.operation])

    def get_serializer_class(self) -> type[StrictBody]:
        """What the browsable page offers to fill in."""
        return self.bodies.get(self.operation, StrictBody)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)  # with Allow, as every answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Cookie", "Authorization"])
        if isinstance(getattr(response, "accepted_renderer", None), BrowsableAPIRenderer):
            response._csp_update = {"style-src": ["'unsafe-inline'"]}  # its templates have style attributes
        return response
