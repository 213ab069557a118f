"""What a file is called: for people, never for the storage."""

import mimetypes
import unicodedata

from foundation.limits import FILE_NAME_MAX_CHARS

NAMELESS = "file"
ANY_TYPE = "application/octet-stream"
KEPT_OUT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}  # Persian and emoji need them
IMAGE_SUFFIXES = {"image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",), "image/webp": (".webp",)}
IMAGES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".apng", ".jfif"}


def shown_name(given: str) -> str:
    """The name without path, controls and marks that turn the direction of writing, short, and never empty."""
    last = given.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in unicodedata.normalize("NFC", last) if _may_stay(char))
    stem, suffix = _parted(" ".join(plain.split()).strip(" ."))
    name = stem[: FILE_NAME_MAX_CHARS - len(suffix)].rstrip(" .") + suffix
    return name or NAMELESS


def name_of_image(name: str, content_type: str) -> str:
    """The name with the ending of what the image has become."""
    stem, suffix = _parted(name)
    endings = IMAGE_SUFFIXES[content_type]
    if suffix.lower() in endings:
        return name
    return shown_name((stem if suffix.lower() in IMAGES else name)[: FILE_NAME_MAX_CHARS - 5] + endings[0])


def is_image_by_name(name: str) -> bool:
    return _parted(name)[1].lower() in IMAGES


def type_of(name: str) -> str:
    """What a file seems to be by its name: for people to see, never to decide anything by."""
    return mimetypes.guess_type(f"x{_parted(name)[1]}", strict=True)[0] or ANY_TYPE


def _parted(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    if not stem or not 1 <= len(suffix) <= 10 or not suffix.isalnum():
        return name, ""
    return stem, dot + suffix


def _may_stay(char: str) -> bool:
    return char in JOINERS or char.isspace() or unicodedata.category(char) not in KEPT_OUT
