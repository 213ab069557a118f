"""Which scripts a page loads: a browser that knows them all from the start asks for them at once."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "chat"
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
