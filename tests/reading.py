"""Reading pages as people do: what they say, without how it is marked up."""

import json
import re
from html.parser import HTMLParser
from typing import Any


def html(response: Any) -> str:
    text: str = response.content.decode()
    return text


def words(response: Any) -> str:
    """What a person reads: the text without tags and with single spaces."""

    class Reader(HTMLParser):
        text = ""

        def handle_data(self, data: str) -> None:
            self.text += data

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.text += "" if tag in {"bdi", "span", "b"} else " "

    reader = Reader()
    reader.feed(re.sub(r"<(template|script|title)\b.*?</\1>", "", html(response), flags=re.DOTALL))
    return " ".join(reader.text.split())


def start_of(response: Any) -> dict[str, Any]:
    found = re.search(r'<script id="start" type="application/json">(.*?)</script>', html(response), re.DOTALL)
    assert found
    start: dict[str, Any] = json.loads(found[1])
    return start
