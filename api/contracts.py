"""The two contracts and the pages that show them: `schema/`, `asyncapi/`, `docs/`, `redoc/`.

`manage.py contracts` writes the same documents to `openapi.yaml` and `asyncapi.yaml`.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from csp.decorators import csp_update
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from api.asyncapi import asyncapi_document
from api.strict import StrictView

REDOC_PICTURE = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
NO_PICTURE = b"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"


class AsyncApiYamlRenderer(OpenApiYamlRenderer):
    media_type = "application/vnd.aai.asyncapi+yaml"


class AsyncApiJsonRenderer(OpenApiJsonRenderer):
    media_type = "application/vnd.aai.asyncapi+json"


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of all routes."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


CONTRACTS: dict[str, Callable[[], dict[str, Any]]] = {"openapi": openapi_document, "asyncapi": asyncapi_document}


@cache
def contract(name: str, form: str) -> bytes:
    """One contract as `yaml` or `json`, made once per process: it changes with the code only."""
    renderer = OpenApiYamlRenderer() if form == "yaml" else OpenApiJsonRenderer()
    text: bytes = renderer.render(CONTRACTS[name](), renderer_context={})
    return text


class ContractView(StrictView):
    """A contract in the form that `Accept` or `?format=` asks for."""

    name = "openapi"
    schema = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OpenApiYamlRenderer, OpenApiYamlRenderer2, OpenApiJsonRenderer, OpenApiJsonRenderer2)

    def get(self, request: Request) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        return HttpResponse(contract(self.name, renderer.format), content_type=renderer.media_type)


class AsyncApiView(ContractView):
    name = "asyncapi"
    renderer_classes = (
        AsyncApiYamlRenderer,
        OpenApiYamlRenderer2,
        AsyncApiJsonRenderer,
        OpenApiJsonRenderer2,
    )


@cache
def redoc_program() -> bytes:
    """ReDoc without the one picture that it would load from elsewhere; its name and link stay."""
    file = finders.find("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js")
    assert file is not None
    return Path(file).read_bytes().replace(REDOC_PICTURE, NO_PICTURE)


@require_safe
def redoc_script(request: HttpRequest) -> HttpResponse:
    return HttpResponse(redoc_program(), content_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


swagger = SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="api/swagger.html")
redoc = SpectacularRedocView.as_view(url_name="api:schema", template_name="api/redoc.html")
urlpatterns = [
    path("schema/", ContractView.as_view(), name="schema"),
    path("asyncapi/", AsyncApiView.as_view(), name="asyncapi"),
    path("docs/", swagger, name="docs"),
    path("redoc/redoc.js", redoc_script, name="redoc_script"),
    path("redoc/", csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["blob:"]})(redoc), name="redoc"),
]
