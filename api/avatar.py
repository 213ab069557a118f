"""The picture of a person over REST: `users/me/avatar/`."""

from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.avatars import change_avatar, remove_avatar
from api.account import ADA_HERSELF, Me, me
from api.authentication import signed_in
from api.schema import answer, problems
from api.strict import StrictView, rendered
from api.uploads import FORM, FormParser, UploadBody
from foundation.errors import ChatError


class AvatarView(StrictView):
    parser_classes = (FormParser,)  # type: ignore[assignment]
    bodies: ClassVar = {"PUT": UploadBody}

    def body(self) -> dict[str, Any]:
        if self.request.content_type.partition(";")[0].strip().lower() != FORM:
            raise ChatError("unsupported_media_type", f"Send {FORM} with the field `file`.")
        body = UploadBody(data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    @extend_schema(
        operation_id="users_me_avatar_update",
        summary="Change my picture",
        description=(
            "A JPEG, PNG, GIF or WebP; its middle is drawn anew as a square WebP, without metadata. Everybody who sees me "
            "sees it as `avatar`, also beside what I wrote before."
        ),
        examples=[OpenApiExample("Example", {"file": "<me.jpg>"}, request_only=True, media_type=FORM)],
        responses={
            200: answer(Me, "Me, with the address of the picture.", ADA_HERSELF),
            **problems(
                *("empty_file", "type_mismatch", "bad_request"),
                *("file_too_large", "image_too_large", "rate_limited", "overloaded"),
            ),
        },
    )
    def put(self, request: Request) -> Response:
        user = signed_in(request)
        file: UploadedFile = self.body()["file"]
        return rendered(me(change_avatar(actor=user, file=file, size=file.size or 0)))

    @extend_schema(
        operation_id="users_me_avatar_destroy",
        summary="Remove my picture",
        description="My initials are shown again. It is no error where there was none.",
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        remove_avatar(actor=signed_in(request))
        return Response(status=204)


urlpatterns = [path("users/me/avatar/", AvatarView.as_view(), name="my_avatar")]
