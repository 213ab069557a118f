"""The machine under the figures, and what its processes cost it."""

import os
import platform
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
COMMITS = 200


def describe(directory: Path) -> dict[str, Any]:
    """What a reader has to know to compare figures: processor, kernel, Python, and the disk under the directory."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "file_system": _file_system(directory),
        "fsync_us": round(_fsync_s(directory) * 1e6),
    }


@dataclass(frozen=True, slots=True)
class Spent:
    """A stretch of time, and the share of it in which a processor worked for this process, and for a server."""

    elapsed_s: float
    own_share: float
    server_share: float


class Clock:
    """Measures from now on."""

    def __init__(self, server_pid: int) -> None:
        self._pid = server_pid
        self._began = time.monotonic(), time.process_time(), cpu_s(server_pid)

    def read(self) -> Spent:
        """What was spent until now."""
        began, own, servers = self._began
        elapsed = time.monotonic() - began
        shares = ((time.process_time() - own) / elapsed, (cpu_s(self._pid) - servers) / elapsed)
        return Spent(elapsed, round(shares[0], 2), round(shares[1], 2))


def cpu_s(pid: int) -> float:
    """The processor time that a process and its children have used."""
    return sum(_cpu_s(each) for each in _family(pid))


def rss_kib(pid: int) -> int:
    """The memory that a process and its children hold."""
    total = 0
    for each in _family(pid):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def sqlite_commits_per_s(directory: Path) -> float:
    """What SQLite does here with one small row in each transaction and nothing else to do."""
    with closing(sqlite3.connect(directory / "commits.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, text TEXT)")
        costs = []
        for _ in range(COMMITS):
            started = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO message (text) VALUES (?)", ("Who is for Darjeeling?",))
            connection.execute("COMMIT")
            costs.append(time.perf_counter() - started)
    return 1 / median(costs)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(grandchild for child in children for grandchild in _family(int(child)))]


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _file_system(directory: Path) -> str:
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    over = [(len(mount[1]), mount[2]) for mount in mounts if directory.resolve().is_relative_to(mount[1])]
    return max(over)[1] if over else "unknown"


def _fsync_s(directory: Path) -> float:
    costs = []
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        for _ in range(COMMITS):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            costs.append(time.perf_counter() - started)
    return median(costs)
