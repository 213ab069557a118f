"""How `openapi.yaml` is made: views say what they read and answer, and this adds what holds for all of them.

Bodies that Parlor answers are msgspec Structs, which are also what is sent, so the document cannot drift from the code.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, cast

import msgspec
import uritemplate
from django.conf import settings
from drf_spectacular.drainage import set_override
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, is_list_serializer
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from api.errors import PROBLEM_TYPE
from api.strict import StrictBody
from foundation.errors import ERRORS, ChatError
from foundation.limits import SEQ_MAX, SLUG_MAX_CHARS

REFS = "#/components/schemas/{name}"
ANY_REQUEST = ("unknown_parameter", "validation_error", "not_acceptable", "internal", "unavailable")
ANY_BODY = ("invalid_json", "unknown_field", "payload_too_large", "unsupported_media_type")
TAGS = {
    "rooms": "rooms",
    "direct": "rooms",
    "inbox": "inbox",
    "limits": "limits",
    "read": "inbox",
    "messages": "messages",
    "pins": "messages",
    "changes": "messages",
    "search": "messages",
    "uploads": "messages",
    "formatting": "messages",
    "members": "members",
    "invitations": "invitations",
    "bans": "bans",
    "audit": "bans",
    "users": "people",
    "tokens": "tokens",
    "tickets": "tokens",
    "sessions": "tokens",
}
HEADERS = {
    401: ("WWW-Authenticate", "How to sign in: `Token`."),
    429: ("Retry-After", "Seconds to wait."),
    503: ("Retry-After", "Seconds to wait."),
}


class ProblemField(msgspec.Struct, frozen=True):
    """What is wrong with one value."""

    pointer: Annotated[str, msgspec.Meta(description="JSON pointer (RFC 6901) to the value; empty for the whole.")]
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal (RFC 9457). `code` is for programs, `detail` for people; the WebSocket's `error` frame has the same."""

    type: str
    title: str
    status: int
    code: Annotated[str, msgspec.Meta(extra_json_schema={"enum": sorted(ERRORS)})]
    detail: str
    errors: list[ProblemField]
    retry_after_ms: int | msgspec.UnsetType = msgspec.UNSET
    head: (
        Annotated[int, msgspec.Meta(description="With `position_invalid`: the end of the log.")] | msgspec.UnsetType
    ) = msgspec.UNSET
    epoch: (
        Annotated[str, msgspec.Meta(description="With `position_invalid`: the epoch of the log.")] | msgspec.UnsetType
    ) = msgspec.UNSET


def answer(body: Any, description: str, *examples: Any) -> OpenApiResponse:
    """A response of `@extend_schema(responses=…)` with examples: plain values, or Structs."""
    shown = [OpenApiExample(f"Example {number}", value=as_json(each)) for number, each in enumerate(examples, 1)]
    return OpenApiResponse(body, description=description, examples=shown)


def asked(value: dict[str, Any], name: str = "Example") -> OpenApiExample:
    """An example of a request body, for `@extend_schema(examples=[…])`."""
    return OpenApiExample(name, value=value, request_only=True)


class Problems(OpenApiResponse):
    """The refusals of one operation that share a status."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(Problem)
        self.codes = tuple(codes)


def problems(*codes: str) -> dict[Any, Problems]:
    """The refusals of one operation, for `@extend_schema(responses={200: …, **problems("not_found")})`.

    Those that every operation has (bad query, bad body, not signed in, database down …) are added by `ParlorSchema`."""
    return {(status, PROBLEM_TYPE): Problems(each) for status, each in _by_status(codes).items()}


def _by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        found.setdefault(ERRORS[code].status, []).append(code)
    return found


def _shown(code: str) -> dict[str, Any]:
    extra = {"head": 41, "epoch": "p0rHq2cXk1Jm"} if code == "position_invalid" else {}
    return ChatError(code, retry_after_s=2 if code in {"unavailable", "rate_limited"} else None, extra=extra).problem()


def _example(code: str) -> dict[str, Any]:
    return {"summary": ERRORS[code].title, "value": _shown(code)}


def as_json(value: Any) -> Any:
    return msgspec.to_builtins(value)


LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[200, 201], description="The address of what is in the body."
)
PATH_PARAMETERS = {
    parameter.name: parameter
    for parameter in (
        OpenApiParameter(
            "slug",
            {"type": "string", "maxLength": SLUG_MAX_CHARS, "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"},
            OpenApiParameter.PATH,
            description="The room's address.",
        ),
        OpenApiParameter(
            "seq",
            {"type": "integer", "minimum": 1, "maximum": SEQ_MAX},
            OpenApiParameter.PATH,
            description="The message's number in its room.",
        ),
        OpenApiParameter(
            "emoji",
            {"type": "string", "maxLength": 32},
            OpenApiParameter.PATH,
            description="One emoji, percent-encoded.",
        ),
        OpenApiParameter(
            "username",
            {"type": "string", "maxLength": 32, "pattern": "^[a-z0-9][a-z0-9._-]{0,31}$"},
            OpenApiParameter.PATH,
            description="A username, or `me`.",
        ),
    )
}


class ParlorSchema(AutoSchema):
    """Documents a `StrictView` from its `queries` and `bodies`, and the refusals that every operation shares."""

    def get_override_parameters(self) -> list[Any]:
        known = [PATH_PARAMETERS[name] for name in uritemplate.variables(self.path) if name in PATH_PARAMETERS]
        query = getattr(self.view, "queries", {}).get(self.method)
        return [*known, *([query] if query else [])]

    def get_tags(self) -> list[str]:
        words = [word for word in self.path.split("/") if word and "{" not in word]
        return [next((TAGS[word] for word in reversed(words) if word in TAGS), words[-1])]

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "bodies", {}).get(self.method)

    def _is_list_view(self, serializer: Any = None) -> bool:
        return is_list_serializer(serializer)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        for name, shown in schema.get("properties", {}).items():
            shown.pop("x-spec-enum-id", None)
            shown.update(getattr(serializer.fields[name], "shape", {}))
        if isinstance(serializer, StrictBody):
            schema["additionalProperties"] = False
            if type(serializer).__doc__ is None:
                schema.pop("description", None)  # that of the base class
        return schema

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        declared: Any = self.get_response_serializers()
        groups = [each.codes for each in declared.values() if isinstance(each, Problems)]
        codes = [code for group in groups for code in group]
        for status, each in _by_status([*codes, *self._shared_codes()]).items():
            bodies[str(status)] = self._refusal(status, each)
        return dict(sorted(bodies.items()))

    def _shared_codes(self) -> list[str]:
        codes = [*ANY_REQUEST]
        signs_in = [type(each).__name__ for each in self.view.get_authenticators()]
        if signs_in:
            codes.append("unauthenticated")
        if "SessionAuthentication" in signs_in and self.method not in {"GET", "HEAD"}:
            codes.append("csrf_failed")
        return codes + [*(ANY_BODY if self.get_request_serializer() is not None else ())]

    def _refusal(self, status: int, codes: Sequence[str]) -> dict[str, Any]:
        """The response of one status; what is the same in many operations is a component and only referred to."""
        media = {
            "schema": self.resolve_serializer(cast(Any, Problem), "response").ref,
            "examples": {code: self._component(code, ResolvedComponent.EXAMPLE, _example(code)) for code in codes},
        }
        lines = [f"`{code}`: {ERRORS[code].title}" for code in codes]
        response: dict[str, Any] = {
            "description": lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines),
            "content": {PROBLEM_TYPE: media},
        }
        if status in HEADERS:
            name, description = HEADERS[status]
            response["headers"] = {name: {"schema": {"type": "string"}, "description": description}}
        return response if len(codes) > 1 else self._component(codes[0], ResolvedComponent.RESPONSE, response)

    def _component(self, name: str, kind: str, content: dict[str, Any]) -> dict[str, str]:
        component = ResolvedComponent(name=name, type=kind, object=name, schema=content)
        self.registry.register_on_missing(component)
        reference: dict[str, str] = component.ref
        return reference


class StructSchema(OpenApiSerializerExtension):
    """Lets `@extend_schema` take msgspec Structs, with the Structs inside them as components of their own."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str:
        set_override(self.target, "suppress_collision_warning", True)
        name: str = self.target.__name__
        return name

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        _, components = msgspec.json.schema_components([self.target], ref_template=REFS)
        for name, schema in components.items():
            component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema)
            if name != self.target.__name__:
                auto_schema.registry.register_on_missing(component)
        own: dict[str, Any] = components[self.target.__name__]
        return own


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        description = "`Authorization: Token parlor_…`, with a token from `POST /api/tokens/`."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        description = "The browser's session; POST, PUT, PATCH and DELETE also need the header `X-CSRFToken`."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": description}
