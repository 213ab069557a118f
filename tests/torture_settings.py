"""Settings of a server under torture: config.settings, with the faults of `tests/torture.py` installed."""

from typing import Any

from config import settings

globals().update({name: value for name, value in vars(settings).items() if name.isupper()})

_layer: dict[str, Any] = dict(settings.CHANNEL_LAYERS["default"])
_layer["BACKEND"] = "tests.torture." + ("TorturedRedisLayer" if settings.REDIS_URL else "TorturedEmbeddedLayer")
CHANNEL_LAYERS = {"default": _layer}
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.torture.TortureConfig"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = False  # a crowd signs up from one address
