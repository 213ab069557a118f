"""Images that are shown: told by their content, measured before they are decoded, and drawn anew, without metadata.

What is left of the uploader's bytes is pixels. A photo loses where and when it was taken, and keeps which way is up.
"""

import io
import logging
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import IO, Any, TypeVar

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from foundation.errors import ChatError
from foundation.limits import (
    ANIMATION_MAX_FRAMES,
    ANIMATION_MAX_PIXELS,
    AVATAR_SIDE_PIXELS,
    IMAGE_MAX_PIXELS,
    IMAGE_SIDE_MAX_PIXELS,
    IMAGE_WAIT_S,
    IMAGES_AT_ONCE,
    THUMBNAIL_SIDE_PIXELS,
)

log = logging.getLogger("parlor.images")
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
THUMBNAIL_TYPE = CONTENT_TYPES["WEBP"]
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}
# Chosen by measurement, for 40 million pixels: 0.2 s, 2.4 s, 1.6 s. The defaults take up to 10 s for 3 % less.
ENCODING: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90},
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 88, "method": 2},
}
IN_MEMORY_BYTES = 1024 * 1024
NO_WHOLE_IMAGE = "This is no whole image."

# The size is checked here, with a refusal; Pillow's own bound is for what lies inside of a file.
Image.MAX_IMAGE_PIXELS = IMAGE_MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
T = TypeVar("T")
_turns = threading.BoundedSemaphore(IMAGES_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that was drawn anew, and a small one of it; both are files to read from the beginning."""

    content_type: str
    width: int
    height: int
    file: IO[bytes]
    thumbnail: IO[bytes]


def picture_in(file: IO[bytes]) -> Picture | None:
    """Draw the image in this file anew, or give None when there is none of a kind that is shown.

    IMAGES_AT_ONCE, whoever else waits: one may take some hundred MiB. Raises `image_too_large` from the header alone, `type_mismatch` for an image
    that cannot be decoded, `overloaded` after IMAGE_WAIT_S.
    """
    return _in_turn(file, _drawn)


def avatar_in(file: IO[bytes]) -> IO[bytes] | None:
    """Draw the middle of the image in this file as a square WebP of AVATAR_SIDE_PIXELS, of an animation the first frame.

    None when there is no image of a kind that is shown. Raises what `picture_in` does."""
    return _in_turn(file, _square)


def _in_turn(file: IO[bytes], draw: Callable[[Image.Image], T]) -> T | None:
    with _hostile():
        image = _opened(file)
    if image is None:
        return None
    _check_size(image)
    if not _turns.acquire(timeout=IMAGE_WAIT_S):
        raise ChatError("overloaded", retry_after_s=IMAGE_WAIT_S)
    try:
        with _hostile(), image:
            return draw(image)
    finally:
        _turns.release()


@contextmanager
def _hostile() -> Iterator[None]:
    """Take whatever a decoder makes of somebody's bytes for what it is: no image."""
    try:
        yield
    except ChatError:
        raise
    except Image.DecompressionBombError:
        raise ChatError("image_too_large") from None
    except Exception as error:  # noqa: BLE001 - decoders raise anything at all
        log.info("an image could not be decoded: %s", type(error).__name__)
        raise ChatError("type_mismatch", NO_WHOLE_IMAGE) from None


def _opened(file: IO[bytes]) -> Image.Image | None:
    """Read the header, and nothing else."""
    file.seek(0)
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        return None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > IMAGE_MAX_PIXELS or max(image.size) > IMAGE_SIDE_MAX_PIXELS:
        detail = f"An image has at most {IMAGE_MAX_PIXELS:,} pixels, and {IMAGE_SIDE_MAX_PIXELS:,} on each side."
        raise ChatError("image_too_large", detail)


def _drawn(image: Image.Image) -> Picture:
    if image.format != "MPO" and getattr(image, "is_animated", False):
        return _animation(image)
    still = _upright(image)
    kind = {"GIF": "PNG", "MPO": "JPEG"}.get(str(image.format), str(image.format))
    if kind == "JPEG" and still.mode not in {"L", "RGB"}:
        still = still.convert("RGB")
    file = _file()
    still.save(file, kind, **ENCODING[kind])
    return _picture(kind, still, file)


def _animation(image: Image.Image) -> Picture:
    """Every animation becomes a WebP, the one kind that is written frame by frame."""
    durations = list(_durations(image))
    image.seek(0)
    file, first = _file(), image.copy()
    image.save(
        file,
        "WEBP",
        save_all=True,
        duration=durations,
        loop=int(image.info.get("loop", 1)),
        background=(0, 0, 0, 0),
        quality=80,
        method=2,
    )
    return _picture("WEBP", first, file)


def _durations(image: Image.Image) -> Iterator[int]:
    """How long each frame is shown, in milliseconds; raise `image_too_large` for too many of them."""
    for number in count():
        try:
            image.seek(number)
            image.load()
        except EOFError:
            return
        _check_size(image)
        if number >= ANIMATION_MAX_FRAMES or (number + 1) * image.width * image.height > ANIMATION_MAX_PIXELS:
            raise ChatError("image_too_large", f"All frames have at most {ANIMATION_MAX_PIXELS:,} pixels together.")
        given = int(image.info.get("duration", 0))
        yield min(given, 60_000) if given >= 20 else 100  # as browsers do


def _picture(kind: str, image: Image.Image, file: IO[bytes]) -> Picture:
    thumbnail = _file()
    _small(image).save(thumbnail, "WEBP", quality=80, method=2)
    for each in (file, thumbnail):
        each.seek(0)
    return Picture(CONTENT_TYPES[kind], image.width, image.height, file, thumbnail)


def _upright(image: Image.Image) -> Image.Image:
    """The pixels as they are to be seen: turned, in sRGB, in a mode that every encoder knows; nothing else stays."""
    image.load()
    turned = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    if turned.mode.startswith("I"):  # 16 bits
        turned = turned.point(lambda value: value / 256).convert("L")
    kept: dict[Any, Any] = {"transparency": image.info["transparency"]} if "transparency" in image.info else {}
    turned.info = kept if turned.mode in {"1", "L", "P", "RGB"} else {}
    if profile and turned.mode in {"RGB", "RGBA", "CMYK"}:
        turned = _in_srgb(turned, profile)
    return turned if turned.mode in MODES else turned.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Bring the colours of a camera or a printer to those of the web; a profile that cannot be read is dropped."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    assert converted is not None, "only a conversion in place answers nothing"
    converted.info = {}
    return converted


def _square(image: Image.Image) -> IO[bytes]:
    side = (AVATAR_SIDE_PIXELS, AVATAR_SIDE_PIXELS)
    square = ImageOps.fit(_plain(_upright(image)), side, Image.Resampling.LANCZOS)
    square.info = {}
    file = _file()
    square.save(file, "WEBP", quality=85, method=4)
    file.seek(0)
    return file


def _plain(image: Image.Image) -> Image.Image:
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGBA" if image.has_transparency_data else "RGB")


def _small(image: Image.Image) -> Image.Image:
    scale = min(1.0, THUMBNAIL_SIDE_PIXELS / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = _plain(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    small.info = {}
    return small


def _file() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)
