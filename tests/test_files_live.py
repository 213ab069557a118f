"""Uploads and files on a real server: nothing is held in memory, and what goes wrong in between leaves no trace."""

import http.client
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from foundation.limits import FILE_MAX_BYTES
from tests.servers import ParlorServer, wait_until
from tests.workers import call, sign_up

pytestmark = pytest.mark.live
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"
PIECE = os.urandom(64 * 1024)


@pytest.fixture
def somebody(own_server: ParlorServer) -> tuple[ParlorServer, str, str]:
    _, token = sign_up(own_server)
    return own_server, call(own_server, "POST", "rooms/", {"name": "Tea"}, token)["slug"], token


def form_of(size: int) -> Iterator[bytes]:
    yield HEAD
    for start in range(0, size, len(PIECE)):
        yield PIECE[: size - start]
    yield TAIL


def upload(server: ParlorServer, slug: str, token: str, size: int, *, announced: bool = True) -> tuple[int, Any]:
    """Send a form with a file of this size, in chunks where its length is not announced."""
    headers = {"Authorization": f"Token {token}", "Content-Type": "multipart/form-data; boundary=x"}
    if announced:
        headers["Content-Length"] = str(len(HEAD) + size + len(TAIL))
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with suppress(ConnectionError):  # the answer is there all the same
        line.request("POST", f"/api/rooms/{slug}/uploads/", form_of(size), headers, encode_chunked=not announced)
    answer = line.getresponse()
    body = json.loads(answer.read())
    line.close()
    return answer.status, body


def memory_kib(server: ParlorServer, what: str = "VmRSS") -> int:
    assert server.process is not None
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(rf"{what}:\s+(\d+)", text)[0])


def kept(server: ParlorServer) -> int:
    """How many files the server keeps."""
    return sum(1 for path in (server.data_dir / "files").rglob("*") if path.is_file())


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_file_goes_there_and_back_and_never_lies_in_memory(
    somebody: tuple[ParlorServer, str, str], announced: bool
) -> None:
    server, slug, token = somebody
    assert upload(server, slug, token, 1000)[0] == 201
    before = memory_kib(server, "VmHWM")

    status, shown = upload(server, slug, token, FILE_MAX_BYTES, announced=announced)

    assert (status, shown["size"]) == (201, FILE_MAX_BYTES)
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    line.request("GET", shown["url"], headers={"Authorization": f"Token {token}"})
    answer = line.getresponse()
    received = 0
    while piece := answer.read(len(PIECE)):
        assert piece == PIECE[: len(piece)]
        received += len(piece)
    assert (answer.status, received) == (200, FILE_MAX_BYTES)
    assert memory_kib(server, "VmHWM") - before < 15 * 1024
    assert "Traceback" not in server.output


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_t14_what_is_too_large_is_cut_at_the_limit(somebody: tuple[ParlorServer, str, str], announced: bool) -> None:
    server, slug, token = somebody

    by_the_form, by_the_door = (
        upload(server, slug, token, size, announced=announced) for size in (FILE_MAX_BYTES + 1, 200 * 1024 * 1024)
    )

    assert (by_the_form[0], by_the_form[1]["code"]) == (413, "file_too_large")
    assert (by_the_door[0], by_the_door[1]["code"]) == (413, "payload_too_large")
    assert "Traceback" not in server.output


def test_the_server_goes_on_while_slow_readers_hold_their_downloads(somebody: tuple[ParlorServer, str, str]) -> None:
    server, slug, token = somebody
    _, shown = upload(server, slug, token, 8 * 1024 * 1024)
    before = memory_kib(server)
    lines = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(40)]
    for line in lines:
        line.request("GET", shown["url"], headers={"Authorization": f"Token {token}"})
    answers = [line.getresponse() for line in lines]

    assert {answer.status for answer in answers} == {200}
    assert call(server, "POST", f"rooms/{slug}/messages/", {"value": "hello"}, token)["value"] == "hello"
    assert memory_kib(server) - before < 64 * 1024

    for line in lines:
        line.close()
    assert upload(server, slug, token, 1000)[0] == 201
    assert "Traceback" not in server.output


def test_an_upload_that_breaks_off_leaves_nothing(somebody: tuple[ParlorServer, str, str]) -> None:
    server, slug, token = somebody
    headers = {"Authorization": f"Token {token}", "Content-Type": "multipart/form-data; boundary=x"}
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    line.request("POST", f"/api/rooms/{slug}/uploads/", HEAD + PIECE, headers | {"Content-Length": "10000000"})
    line.close()

    assert upload(server, slug, token, 1000)[0] == 201
    wait_until(lambda: kept(server) == 1, "only the whole one is there")
    assert "Traceback" not in server.output
