"""The one table of refusals: the same code word in a REST problem and in a WebSocket error frame.

Commands raise `ChatError`; `api/errors.py` gives it a status, `chat/consumer.py` a frame and perhaps a close code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row: HTTP status, a plain sentence, the WebSocket close code where the socket cannot stay, and whether
    the same request may succeed later."""

    status: int
    title: str
    close: int | None = None
    retry: bool = False


ERRORS: dict[str, Refusal] = {
    "validation_error": Refusal(400, "Some values are not valid."),
    "invalid_json": Refusal(400, "The text is not one JSON object."),
    "unknown_command": Refusal(400, "There is no frame of this type."),
    "unknown_field": Refusal(400, "The request has a field that does not exist here."),
    "unknown_parameter": Refusal(400, "The address has a parameter that does not exist here."),
    "empty_file": Refusal(400, "The file is empty."),
    "type_mismatch": Refusal(400, "The file is not what it says it is."),
    "bad_request": Refusal(400, "The request is malformed."),
    "query_too_costly": Refusal(400, "This search would take too long; use more words, or rarer ones."),
    "binary_not_supported": Refusal(400, "Frames are text, never binary.", close=1003),
    "too_many_errors": Refusal(400, "Too many bad frames.", close=4400),
    "bad_host": Refusal(400, "This server does not answer to that host name."),
    "token_in_url": Refusal(400, "A token never belongs in an address: use the header or a ticket."),
    "unauthenticated": Refusal(401, "Sign in, or send a valid token.", close=4401),
    "invalid_credentials": Refusal(401, "The username or the password is wrong."),
    "forbidden": Refusal(403, "You may not do this.", close=4403),
    "archived": Refusal(403, "The room is archived: it can only be read."),
    "edit_window": Refusal(403, "The time to edit this message is over."),
    "csrf_failed": Refusal(403, "The CSRF token is missing or wrong."),
    "origin_denied": Refusal(403, "This page may not open a socket here."),
    "signup_closed": Refusal(403, "This server does not accept new accounts."),
    "not_found": Refusal(404, "There is nothing here, or not for you.", close=4404),
    "method_not_allowed": Refusal(405, "This method is not offered here."),
    "not_acceptable": Refusal(406, "The answer cannot have the requested type."),
    "too_slow": Refusal(408, "The socket did not keep up; resume from your last position.", close=4408, retry=True),
    "request_timeout": Refusal(408, "The request did not arrive in time.", retry=True),
    "idempotency_conflict": Refusal(409, "This client_id was used for another text."),
    "banned": Refusal(409, "This person is banned from the room."),
    "limit_reached": Refusal(409, "There are as many of these as there can be."),
    "last_owner": Refusal(409, "The last owner cannot leave or step down."),
    "name_taken": Refusal(409, "This name is taken."),
    "position_invalid": Refusal(409, "This position is not in the room's log; load the room again.", close=4409),
    "room_deleted": Refusal(410, "The room was deleted.", close=4410),
    "message_too_long": Refusal(413, "The message is too long."),
    "payload_too_large": Refusal(413, "The request is too large."),
    "file_too_large": Refusal(413, "The file is too large."),
    "image_too_large": Refusal(413, "The image has too many pixels."),
    "quota_exceeded": Refusal(413, "Your files take all the space that you have."),
    "uri_too_long": Refusal(414, "The address is too long."),
    "unsupported_media_type": Refusal(415, "Send application/json in UTF-8."),
    "upgrade_required": Refusal(426, "This address speaks WebSocket."),
    "slow_mode": Refusal(429, "The room is in slow mode; wait before you post again.", retry=True),
    "rate_limited": Refusal(429, "Too many requests; wait.", close=4429, retry=True),
    "headers_too_large": Refusal(431, "The headers are too large, or there are too many."),
    "internal": Refusal(500, "Something went wrong on our side.", close=1011, retry=True),
    "unavailable": Refusal(503, "The server cannot do this right now; try again.", close=1013, retry=True),
    "overloaded": Refusal(503, "The server is full; try again later.", close=1013, retry=True),
    "service_restart": Refusal(503, "The server restarts; resume from your last position.", close=1012, retry=True),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one value: a JSON pointer to it, a code, a sentence for people."""

    pointer: str
    code: str
    detail: str


class ChatError(Exception):
    """A refusal that the caller hears in the words of the table."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_s: float | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.refusal = ERRORS[code]
        self.detail = detail or self.refusal.title
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s
        self.extra = dict(extra or {})
        super().__init__(f"{code}: {self.detail}")

    def problem(self) -> dict[str, Any]:
        """The body of RFC 9457 (application/problem+json), without an address of the instance."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.refusal.title,
            "status": self.refusal.status,
            "code": self.code,
            "detail": self.detail,
            "errors": [asdict(error) for error in self.errors],
            **self.extra,
        }
        if self.retry_after_s is not None:
            body["retry_after_ms"] = round(self.retry_after_s * 1000)
        return body


def invalid(field: str, code: str, detail: str) -> ChatError:
    """A validation error about one field."""
    return ChatError("validation_error", f"{field}: {detail}", errors=[FieldError(f"/{field}", code, detail)])
