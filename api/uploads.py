"""Uploads over REST: `rooms/{slug}/uploads/` takes one file, which a message then has among its `attachments`."""

from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import FileField

from api.authentication import signed_in
from api.schema import LOCATION, answer, problems
from api.strict import StrictBody, StrictView, rendered
from chat.attaching import check_may_upload, upload
from chat.frames import AttachmentShown, attachment_shown
from foundation.errors import ChatError
from foundation.limits import FILE_MAX_BYTES, UPLOAD_MAX_BYTES

FORM = "multipart/form-data"


class _Parts(MultiPartParser):
    """Django's parser, which drops a file whose name is nothing but a path; here it has another name."""

    def sanitize_file_name(self, file_name: str) -> str:
        return super().sanitize_file_name(file_name) or "file"


class FormParser(BaseParser):
    """Reads a form, its files to the disk, whether its length was announced or not."""

    media_type = FORM

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> "DataAndFiles[Any, Any]":
        request = parser_context["request"]
        length = request.META.get("CONTENT_LENGTH") or str(UPLOAD_MAX_BYTES)  # it comes in chunks: what it may be
        meta = request.META | {"CONTENT_LENGTH": length}
        try:
            values, files = _Parts(meta, stream, request.upload_handlers).parse()
        except MultiPartParserError:
            raise ChatError("bad_request", "The form cannot be read.") from None
        return DataAndFiles(values, files)


class BinaryField(FileField):
    shape: ClassVar = {"format": "binary"}


class UploadBody(StrictBody):
    file = BinaryField(
        use_url=False,
        allow_empty_file=True,
        help_text=f"With its name, and its type if it is an image; at most {FILE_MAX_BYTES:,} bytes.",
    )


PHOTO_ID = "0b4c5f0e-6a5d-4a0b-9d5c-0d5f5f1f2a3b"
PHOTO = AttachmentShown(
    id=PHOTO_ID,
    name="tea pot.jpg",
    size=482_113,
    type="image/jpeg",
    width=1600,
    height=1200,
    url=f"/files/{PHOTO_ID}/tea%20pot.jpg",
    thumbnail_url=f"/files/{PHOTO_ID}/thumbnail",
)


class UploadsView(StrictView):
    parser_classes = (FormParser,)  # type: ignore[assignment]
    bodies: ClassVar = {"POST": UploadBody}

    def body(self) -> dict[str, Any]:
        if self.request.content_type.partition(";")[0].strip().lower() != FORM:
            raise ChatError("unsupported_media_type", f"Send {FORM} with the field `file`.")
        body = UploadBody(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    @extend_schema(
        operation_id="uploads_create",
        summary="Upload a file",
        description=(
            "For a message in this room: post its `id` among `attachments` within a day. An image is drawn anew, without "
            "metadata, and gets a thumbnail; an animation becomes WebP. Everything else can only be downloaded. Whoever "
            "may read the room may read the file, from the moment it belongs to a message; before, only you."
        ),
        parameters=[LOCATION],
        examples=[OpenApiExample("Example", {"file": "<tea pot.jpg>"}, request_only=True, media_type=FORM)],
        responses={
            201: answer(AttachmentShown, "The file.", PHOTO),
            **problems(
                *("empty_file", "type_mismatch", "bad_request", "forbidden", "archived", "not_found"),
                *("file_too_large", "image_too_large", "quota_exceeded", "rate_limited", "overloaded"),
            ),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        me = signed_in(request)
        check_may_upload(actor=me, slug=slug)  # before the form is read
        file: UploadedFile = self.body()["file"]
        attachment = upload(
            actor=me,
            slug=slug,
            file=file,
            name=file.name or "",
            size=file.size or 0,
            declared_type=file.content_type or "",
        )
        shown = attachment_shown(attachment)
        return rendered(shown, 201, Location=shown.url)
