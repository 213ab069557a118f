"""Request middleware of the floor."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware


class _SameMethod(HttpResponsePermanentRedirect):
    status_code = 308


class SlashMiddleware(CommonMiddleware):
    """Redirect to the address with its slash by 308: with Django's 301 a client repeats a POST as a GET, is answered
    200, and believes that its message was posted."""

    response_redirect_class = _SameMethod


def single_hop(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Make Django run the whole middleware chain in one thread hop, by being synchronous and innermost."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware
