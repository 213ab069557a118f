"""What Parlor keeps in Redis for a moment (tickets, counts of failed sign-ins) is JSON."""

import json
from typing import Any


class JSONSerializer:
    """Django's Redis cache with plain data: what somebody else wrote there is read as text, never run."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
