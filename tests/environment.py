"""Loaded by pytest before Django's settings are read: tests have a data directory of their own, and never yours.

TEST_DATABASE_URL runs the same suite on PostgreSQL.
"""

import os
import secrets
import tempfile

_data = tempfile.TemporaryDirectory(prefix="parlor-tests-")
os.environ["PARLOR_DATA"] = _data.name
# Collected once for all the servers that tests start; the workers of one run share it.
_static = tempfile.TemporaryDirectory(prefix="parlor-static-") if "STATIC_ROOT" not in os.environ else None
if _static:
    os.environ["STATIC_ROOT"] = _static.name
BOUNDS = ("SOCKETS_MAX", "SOCKETS_PER_ADDRESS", "SOCKETS_PER_USER")
for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SIGNUP", "DEBUG", "EMAIL_URL", "TRUSTED_PROXIES", *BOUNDS):
    os.environ.pop(name, None)
os.environ["RATES"] = "off"  # tests do in a second what nobody does in a minute; those of rates set their own
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    os.environ["ALLOWED_HOSTS"] = "localhost,127.0.0.1"
    os.environ["HTTPS"] = "0"
