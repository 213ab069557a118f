"""A whole room as a zip: `rooms/{slug}/export/`. It is read and sent a part at a time, as fast as the client takes it."""

from collections.abc import AsyncIterator, Iterator

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from api.authentication import signed_in
from api.schema import problems
from api.strict import StrictView
from chat.exporting import export_room
from foundation.database import in_background


class ExportView(StrictView):
    @extend_schema(
        operation_id="rooms_export_retrieve",
        summary="Export a room",
        description=(
            "For owners: a zip with `room.json` (the room, its members, and the people who are named), `log.jsonl` (one "
            "entry of the log a line, in its order) and the files of messages in `files/`. `manage.py import_room` reads "
            "it back. It is in the audit."
        ),
        responses={
            (200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The room."),
            **problems("forbidden", "not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        export = export_room(actor=signed_in(request), slug=slug)
        headers = {
            "Content-Disposition": f'attachment; filename="{export.name}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingHttpResponse(_read_on(export.pieces), content_type="application/zip", headers=headers)


async def _read_on(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await in_background(next, pieces, None)) is not None:
        if piece:
            yield piece
