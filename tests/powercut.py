"""A power cut for SQLite: after it, the files hold what was synced to the disk, and nothing that came later.

`watch`, inside the server, hooks `xWrite` and `xSync` among the file methods of SQLite (through ctypes: nothing is
compiled). Each time that SQLite has synced a file, what was written to it since is copied to an image. `cut`, after a
`kill -9`, puts the images in the place of the files. What SQLite never asked to be synced is thereby lost, as on a
machine that loses its power.
"""

import _sqlite3
import ctypes
import os
import shutil
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p, cast
from pathlib import Path
from threading import RLock
from typing import Any

OK = 0
WRITE, SYNC = 2, 4  # the places of xWrite and xSync among the methods
Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Sync = CFUNCTYPE(c_int, c_void_p, c_int)
Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)


class Methods(Structure):
    """sqlite3_io_methods, of version 3."""

    _fields_ = [("version", c_int), ("calls", c_void_p * 18)]


class FileSystem(Structure):
    """The beginning of sqlite3_vfs."""

    _fields_ = [
        *(("version", c_int), ("file_size", c_int), ("path_max", c_int), ("next", c_void_p)),
        *(("name", c_char_p), ("data", c_void_p), ("open", Open)),
    ]


_kept: list[Any] = []  # what C holds pointers to
_watched: dict[str, "Watched"] = {}


class Watched:
    """One file of a database, under whatever connection it is written."""

    def __init__(self, name: str, image: Path) -> None:
        self.name = name
        self.image = image / Path(name).name
        self.methods: dict[int, Methods] = {}
        self._lock = RLock()
        self._number = self._file = 0
        self._low, self._high = 0, 0  # what was written since the last sync
        self._fresh = True

    def opened(self, file: int) -> None:
        """Give the open file of SQLite the methods that it had, with our two among them."""
        with self._lock:
            status = os.stat(self.name)
            if status.st_ino != self._number:
                # Held open from here on: to close it once would drop every lock that this process has on it.
                self._number, self._file = status.st_ino, os.open(self.name, os.O_RDONLY)
                self._low, self._high, self._fresh = 0, status.st_size, True
            methods = cast(file, POINTER(c_void_p))
            address = methods[0] or 0
            if address not in self.methods:
                self.methods[address] = self._hooked(cast(address, POINTER(Methods)).contents)
            methods[0] = ctypes.addressof(self.methods[address])

    def _hooked(self, methods: Methods) -> Methods:
        really_write, really_sync = Write(methods.calls[WRITE]), Sync(methods.calls[SYNC])

        @Write
        def write(file: int, data: int, size: int, offset: int) -> int:
            with self._lock:
                self._low, self._high = min(self._low, offset), max(self._high, offset + size)
            return int(really_write(file, data, size, offset))

        @Sync
        def sync(file: int, flags: int) -> int:
            status = int(really_sync(file, flags))
            if status == OK:
                self._keep()
            return status

        hooked = Methods()
        ctypes.memmove(byref(hooked), byref(methods), ctypes.sizeof(Methods))
        hooked.calls[WRITE], hooked.calls[SYNC] = cast(write, c_void_p).value, cast(sync, c_void_p).value
        _kept.extend([really_write, really_sync, write, sync])
        return hooked

    def _keep(self) -> None:
        """Bring the image up to date. A kill in the middle of it is a cut in the middle of the sync."""
        with self._lock:
            if self._low >= self._high and not self._fresh:
                return
            target = os.open(self.image, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if self._fresh else 0), 0o600)
            try:
                os.lseek(target, self._low, os.SEEK_SET)
                while self._low < self._high:
                    sent = os.sendfile(target, self._file, self._low, self._high - self._low)
                    self._low = self._low + sent if sent else self._high
            finally:
                os.close(target)
            self._fresh = False
            self._low, self._high = 1 << 62, 0


def watch(image: Path) -> None:
    """Keep in `image` what is on the disk of every database that is opened from now on."""
    image.mkdir(exist_ok=True)
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = POINTER(FileSystem)
    system = library.sqlite3_vfs_find(None).contents
    really_open = Open(cast(system.open, c_void_p).value or 0)

    @Open
    def open_and_hook(vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        status = int(really_open(vfs, name, file, flags, out))  # the very pointer: SQLite keeps it
        path = ctypes.string_at(name).decode() if name else ""
        if status == OK and path.endswith((".sqlite3", ".sqlite3-wal")):
            _watched.setdefault(path, Watched(path, image)).opened(file)
        return status

    _kept.extend([really_open, open_and_hook])
    system.open = open_and_hook


def cut(database: Path, image: Path) -> None:
    """Lose what was not synced. The server has been killed."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = database.with_name(database.name + suffix)
        file.unlink(missing_ok=True)
        if (image / file.name).exists():
            shutil.copyfile(image / file.name, file)
