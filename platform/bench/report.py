"""Writes the tables and plots of README.md anew from the figures in results/.

.venv/bin/python platform/bench/report.py
"""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark import Benchmark, Row, table
from plot import Axis, Chart, Point

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
PAGE = HERE / "README.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
NAMES = ("fan_out", "ingest", "idle", "resume_storm", "history", "inbox", "search", "page", "scale_out", "ceiling")
Found = dict[str, Any]


def lines(rows: list[Row], name: Callable[[Row], str], x: str, y: Callable[[Row], float]) -> dict[str, list[Point]]:
    """The rows as named lines."""
    found: dict[str, list[Point]] = {}
    for row in rows:
        found.setdefault(name(row), []).append((row[x], y(row)))
    return found


def fan_out(rows: list[Row]) -> Chart:
    """The cost of a delivery, beside the stock consumer's."""
    several = [row for row in rows if row["senders"] > 1]
    ours = lines(several, lambda _: "Parlor", "sockets", lambda row: 1e6 / row["parlor_per_s"])
    theirs = lines(several, lambda _: "stock consumer", "sockets", lambda row: 1e6 / row["stock_per_s"])
    axes = Axis("sockets in the room (10 senders)", log=True), Axis("µs of the server for each delivery", log=True)
    return Chart("What a delivery costs", *axes, ours | theirs)


def ingest(rows: list[Row]) -> Chart:
    """Messages by rooms."""
    drawn = lines(rows, lambda row: row["database"], "rooms", lambda row: row["per_s"])
    return Chart("Durable messages", Axis("rooms", log=True), Axis("messages/s"), drawn)


def idle(rows: list[Row]) -> Chart:
    """Memory by sockets."""
    drawn = lines(rows, lambda _: "server", "sockets", lambda row: row["rss_mib"])
    return Chart("Idle sockets", Axis("sockets"), Axis("MiB of the server process"), drawn)


def resume_storm(rows: list[Row]) -> Chart:
    """Time by sockets."""
    drawn = lines(
        rows, lambda row: "somebody stayed" if row["stayed"] else "", "sockets", lambda row: row["all_live_s"]
    )
    drawn.pop("", None)
    return Chart("Back after a storm", Axis("sockets that dropped at once"), Axis("seconds until all are live"), drawn)


def history(rows: list[Row]) -> Chart:
    """The cost of each kind of page by the size of the room."""
    embedded = [row for row in rows if row["database"] == "SQLite"]
    drawn = lines(embedded, lambda row: row["page"], "messages", lambda row: row["p50_ms"])
    return Chart("A page of 50 messages, SQLite", Axis("messages in the room", log=True), Axis("ms over REST"), drawn)


CHARTS: dict[str, Callable[[list[Row]], Chart]] = {
    "fan_out": fan_out,
    "ingest": ingest,
    "idle": idle,
    "resume_storm": resume_storm,
    "history": history,
}


def machine(found: dict[str, Found]) -> str:
    """One sentence about where the figures are from."""
    first = next(iter(found.values()))
    about = first["machine"]
    return (
        f"Taken on {first['taken_at'][:10]}: {about['cores']} cores ({about['cpu']}), {about['memory_gib']} GiB, "
        f"{about['kernel']}, {about['python']}, {about['file_system']} with {about['fsync_us']:,} µs for an fsync."
    )


def written() -> dict[Path, str]:
    """README.md and the plots, as the figures have them."""
    paths = {name: RESULTS / f"{name}.json" for name in NAMES}
    found: dict[str, Found] = {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}
    files: dict[Path, str] = {}
    parts = [machine(found)] if found else []
    for name, result in found.items():
        benchmark: Benchmark = importlib.import_module(name).BENCHMARK
        parts.append(f"### {name}\n\n{table(benchmark.columns, result['rows'], edge='|')}")
        if name in CHARTS:
            chart = CHARTS[name](result["rows"])
            files[RESULTS / f"{name}.svg"] = chart.svg()
            parts.append(f"![{chart.title}](results/{name}.svg)")
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{PAGE.name} has lost the marks between which the results stand.")
    text = "\n\n".join(parts)
    return files | {PAGE: f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"}


def main() -> None:
    """Write what has changed, or say so."""
    stale = [path for path, text in written().items() if not path.exists() or path.read_text() != text]
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"Run report.py: {[path.name for path in stale]}" if stale else 0)
    for path, text in written().items():
        path.write_text(text)
    print(f"Written: {', '.join(path.name for path in stale) or 'nothing new'}")


if __name__ == "__main__":
    main()
