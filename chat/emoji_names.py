"""The emoji that a page offers, with their names; `manage.py contracts` writes them beside the scripts."""

import json
from pathlib import Path

import emoji

FILE = Path(__file__).parent / "static" / "chat" / "emoji.json"


def emoji_names() -> str:
    """As JSON: every emoji that Unicode recommends, without tones of skin, and its names, as `:name:` takes them."""
    recommended = emoji.STATUS["fully_qualified"]
    named = {
        sign: [name.strip(":") for name in (about["en"], *about.get("alias", ()))]
        for sign, about in emoji.EMOJI_DATA.items()
        if about["status"] == recommended and "skin_tone" not in about["en"]
    }
    return json.dumps(named, ensure_ascii=False, separators=(",", ":")) + "\n"
