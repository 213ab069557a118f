"""What all benchmarks share: their options, their table, their JSON."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from machine import describe
from servers import raise_file_limit

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement that yields rows: the columns of its table are keys of the rows, with their headings."""

    name: str
    columns: dict[str, str]
    measure: Callable[[argparse.Namespace], Iterator[Row]]


def main(benchmark: Benchmark, about: str | None, **more_options: tuple[float, str]) -> None:
    """Measure as the command line says, print a table, and write the JSON if a file is named.

    `more_options` are numbers with their default and meaning."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2, help="how long each figure is measured (default: 2)")
    parser.add_argument("--small", action="store_true", help="the smallest sizes: only to see that it runs")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    for name, (default, meaning) in more_options.items():
        parser.add_argument(f"--{name}", type=float, default=default, help=f"{meaning} (default: {default})")
    options = parser.parse_args()
    raise_file_limit()
    started, rows = time.monotonic(), []
    for row in benchmark.measure(options):
        rows.append(row)
        print(json.dumps({key: row.get(key) for key in benchmark.columns}), file=sys.stderr, flush=True)
    print(table(benchmark.columns, rows))
    if options.json:
        found = {
            "benchmark": benchmark.name,
            "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "took_s": round(time.monotonic() - started),
            "seconds": options.seconds,
            "machine": describe(Path(tempfile.gettempdir())),
            "rows": rows,
        }
        options.json.write_text(json.dumps(found, indent=1) + "\n")


def table(columns: dict[str, str], rows: list[Row], edge: str = "") -> str:
    """The rows as text in columns; with `edge="|"` as Markdown."""
    lines = [list(columns.values()), *([cell(row.get(key)) for key in columns] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    shown = [[text.rjust(width) for text, width in zip(line, widths, strict=True)] for line in lines]
    if not edge:
        return "\n".join("  ".join(line) for line in shown)
    rule = [f"{'-' * (width - 1)}:" for width in widths]
    return "\n".join(f"| {' | '.join(line)} |" for line in [shown[0], rule, *shown[1:]])


def cell(value: Any) -> str:
    """A figure with three digits that count, or the word that stands in its place."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def middle(rounds: list[Row], keys: list[str]) -> Row:
    """The median of each figure over the rounds."""
    return {key: round(median(each[key] for each in rounds), 3) for key in keys}


def say(text: str) -> None:
    """A word on the way; the tables alone go to standard output."""
    print(text, file=sys.stderr, flush=True)
