"""Which scripts a page loads: a browser that knows them all from the start asks for them at once."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "chat"
LATER = re.compile(r'import\("\./(\w+)\.js"\)')  # what is loaded when it is used
IMPORTED = re.compile(r'^(?:import .*|} )from "\./(\w+)\.js";$', re.MULTILINE)


@cache
def imported_by(*scripts: str) -> tuple[str, ...]:
    """The addresses of all modules that the scripts of a page import, and those import in turn."""
    found: set[str] = set()
    waiting = list(scripts)
    while waiting:
        text = (FOLDER / f"{waiting.pop()}.js").read_text()
        new = set(IMPORTED.findall(text)) - found
        found |= new
        waiting += new
    return tuple(f"chat/{name}.js" for name in sorted(found))


def first_of_all(*scripts: str) -> tuple[str, ...]:
    """The addresses of these scripts and of what they import, those of the first script before those of the next: a
    browser fetches a few at a time, in this order."""
    in_order = [address for script in scripts for address in (f"chat/{script}.js", *imported_by(script))]
    return tuple(dict.fromkeys(in_order))
