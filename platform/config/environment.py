"""How values of the environment are read, and the key of an embedded server: every slip is one plain sentence."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Rate = tuple[int, int]  # so many in so many seconds


def switch(name: str, *, default: bool) -> bool:
    """On or off; a slip of the pen is refused, where others would take it for off."""
    value = os.environ.get(name, str(default)).lower()
    if value not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.")
    return value in {"1", "true", "yes", "on"}


def number(name: str, *, default: int) -> int:
    """A whole number from 0."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number.")
    return int(text)


def rates(name: str, defaults: Mapping[str, Rate]) -> dict[str, Rate]:
    """How often something may be done, as `posts=300/60 joins=60/60` (a number in so many seconds), over the defaults;
    `off` is without bound."""
    text = os.environ.get(name, "")
    if text == "off":
        return {}
    found = dict(defaults)
    for word in text.split():
        given = re.fullmatch(r"(\w+)=([1-9]\d{0,9})/([1-9]\d{0,5})", word)
        if given is None or given[1] not in defaults:
            raise ImproperlyConfigured(f"{name} must be `off`, or words like posts=300/60 of: {', '.join(defaults)}.")
        found[given[1]] = int(given[2]), int(given[3])
    return found


def uploads(url: str, directory: Path) -> dict[str, Any]:
    """Django's settings of what people upload: to the disk at once, whatever its size, one file a request."""
    return {
        "STORAGES": {
            "default": files_storage(url, directory),
            "staticfiles": {"BACKEND": "foundation.static_files.HashedStaticFiles"},
        },
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.TemporaryFileUploadHandler"],
        "DATA_UPLOAD_MAX_NUMBER_FILES": 1,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,  # of a form without its files
    }


def files_storage(url: str, directory: Path) -> dict[str, Any]:
    """Where attachments are kept, for STORAGES: this directory, or the bucket of `s3://key:secret@host/bucket`.

    `s3://bucket` is one of Amazon's, with the credentials of the environment; `?region=…` and `?tls=0` may follow."""
    if not url:
        private = {"location": str(directory), "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": private}
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured("FILES_URL needs django-storages: pip install 'django-storages[s3]'.")
    parts, example = urlsplit(url), "s3://key:secret@s3.example.org/bucket?region=eu-1"
    bucket, given = parts.path.strip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))
    options: dict[str, Any] = {"bucket_name": bucket or parts.hostname, "querystring_auth": True, "default_acl": None}
    if bucket:
        scheme = "http" if given.get("tls") == "0" else "https"
        options["endpoint_url"] = f"{scheme}://{parts.netloc.rpartition('@')[2]}"
        options["addressing_style"] = "path"
    if parts.username:
        options |= {"access_key": unquote(parts.username), "secret_key": unquote(parts.password or "")}
    if "region" in given:
        options["region_name"] = given["region"]
    whole = parts.scheme == "s3" and options["bucket_name"] and "/" not in bucket and given.keys() <= {"region", "tls"}
    if not whole or bool(parts.username) != bool(parts.password):
        raise ImproperlyConfigured(f"FILES_URL must be like {example}, or empty for PARLOR_DATA.")
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def kept_key(directory: Path) -> str:
    """The secret key in the data directory, made there on first use and readable by its owner only."""
    path = directory / "secret_key"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        key = path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"PARLOR_DATA must be a directory to write in: {error}") from error
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no key. Put your copy of it there, or delete it and sign in anew.")
    return key


def _make_key(path: Path) -> None:
    # Written aside and put in place whole: of two that start at once, neither reads half a key.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(50))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
