"""The benchmarks run, each in its smallest size, and what they find can be true; their page is made of their results."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ROOT

BENCH = ROOT / "platform" / "bench"
NAMES = (
    "history",
    "inbox",
    "search",
    "page",
    "scale_out",
    "ingest",
    "fan_out",
    "idle",
    "resume_storm",
    "ceiling",
)  # the slowest first
Row = dict[str, Any]
Run = Future[subprocess.CompletedProcess[str]]
Measured = Callable[[str], list[Row]]
pytestmark = pytest.mark.live


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """All benchmarks in their smallest size, a few at a time: they mostly wait for servers to start."""
    folder = tmp_path_factory.mktemp("bench")
    with ThreadPoolExecutor(max_workers=3) as pool:
        yield {
            name: pool.submit(run, f"{name}.py", "--small", "--seconds", "0.3", "--json", str(folder / f"{name}.json"))
            for name in NAMES
        }


@pytest.fixture
def measured(runs: dict[str, Run]) -> Measured:
    """The rows of a benchmark, as its JSON has them; its table has as many."""

    def rows_of(name: str) -> list[Row]:
        done = runs[name].result()
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(Path(done.args[-1]).read_text())
        assert found["benchmark"] == name
        assert found["machine"]["cores"] >= 1 and found["machine"]["fsync_us"] > 0
        assert len(done.stdout.splitlines()) == len(found["rows"]) + 1
        rows: list[Row] = found["rows"]
        return rows

    return rows_of


def positive(row: Row, *names: str) -> bool:
    return all(row[name] > 0 for name in names)


def test_fan_out_compares_with_the_stock_consumer(measured: Measured) -> None:
    [row] = measured("fan_out")

    assert (row["sockets"], row["senders"]) == (10, 2)
    assert positive(row, "parlor_per_s", "stock_per_s", "ratio", "rate_per_s", "server_cpu")
    assert 0 < row["p50_ms"] <= row["p99_ms"]
    assert 0 < row["rate_p50_ms"] <= row["rate_p99_ms"]
    assert row["rate_per_s"] < row["parlor_per_s"]


def test_ingest_counts_durable_messages(measured: Measured) -> None:
    rows = {row["database"]: row for row in measured("ingest")}

    assert positive(rows["SQLite"], "per_s", "bare_per_s", "p50_ms", "p99_ms")
    if "PostgreSQL" not in rows:
        pytest.skip("PostgreSQL is not installed")
    assert positive(rows["PostgreSQL"], "per_s", "p50_ms", "p99_ms")


def test_idle_weighs_sockets_of_many_people(measured: Measured) -> None:
    rows = measured("idle")

    assert [row["sockets"] for row in rows] == [10, 20]
    assert all(positive(row, "connects_per_s", "p50_ms", "rss_mib") for row in rows)


def test_resume_storm_brings_everybody_back_without_reading_messages(measured: Measured) -> None:
    [row] = measured("resume_storm")

    assert (row["sockets"], row["behind"]) == (10, 20)
    assert positive(row, "all_live_s", "statements_per_socket")
    assert row["message_statements"] == 0


def test_inbox_asks_small_and_large_houses(measured: Measured) -> None:
    rows = measured("inbox")

    asked = {(row["question"], row["rooms"], row["mine"]) for row in rows}
    assert asked == {(question, *house) for question in ("rooms", "inbox") for house in ((60, 50), (120, 60))}
    assert all(positive(row, "p50_ms", "p95_ms", "ratio") for row in rows)


def test_search_asks_every_question_of_everybody(measured: Measured) -> None:
    rows = measured("search")

    asked = {(row["mine"], row["question"]) for row in rows}
    assert len(asked) * len({row["database"] for row in rows}) == len(rows) == len({*map(str, rows)})
    assert {mine for mine, _ in asked} == {10, 5}
    assert all(positive(row, "p50_ms", "p95_ms") for row in rows)
    assert all(row["found"] > 0 for row in rows if row["question"] == "the most common word")
    assert all(row["found"] == 0 for row in rows if row["question"] == "what nobody said")


def test_page_measures_every_figure_that_was_asked_for(measured: Measured) -> None:
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("/usr/bin/chromium is not installed")
    rows = measured("page")

    assert [row["figure"].split(",")[0] for row in rows] == [
        *["first page"] * 3,
        *("message", "flood of 60", "scroll", "scroll", "scroll"),
    ]
    assert all(row["measured"] > 0 for row in rows if "task" not in row["figure"])
    weight, requests, *_ = rows
    assert weight["measured"] <= weight["asked"] == 100
    assert requests["measured"] > 10


def test_history_asks_for_every_kind_of_page(measured: Measured) -> None:
    rows = measured("history")

    kinds = {(row["messages"], row["page"]) for row in rows}
    assert kinds == {(size, kind) for size in (100, 200) for kind in ("newest", "before", "after", "around")}
    assert all(positive(row, "p50_ms", "p95_ms", "ratio") for row in rows)
    if {row["database"] for row in rows} != {"SQLite", "PostgreSQL"}:
        pytest.skip("PostgreSQL is not installed")


def test_scale_out_runs_one_worker_and_two(measured: Measured) -> None:
    rows = measured("scale_out")

    if not rows:
        pytest.skip("PostgreSQL or redis-server is not installed")
    assert [row["workers"] for row in rows] == [1, 2]
    assert all(positive(row, "deliveries_per_s", "messages_per_s", "ack_p99_ms") for row in rows)


def test_the_ceiling_of_the_client_is_measured(measured: Measured) -> None:
    [row] = measured("ceiling")

    assert row["per_s"] > 1000
    assert positive(row, "client_cpu", "per_core_s")


def test_the_page_and_the_plots_are_made_of_the_results() -> None:
    done = run("report.py", "--check")

    assert done.returncode == 0, done.stderr
