"""The front door of the server: how much a client may send before it is answered, and how long it may take.

uvicorn bounds neither, and its WebSocket parser goes silent over a head that it does not like: such a socket would stay
open, unanswered and unlogged. So what is too large or too slow ends here, before a request or a socket is made of it.
"""

import asyncio
import json
import math
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from foundation.connections import places
from foundation.errors import ChatError
from foundation.limits import (
    HEADER_LINE_MAX_BYTES,
    HEADERS_MAX,
    HEADERS_MAX_BYTES,
    HEADERS_TIMEOUT_S,
    REQUEST_MAX_BYTES,
    REQUEST_TIMEOUT_S,
    UPLOAD_MAX_BYTES,
    UPLOAD_TIMEOUT_S,
)

LINGER_S = 2.0
AROUND_THE_ADDRESS = len(b"OPTIONS  HTTP/1.1\r\n")
AROUND_A_HEADER = len(b": \r\n")
# What takes large bodies: methods and addresses.
UPLOADS = re.compile(r"(POST /api/rooms/[a-z0-9_-]+/uploads|PUT /api/users/me/avatar|POST /accounts/avatar)/?\Z")


class Intake(HttpToolsProtocol):
    """uvicorn's HTTP on httptools with bounds: 431, 414, 413 and 408 where an answer is possible, else a plain end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._refused = self._upgraded = False
        self._why: ChatError | None = None
        self._message = 0
        self._expect_head()
        self._clock: asyncio.TimerHandle | None = self.loop.call_later(HEADERS_TIMEOUT_S, self._late)
        if places.crowded(len(self.connections)):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:  # what still comes is read, so that the answer is not lost to a reset of the line
            return
        message = self._message
        super().data_received(data)
        if self._refused or self._upgraded:
            return
        if self._message == message:
            self._count_unfinished(data)
        if self._clock is None and (self._arrived or not self._in_head):
            timeout_s = HEADERS_TIMEOUT_S if self._in_head else self._timeout_s
            self._clock = self.loop.call_later(timeout_s, self._late)

    # What has arrived

    def _expect_head(self) -> None:
        self._in_head = True
        self._arrived = self._line = 0  # as it comes, whole or not
        self._headers = self._head_bytes = self._body_bytes = 0  # as the parser gives it
        self._max_bytes, self._timeout_s = REQUEST_MAX_BYTES, REQUEST_TIMEOUT_S

    def _count_unfinished(self, data: bytes) -> None:
        """Bound what the parser keeps of a line that never ends, in the head or in the trailers of a body."""
        end_of_line = data.rfind(b"\n")
        self._arrived += len(data)
        self._line = self._line + len(data) if end_of_line < 0 else len(data) - end_of_line - 1
        if self._in_head and (self._arrived > HEADERS_MAX_BYTES or self._line > HEADER_LINE_MAX_BYTES):
            self._refuse(ChatError("headers_too_large"))
        elif self._arrived > HEADERS_MAX_BYTES + 2 * self._max_bytes:
            self._refuse(ChatError("payload_too_large"))

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)
        if self._head_bytes + AROUND_THE_ADDRESS > HEADER_LINE_MAX_BYTES:
            self._stop_parsing("uri_too_long")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        line = len(name) + len(value) + AROUND_A_HEADER
        self._headers += 1
        self._head_bytes += line
        if line > HEADER_LINE_MAX_BYTES or self._headers > HEADERS_MAX or self._head_bytes > HEADERS_MAX_BYTES:
            self._stop_parsing("headers_too_large")

    def on_headers_complete(self) -> None:
        self._stop_clock()
        super().on_headers_complete()
        self._in_head = False
        if UPLOADS.match(f"{self.scope['method']} {self.scope.get('path', '')}"):
            self._max_bytes, self._timeout_s = UPLOAD_MAX_BYTES, UPLOAD_TIMEOUT_S
        if places.leaving and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._max_bytes:
            self._stop_parsing("payload_too_large")
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stop_clock()
        self._message += 1
        self._expect_head()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; a handshake that the other parser is silent about is answered here."""
        self._upgraded = True
        super().handle_websocket_upgrade()
        socket: Any = self.transport.get_protocol()
        if not socket.handshake_initiated:
            self.transport.write(self._answer(ChatError("bad_request")))
            self.transport.close()

    # The end

    def _stop_parsing(self, code: str) -> None:
        """Raise out of the parser, which then calls `send_400_response`."""
        self._why = ChatError(code)
        raise self._why

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._why or ChatError("bad_request"))

    def _late(self) -> None:
        self._clock = None
        if self._in_head and not self._arrived:
            self.transport.close()  # nothing was asked: a browser opens such connections in advance
        elif self.flow.read_paused:  # it is we who do not read
            self._clock = self.loop.call_later(self._timeout_s, self._late)
        else:
            self._refuse(ChatError("request_timeout"))

    def _refuse(self, error: ChatError) -> None:
        """Answer, if nothing was answered yet, and end the connection. The application hears that the client is gone."""
        self._refused = True
        self._stop_clock()
        self._unset_keepalive_if_required()
        cycle = self.cycle
        unanswered = cycle is None or not cycle.response_started
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if not unanswered and not (self._in_head and cycle.response_complete):
            self.transport.abort()
            return
        self.flow.resume_reading()
        self.transport.write(self._answer(error))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._clock = self.loop.call_later(LINGER_S, self.transport.abort)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _answer(self, error: ChatError) -> bytes:
        body = json.dumps(error.problem()).encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/problem+json"),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        if error.retry_after_s is not None:
            headers.append((b"retry-after", str(math.ceil(error.retry_after_s)).encode()))
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([STATUS_LINE[error.refusal.status], *lines, b"\r\n", body])
