"""Files, served to whoever may read their room at this moment: `/files/{id}/{name}` and `/files/{id}/thumbnail`.

Nothing here is drawn by a browser but images that Parlor drew itself. Bytes are read in threads, piece by piece, and
sent as fast as the client takes them.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe
from rest_framework.exceptions import APIException

from accounts import avatars, tokens
from api.errors import problem_page, refusal_of
from chat import attaching
from chat.file_names import ANY_TYPE
from chat.models import Attachment
from foundation import stored_files
from foundation.errors import ChatError
from foundation.images import THUMBNAIL_TYPE
from rooms.policies import Person

log = logging.getLogger("parlor.files")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="parlor-files")
HEADERS = {
    "Cache-Control": "private, no-cache",  # kept, and asked about each time: the right may have ended
    "Vary": "Cookie, Authorization",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
}

AVATAR_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # another picture has another address
    "Content-Disposition": 'inline; filename="avatar.webp"',
    **{name: HEADERS[name] for name in ("X-Content-Type-Options", "Content-Security-Policy")},
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_safe
def avatar(request: HttpRequest, name: str) -> HttpResponseBase:
    """The picture of a person. Who knows the address, which nobody can guess, has seen the person."""
    try:
        content = avatars.picture_named(name)
    except ChatError:
        raise Http404 from None
    return _with(HttpResponse(content, content_type=THUMBNAIL_TYPE), AVATAR_HEADERS)


@require_safe
def file(request: HttpRequest, public_id: UUID, name: str) -> HttpResponseBase:
    """The file, whatever the name in the address; it brings its own."""
    return _served(request, public_id, is_thumbnail=False)


@require_safe
def thumbnail(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The small image of an image."""
    return _served(request, public_id, is_thumbnail=True)


def _served(request: HttpRequest, public_id: UUID, *, is_thumbnail: bool) -> HttpResponseBase:
    try:
        attachment = attaching.readable(actor=_who_asks(request), public_id=public_id)
        if is_thumbnail and not attachment.thumbnail:
            raise ChatError("not_found")
        return _answer(request, attachment, is_thumbnail=is_thumbnail)
    except (ChatError, APIException) as error:
        refusal = refusal_of(error) or ChatError("internal")
        if refusal.code == "not_found" and "Authorization" not in request.headers:
            raise Http404 from None  # a page, for people
        return problem_page(refusal)


def _who_asks(request: HttpRequest) -> Person:
    """The token's account, or the session's. Raises `unauthenticated` for a bad token."""
    header = request.headers.get("Authorization")
    return request.user if header is None else tokens.authenticate(header.encode("latin-1", "replace"))[0]


def _answer(request: HttpRequest, attachment: Attachment, *, is_thumbnail: bool) -> HttpResponseBase:
    name, size, kind = attachment.file, attachment.size, attachment.content_type if attachment.thumbnail else ANY_TYPE
    if is_thumbnail:
        name, size, kind = attachment.thumbnail, attachment.thumbnail_size or 0, THUMBNAIL_TYPE
    etag = f'"{attachment.public_id.hex}{".t" if is_thumbnail else ""}"'  # what is uploaded never changes
    headers = HEADERS | {"ETag": etag, "Content-Type": kind}
    shown_as = "thumbnail.webp" if is_thumbnail else attachment.name
    headers["Content-Disposition"] = content_disposition_header(not attachment.thumbnail, shown_as) or "attachment"
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return _with(unchanged, headers)
    part = byte_range(request.headers.get("Range", ""), size) if _wants_a_part(request, etag) else (0, size)
    if part is None:
        return _with(HttpResponse(status=416), headers | {"Content-Range": f"bytes */{size}"})
    start, length = part
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return _with(HttpResponse(), headers)
    if length < size:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    response = StreamingHttpResponse(_pieces(name, start, length), status=206 if length < size else 200)
    _give_up_the_connection()
    return _with(response, headers)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and length of what `Range` asks for; None where that lies beyond the end.

    What is no range of bytes, or several at once, is not heeded: the answer is the whole file."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return 0, size
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, length) if length else None
    first, last = int(match[1]), int(match[2] or size - 1)
    if match[2] and last < first:
        return 0, size
    return (first, min(last, size - 1) - first + 1) if first < size else None


def _wants_a_part(request: HttpRequest, etag: str) -> bool:
    return request.method == "GET" and request.headers.get("If-Range", etag) == etag


def _pieces(name: str, start: int, length: int) -> AsyncIterator[bytes]:
    """The bytes, the first of which have been read. Raises `not_found` for a file that was lost."""
    pieces = stored_files.chunks(name, start, length)
    try:
        first = next(pieces, b"")
    except Exception as error:
        log.error("a file cannot be read: %s: %s", type(error).__name__, error)
        raise ChatError("not_found") from error
    return _read_on(first, pieces)


async def _read_on(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    yield first
    while piece := await loop.run_in_executor(_threads, next, pieces, b""):
        yield piece


def _give_up_the_connection() -> None:
    """Of a pool of few: a client may take its time, and the database is not needed any more."""
    if not connection.in_atomic_block:
        connection.close()


def _with(response: Any, headers: dict[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response.headers[name] = value
    answer: HttpResponseBase = response
    return answer


urlpatterns = [
    path("avatars/<str:name>", avatar, name="avatar"),
    path("<uuid:public_id>/thumbnail", thumbnail, name="thumbnail"),
    path("<uuid:public_id>/<str:name>", file, name="file"),
]
