"""Where files lie: below PARLOR_DATA, or in a bucket. Their names there are random, and tell nothing."""

import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from foundation.errors import ChatError

log = logging.getLogger("parlor.files")
CHUNK_BYTES = 64 * 1024


def new_name() -> str:
    """A name that nobody can guess, in one of 256 folders."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}"


def write(name: str, file: IO[bytes]) -> None:
    """Write a file, to the disk and not only to its cache. Raises `unavailable` where it cannot be written."""
    try:
        saved = default_storage.save(name, File(file, name=name))
        assert saved == name, "a random name is free"
        if isinstance(default_storage, FileSystemStorage):
            path = default_storage.path(name)
            for each in (path, os.path.dirname(path)):
                _to_disk(each)
    except Exception as error:
        log.error("a file could not be written: %s: %s", type(error).__name__, error)
        raise ChatError("unavailable", "The file could not be stored.") from error


def chunks(name: str, start: int, length: int) -> Iterator[bytes]:
    """The bytes of a part of a file, piece by piece; blocks. Raises OSError, or what the bucket raises."""
    if isinstance(default_storage, FileSystemStorage):
        yield from _chunks_on_disk(name, start, length)
        return
    storage: Any = default_storage
    answer = storage.bucket.Object(name).get(Range=f"bytes={start}-{start + length - 1}")
    with closing(answer["Body"]) as body:
        yield from body.iter_chunks(CHUNK_BYTES)


def _chunks_on_disk(name: str, start: int, length: int) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(CHUNK_BYTES, length))):
            length -= len(piece)
            yield piece


def erase(names: Iterable[str]) -> None:
    """Erase files; what is not there is fine. Raises OSError, or what the bucket raises."""
    for name in names:
        default_storage.delete(name)


def _to_disk(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
