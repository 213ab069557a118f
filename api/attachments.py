"""The files of a room over REST: `rooms/{slug}/attachments/`."""

from typing import ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.account import ADA, Moment
from api.messages import HELLO
from api.paging import PageQuery, page_of
from api.schema import answer, problems
from api.strict import StrictView
from api.uploads import PHOTO
from chat.frames import AttachmentShown
from chat.gallery import Sent, attachments_in, sent_with
from chat.models import Attachment
from rooms.events import Person, person


class SentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message: `message` is its number, `user` who sent it, null for a guest."""

    message: int
    user: Person | None
    sent_at: Moment
    file: AttachmentShown


class SentFilePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of files, newest first."""

    next: str | None
    previous: str | None
    results: list[SentFile]


EXAMPLE = SentFile(message=HELLO.seq, user=ADA, sent_at=HELLO.sent_at, file=PHOTO)


def shown(sent: Sent) -> SentFile:
    return SentFile(message=sent.seq, user=person(sent.author), sent_at=sent.sent_at, file=sent.file)


class AttachmentsView(StrictView):
    open_to_guests = frozenset({"GET"})
    queries: ClassVar = {"GET": PageQuery}

    @extend_schema(
        operation_id="attachments_list",
        summary="Read the files of a room",
        description="Of all its messages, newest first. Files that were only uploaded are not among them.",
        responses={
            200: answer(SentFilePage, "One page.", SentFilePage(next=None, previous=None, results=[EXAMPLE])),
            **problems("validation_error", "not_found"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        found = attachments_in(actor=request.user, slug=slug)
        files: dict[int, Sent] = {}

        def load(rows: list[Attachment]) -> None:
            files.update({row.pk: each for row, each in zip(rows, sent_with(rows), strict=True)})

        page = page_of(request, found, lambda row: shown(files[row.pk]), ordering="-seq", load=load, **self.query)
        return Response(page)
