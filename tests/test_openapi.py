"""The OpenAPI document is true, whole, and the one that is committed; the pages that show it work without a network."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from rest_framework.views import APIView

from api.contracts import ContractView, contract, openapi_document
from api.strict import StrictView
from foundation.errors import ERRORS
from rooms.models import Room
from tests.servers import ParlorServer

ROOT = Path(__file__).resolve().parents[1]
STALE = "{} does not say what the code does. Write it anew with: make contracts"
METHODS = {"get", "post", "put", "patch", "delete"}
DOCUMENT: dict[str, Any] = openapi_document()
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in METHODS
]


def resolved(node: Any) -> Any:
    """The node, or what it refers to."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(where, media type, media type object) of the request and all responses."""
    bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for where, body in bodies.items():
        for media_type, media in resolved(body).get("content", {}).items():
            yield where, media_type, media


def examples(media: dict[str, Any]) -> list[Any]:
    return [resolved(example)["value"] for example in media.get("examples", {}).values()]


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


VIEWS = {
    route: view.cls
    for route, view in routes(get_resolver().url_patterns)
    if route.startswith("api/") and route != "api/redoc/redoc.js"
}


def test_the_committed_document_is_the_one_the_code_makes() -> None:
    assert (ROOT / "openapi.yaml").read_bytes() == contract("openapi", "yaml"), STALE.format("openapi.yaml")


def test_the_document_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_every_route_is_in_the_document_but_those_that_show_it() -> None:
    documented = {path.count("/") and path.strip("/") for path in DOCUMENT["paths"]}
    shown = {
        route for route, view in VIEWS.items() if issubclass(view, StrictView) and not issubclass(view, ContractView)
    }

    assert len(shown) == len(documented) == 43
    assert VIEWS.keys() - shown == {"api/schema/", "api/asyncapi/", "api/docs/", "api/redoc/"}


def test_every_view_reads_strictly() -> None:
    pages = {"api/docs/", "api/redoc/"}

    assert [route for route, view in VIEWS.items() if not issubclass(view, StrictView) and route not in pages] == []
    assert all(issubclass(view, APIView) for view in VIEWS.values())


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_an_operation_says_who_may_what_can_fail_and_how_it_looks(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"] and operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    assert {"token": []} in operation["security"] and {"session": []} in operation["security"]
    assert {"400", "401", "406", "500", "503"} <= operation["responses"].keys()
    assert ("{" not in path) or "404" in operation["responses"]
    if method != "get":
        assert "403" in operation["responses"], "the CSRF token may be missing"
    if "requestBody" in operation:
        assert {"413", "415"} <= operation["responses"].keys()
    for where, media_type, media in contents(operation):
        assert "schema" in media, where
        assert examples(media) or resolved(media["schema"]).get("properties") in ({}, None), f"{where} {media_type}"


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_example_is_what_its_schema_says(path: str, method: str, operation: dict[str, Any]) -> None:
    for where, _, media in contents(operation):
        schema = {**media["schema"], "components": DOCUMENT["components"]}
        for example in examples(media):
            jsonschema.Draft202012Validator(schema).validate(example)
            assert "code" not in example or where == "request" or str(ERRORS[example["code"]].status) == where


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_only_what_is_open_to_guests_answers_them(
    client: Client, lobby: Room, path: str, method: str, operation: dict[str, Any]
) -> None:
    place = path.format(
        slug="lobby", username="ada", seq=1, emoji="👍", id="0b4c5f0e-6a5d-4a0b-9d5c-0d5f5f1f2a3b", token="a" * 43
    )

    answer = client.generic(method.upper(), place)

    assert (answer.status_code == 401) == ({} not in operation["security"]), answer.content


def test_every_operation_id_is_used_once() -> None:
    ids = [each["operationId"] for methods in DOCUMENT["paths"].values() for each in methods.values()]

    assert len(set(ids)) == len(ids)


def test_bodies_admit_no_other_fields() -> None:
    bodies = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.endswith("Body")}

    assert len(bodies) >= 7
    assert [name for name, schema in bodies.items() if schema.get("additionalProperties") is not False] == []


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/api/schema/", "*/*", "application/vnd.oai.openapi"),
        ("/api/schema/", "application/yaml", "application/yaml"),
        ("/api/schema/", "application/json", "application/json"),
        ("/api/schema/", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("/api/schema/?format=yaml", "*/*", "application/vnd.oai.openapi"),
        ("/api/schema/?format=json", "*/*", "application/vnd.oai.openapi+json"),
    ],
)
def test_the_document_is_served_as_yaml_and_json(client: Client, path: str, accept: str, content_type: str) -> None:
    answer = client.get(path, headers={"Accept": accept})

    read = json.loads if content_type.endswith("json") else yaml.safe_load
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, content_type)
    assert read(answer.content) == yaml.safe_load((ROOT / "openapi.yaml").read_text())


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs/?script=", "/api/redoc/"])
def test_the_pages_name_nothing_outside(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert b"://" not in answer.content.replace(b"http://testserver", b"")


def test_the_program_of_redoc_loads_no_picture_from_elsewhere(client: Client) -> None:
    answer = client.get("/api/redoc/redoc.js")

    assert answer["Content-Type"].startswith("text/javascript")
    assert b"Redoc" in answer.content and b"cdn.redoc.ly" not in answer.content


@pytest.mark.browser
@pytest.mark.live
@pytest.mark.parametrize(
    ("path", "shown"), [("docs", "#swagger-ui .opblock-summary"), ("redoc", "[data-section-id] h2, .api-content h1")]
)
def test_the_pages_draw_in_a_browser_within_their_policy(
    chromium: Any, parlor_server: ParlorServer, path: str, shown: str
) -> None:
    page = chromium.new_page()
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if is_foreign(request.url, parlor_server) else None)
    try:
        page.goto(f"{parlor_server.url}/api/{path}/")
        page.locator(shown).first.wait_for(timeout=30_000)
        text = page.locator("body").inner_text()
    finally:
        page.close()

    assert "Parlor" in text and "Post a message" in text
    assert complaints == []
    assert foreign == []


def is_foreign(address: str, server: ParlorServer) -> bool:
    return not address.startswith((server.url, "data:", "blob:"))
