"""The sessions of one's browsers over REST: `sessions/` ends them all."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.revocation import sign_out_everywhere
from api.authentication import signed_in
from api.schema import answer
from api.strict import StrictView


class SessionsView(StrictView):
    @extend_schema(
        operation_id="sessions_destroy",
        summary="Sign out everywhere",
        description="Ends the sessions of all my browsers and closes all my sockets. My tokens stay good.",
        responses={204: answer(None, "All sessions are over.")},
    )
    def delete(self, request: Request) -> Response:
        sign_out_everywhere(actor=signed_in(request))
        return Response(status=204)


urlpatterns = [path("sessions/", SessionsView.as_view(), name="sessions")]
