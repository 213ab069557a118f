"""The process of a load: reads its task as JSON from standard input, runs it, prints what it found as JSON.

Started by `Server.load`. A load is the coroutine `load` of the benchmark's module.
"""

import importlib
import json
import sys

import uvloop


def main() -> None:
    """Run the load that the task names."""
    task = json.load(sys.stdin)
    load = importlib.import_module(task["load"]).load
    print(json.dumps(uvloop.run(load(task))))


if __name__ == "__main__":
    main()
