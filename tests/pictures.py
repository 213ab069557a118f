"""Images for tests, made on the spot."""

import io
import zlib
from typing import Any

from PIL import Image

SECRET = b"59.3293N 18.0686E"  # where a photo was taken


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 32), **options: Any) -> bytes:
    """Left half red, right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    return encoded(image, kind, **options)


def animation(kind: str, frames: int = 3, **options: Any) -> bytes:
    """Frames of several colours."""
    colours = [Image.new("RGB", (20, 10), (number * 50 % 256, 90, 200)) for number in range(frames)]
    return encoded(colours[0], kind, save_all=True, append_images=colours[1:], **{"duration": 40, "loop": 0, **options})


def png_of(width: int, height: int) -> bytes:
    """A black PNG of any size, without the memory that it would take."""
    deflate, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    pixels = b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush()
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
        for kind, body in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel[:3], colour, strict=True))
