"""Exits 0 while this machine's Parlor answers /healthz. For the image's HEALTHCHECK; needs the standard library only."""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 2


def is_healthy(port: int, host: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    # Named as one of the hosts that Parlor answers to; a leading dot in ALLOWED_HOSTS stands for the domain itself.
    allowed = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    sys.exit(not is_healthy(int(os.environ.get("PORT", "8000")), allowed))
