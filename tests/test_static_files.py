"""Styles and scripts: names with a hash that are kept for good, compressed; collected when they have changed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from foundation.static_files import STAMP, HashedStaticFiles, StaticFiles
from tests import servers
from tests.servers import ROOT, ParlorServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParlorServer]:
    with servers.parlor(tmp_path_factory.mktemp("static")) as running:
        yield running


def linked(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"#]+)', page)


@pytest.mark.live
def test_what_a_page_links_to_is_kept_for_good_and_comes_compressed(server: ParlorServer) -> None:
    with httpx.Client(base_url=server.url, headers={"Accept-Encoding": "gzip"}) as browser:
        addresses = linked(browser.get("/rooms/lobby/").text + browser.get("/accounts/login/").text)
        assert any(address.endswith(".css") for address in addresses)

        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code == 200
            assert re.search(r"\.[0-9a-f]{12}\.\w+$", address), address
            assert "immutable" in answer.headers["Cache-Control"]
            if len(answer.content) > 1000:
                assert answer.headers["Content-Encoding"] == "gzip", address


@pytest.mark.live
def test_scripts_import_each_other_by_the_names_that_the_page_asks_for(server: ParlorServer) -> None:
    with httpx.Client(base_url=server.url) as browser:
        linked_to = set(linked(browser.get("/rooms/lobby/").text))
        scripts = [address for address in linked_to if address.endswith(".js")]
        assert len(scripts) > 20

        for address in scripts:
            text = browser.get(address).text
            for imported in re.findall(r'from "\./([^"]+)"', text):
                assert f"/static/chat/{imported}" in linked_to
            for imported in re.findall(r'import\("\./([^"]+)"', text):
                assert "immutable" in browser.get(f"/static/chat/{imported}").headers["Cache-Control"]


def collecting(root: Path) -> subprocess.Popen[str]:
    """A process that collects into this folder."""
    program = "from foundation.static_files import collect; collect()"
    environment = {**os.environ, "STATIC_ROOT": str(root)}
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", program]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def contents(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in root.rglob("*") if path.suffix != ".lock"}


@pytest.mark.live
def test_files_are_collected_once_by_servers_that_start_together_and_anew_when_they_have_changed(
    tmp_path: Path,
) -> None:
    both = [collecting(tmp_path), collecting(tmp_path)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    first = contents(tmp_path)
    assert any(re.search(r"chat/room\.[0-9a-f]{12}\.js\.gz$", name) for name in first)

    assert collecting(tmp_path).wait(timeout=60) == 0
    assert contents(tmp_path) == first
    (tmp_path / STAMP).write_text("what there was in the version before")
    assert collecting(tmp_path).wait(timeout=60) == 0
    assert contents(tmp_path)["staticfiles.json"] != first["staticfiles.json"]


@pytest.mark.live
def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    process = collecting(tmp_path / "file" / "static")

    assert process.wait(timeout=60) != 0
    assert process.stderr is not None
    assert "Check STATIC_ROOT" in process.stderr.read()


async def asked(application: StaticFiles, method: str, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        browser.headers.pop("accept-encoding")
        return await browser.request(
            method, path, headers={name.replace("_", "-"): each for name, each in headers.items()}
        )


async def behind(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"not a file"})


@pytest.mark.asyncio
async def test_files_are_answered_before_the_application_and_nothing_else_is(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "nothing collected"
    files = StaticFiles(behind)
    path = "/static/chat/room.js"
    text = (ROOT / "chat" / "static" / "chat" / "room.js").read_bytes()

    whole = await asked(files, "GET", path)
    assert (whole.status_code, whole.content) == (200, text)
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Cache-Control"] == "max-age=0, public"
    assert "Access-Control-Allow-Origin" not in whole.headers
    head = await asked(files, "HEAD", path)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(text)))
    same = await asked(files, "GET", path, If_None_Match=whole.headers["ETag"])
    assert (same.status_code, same.content) == (304, b"")
    part = await asked(files, "GET", path, Range="bytes=3-7")
    assert (part.status_code, part.content) == (206, text[3:8])
    assert (await asked(files, "GET", path, Range="bytes=9999999-")).status_code == 416
    assert (await asked(files, "POST", path)).status_code == 405
    for other in (
        "/static/chat/nothing.js",
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static/",
        "/rooms/",
        "/",
    ):
        assert (await asked(files, "GET", other)).status_code == 418


def test_before_anything_is_collected_files_have_their_plain_names(tmp_path: Path) -> None:
    assert HashedStaticFiles(location=tmp_path).url("chat/room.js") == "/static/chat/room.js"
