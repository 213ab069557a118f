"""Styles and scripts under names that hold a hash of what is in them, so that a browser keeps them for good.

`manage.py serve` collects them into STATIC_ROOT when they are not what was collected last. Until they are (in a test, in
a shell) every file has its plain name.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, StaticFilesStorage
from django.core.management import call_command
from django.core.management.base import CommandError
from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage

STAMP = "collected"
LATER = (
    r'(?P<matched>import\("(?P<url>\./[^"]+)"\))',
    'import("%(url)s")',
)  # modules that are loaded when they are needed


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
        return super().create_compressor(**options | {"extensions": (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")})

    def url(self, name: str | None, force: bool = False) -> str:
        """The address of a file: its plain name where nothing has been collected."""
        return super().url(name, force) if name in self.hashed_files else StaticFilesStorage.url(self, name)


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
    digest = blake2b(digest_size=16)
    for finder in get_finders():
        for name, storage in sorted(finder.list(None), key=lambda found: found[0]):
            about = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
