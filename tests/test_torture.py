"""The faults are real: the dice lose and repeat, the layers overtake, and a power cut loses what was not synced."""

import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import powercut, torture
from tests.servers import ROOT

FATES = {"late": [0.1], "at once": [0.0], "lost": [], "twice": [0.02, 0.04]}
WRITES = """
import os, sqlite3, sys
from pathlib import Path
from tests import powercut
powercut.watch(Path(sys.argv[1]) / "image")
connection = sqlite3.connect(Path(sys.argv[1]) / "x.sqlite3", isolation_level=None)
connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE said(what)")
for number in range(int(sys.argv[2])):
    connection.execute("INSERT INTO said VALUES (?)", ("x" * 5000,))
connection.execute(f"PRAGMA synchronous={sys.argv[3]}")
connection.execute("INSERT INTO said VALUES ('the last word')")
os.kill(os.getpid(), 9)
"""


def test_the_dice_lose_one_in_ten_and_repeat_one_in_twenty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torture, "_flag", tmp_path)
    thrown = [list(torture.fates()) for _ in range(10_000)]
    times = Counter(len(delays) for delays in thrown)

    assert 700 < times[0] < 1300
    assert 300 < times[2] < 600
    assert 0.29 < max(delay for delays in thrown for delay in delays) <= torture.DELAY_MAX_S


def test_without_the_flag_nothing_happens_to_a_message() -> None:
    assert [list(torture.fates()) for _ in range(100)] == [[0.0]] * 100


@pytest.mark.asyncio
@pytest.mark.parametrize("make", ["embedded", "redis"])
async def test_a_layer_loses_repeats_and_overtakes(
    make: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers: dict[str, Callable[[], Any]] = {
        "embedded": torture.TorturedEmbeddedLayer,
        "redis": lambda: torture.TorturedRedisLayer(hosts=[request.getfixturevalue("redis_url")]),
    }
    layer = layers[make]()
    channel = await layer.new_channel()
    await layer.group_add("tea", channel)

    for text, delays in FATES.items():
        monkeypatch.setattr(torture, "fates", lambda delays=delays: iter(delays))
        await layer.group_send("tea", {"type": "word", "text": text})

    arrived = [(await asyncio.wait_for(layer.receive(channel), 5))["text"] for _ in range(4)]
    assert arrived == ["at once", "twice", "twice", "late"]
    await layer.flush()


@pytest.mark.parametrize(("mode", "kept"), [("FULL", True), ("NORMAL", False), ("OFF", False)])
@pytest.mark.parametrize("before", [0, 3000])
def test_a_power_cut_loses_what_was_not_synced(mode: str, kept: bool, before: int, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(tmp_path), str(before), mode]
    subprocess.run(command, cwd=ROOT, check=False)
    database = tmp_path / "x.sqlite3"

    powercut.cut(database, tmp_path / "image")

    with closing(sqlite3.connect(database)) as connection:
        said = [row[0] for row in connection.execute("SELECT what FROM said")]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert ("the last word" in said) is kept
    assert len(said) == before + kept
