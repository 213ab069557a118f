"""Styles and scripts under names that hold a hash of what is in them, so that a browser keeps them for good.

`manage.py serve` collects them into STATIC_ROOT when they are not what was collected last. Until they are (in a test, in
a shell) every file has its plain name.

A page asks for some seventy of them when a browser first meets it. Through Django each took 1.9 ms of a core, in the
library's own application 1.2 ms, here 0.2 ms.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, StaticFilesStorage
from django.core.management import call_command
from django.core.management.base import CommandError
from servestatic import ServeStaticASGI
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

STAMP = "collected"
OWN = "chat"  # the folder of our own files
HASHED = r"\.[0-9a-f]{12}\.[a-z0-9]+$"
LATER = (
    r'(?P<matched>import\("(?P<url>\./[^"]+)"\))',
    'import("%(url)s")',
)  # modules that are loaded when they are needed


class _Compressor(Compressor):
    """Takes the blanks and comments out of our own files. The bundles of others have none, and break."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._others = Compressor(**options | {"minify": False})

    def compress(self, path: str | os.PathLike[str]) -> list[str]:
        compress = super().compress if OWN in Path(path).parts else self._others.compress
        return compress(path)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Names with a hash, also in what scripts import, with a compressed copy beside each file."""

    # Django's own patterns for imports look through the bundles of the API's pages too, which takes seconds.
    patterns = (
        *ManifestStaticFilesStorage.patterns,
        ("chat/*.js", ((r'(?P<matched>from "(?P<url>\./[^"]+)")', 'from "%(url)s"'), LATER)),
    )
    max_post_process_passes = 20  # one for each step of the longest chain of imports

    def create_compressor(self, **options: Any) -> Compressor:
        """Leave out the maps of other people's bundles, which nobody fetches and which took most of the time."""
        return _Compressor(**options | {"extensions": (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")})

    def url(self, name: str | None, force: bool = False) -> str:
        """The address of a file: its plain name where nothing has been collected, and while one develops."""
        hashed = None if settings.DEBUG and not force else self.hashed_files.get(name or "")
        return self._address(hashed or name)

    @cache  # noqa: B019  a page asks for its icons hundreds of times; there is one storage in a process
    def _address(self, name: str | None) -> str:
        return StaticFilesStorage.url(self, name)


class StaticFiles(ServeStaticASGI):
    """Answers for what was collected, or for the files as they are where nothing was, and leaves everything else to the
    application behind it.

    The files are small and lie in the memory of the system: reading one takes less than asking a thread to do it.
    """

    def __init__(self, application: Callable[..., Any]) -> None:
        kept = {"max_age": 0, "immutable_file_test": HASHED, "allow_all_origins": False}
        super().__init__(application, add_headers_function=_not_sniffed, **kept)
        root = Path(settings.STATIC_ROOT)
        if (root / STAMP).exists():
            self.add_files(root, settings.STATIC_URL)
            return
        for finder in get_finders():
            for name, storage in finder.list(None):
                self.add_file_to_dictionary(f"{settings.STATIC_URL}{name}", storage.path(name))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer GET and HEAD with the copy that the browser takes; 304 for what it has, 206 for a range, else 405."""
        file = self.files.get(scope["path"])
        if file is None:
            await self.application(scope, receive, send)
            return
        asked = {
            f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
            for name, value in scope["headers"]
        }
        answer = file.get_response(scope["method"], asked)
        headers = [
            (name.lower().encode("latin-1"), (value or "").encode("latin-1"))
            for name, value in answer.headers
            if name != "Last-Modified"  # the tag says as much: a first page asks for seventy files
        ]
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _not_sniffed(headers: Any, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def collect() -> None:
    """Collect the static files, unless that was done before and nothing has changed. Raises CommandError."""
    root = Path(settings.STATIC_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root):
            stamp, now = root / STAMP, _fingerprint()
            if stamp.exists() and stamp.read_text() == now:
                return
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(now)
    except OSError as error:
        raise CommandError(f"The static files cannot be written: {error}. Check STATIC_ROOT ({root}).") from error


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let no other server that starts now write into the same folder."""
    with (root / f"{STAMP}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint() -> str:
    """What there is to collect: every file with its size and the time of its last change."""
    digest = blake2b(f"{settings.DEBUG}\n".encode(), digest_size=16)
    for finder in get_finders():
        for name, storage in sorted(finder.list(None), key=lambda found: found[0]):
            about = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
