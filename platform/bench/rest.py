"""A client of the REST face that keeps its connection."""

import json
from http.client import HTTPConnection
from typing import Any


class Rest:
    """Somebody's program."""

    def __init__(self, address: str, token: str) -> None:
        self._connection = HTTPConnection(address, timeout=60)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Token {token}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that answers a request. Raises RuntimeError for a refusal."""
        self._connection.request(method, f"/api/{path}", body and json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {text.decode()}")
        return json.loads(text)
