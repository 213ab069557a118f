"""Request middleware of the floor."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def single_hop(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Make Django run the whole middleware chain in one thread hop, by being synchronous and innermost."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware
