"""The README's examples do what it says, typed as they stand against a real server."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.servers import ParlorServer, parlor, wait_until
from tests.test_docs import blocks, page, section
from tests.workers import call

pytestmark = pytest.mark.live


class Followed(NamedTuple):
    """A server on which somebody has typed the README's curl example."""

    server: ParlorServer
    token: str
    answers: list[Any]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("curl and bash are not installed")
    [example] = blocks(section(page("README.md"), "With curl"), "sh")
    with parlor(tmp_path_factory.mktemp("readme")) as server:
        script = here(example, server) + '\nprintf %s "\n\\"$TOKEN\\""\n'
        done = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, timeout=60, check=True)
        *answers, token = documents(done.stdout)
        yield Followed(server, token, answers)


def here(example: str, server: ParlorServer) -> str:
    assert "127.0.0.1:8000" in example
    return example.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")


def documents(text: str) -> list[Any]:
    """JSON documents, one after the other."""
    found, position = [], 0
    while position < len(text):
        document, end = json.JSONDecoder().raw_decode(text, position)
        found.append(document)
        position = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def test_the_curl_example_signs_up_opens_a_room_posts_and_reads(followed: Followed) -> None:
    room, message, history = followed.answers

    assert followed.token.startswith("parlor_")
    assert (room["slug"], room["my_role"]) == ("tea", "owner")
    assert (message["value"], message["client_id"], message["user"]["username"]) == (
        "Who is for Darjeeling?",
        "cup-1",
        "ada",
    )
    assert history["results"] == [message]


def test_the_python_example_speaks_listens_and_resumes(followed: Followed, tmp_path: Path) -> None:
    server, token, _ = followed
    [example] = blocks(section(page("README.md"), "With Python"), "python")
    (tmp_path / "example.py").write_text(here(example, server))
    output = tmp_path / "output"
    with output.open("w") as out:
        command, environment = [sys.executable, str(tmp_path / "example.py")], {**os.environ, "TOKEN": token}
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        wait_until(lambda: "ada: Hello from Python." in output.read_text(), "the example hears itself")
        process.send_signal(signal.SIGSTOP)  # it cannot come back before there is something to miss
        server.stop()
        server.start()
        call(server, "POST", "rooms/tea/messages/", {"value": "You were away."}, token)
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: "ada: You were away." in output.read_text(), "the example hears what it missed")
        call(server, "POST", "rooms/tea/messages/", {"value": "Good bye."}, token)
        wait_until(lambda: "ada: Good bye." in output.read_text(), "the example goes on")
    finally:
        process.kill()
        process.wait(10)

    said = [line.split(": ", 1)[1] for line in output.read_text().splitlines()]
    assert said == ["Hello from Python.", "You were away.", "Good bye."]
