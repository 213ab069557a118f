"""Images: told by their content, measured before they are decoded, drawn anew without what they had to tell."""

import io
import resource
import threading
import time
from typing import Any

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from foundation import images
from foundation.errors import ChatError
from foundation.images import Picture, picture_in
from foundation.limits import ANIMATION_MAX_FRAMES, IMAGE_MAX_PIXELS, THUMBNAIL_SIDE_PIXELS
from tests.pictures import SECRET, animation, encoded, near, opened, photo, png_of

RED, BLUE = (255, 0, 0), (0, 0, 255)


def drawn(data: bytes) -> Picture:
    picture = picture_in(io.BytesIO(data))
    assert picture is not None
    return picture


def refusal(data: bytes) -> str:
    with pytest.raises(ChatError) as refused:
        picture_in(io.BytesIO(data))
    return refused.value.code


@pytest.mark.parametrize(
    ("kind", "becomes"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/png")]
)
def test_an_image_is_drawn_anew_with_a_thumbnail(kind: str, becomes: str) -> None:
    picture = drawn(photo(kind, (1000, 500)))

    image, small = opened(picture.file.read()), opened(picture.thumbnail.read())
    assert (picture.content_type, image.size) == (becomes, (picture.width, picture.height)) == (becomes, (1000, 500))
    assert (small.format, small.size) == ("WEBP", (THUMBNAIL_SIDE_PIXELS, THUMBNAIL_SIDE_PIXELS // 2))
    for each in (image.convert("RGB"), small.convert("RGB")):
        assert near(each.getpixel((10, 10)), RED) and near(each.getpixel((each.width - 10, 10)), BLUE)


def test_a_small_image_is_not_blown_up() -> None:
    assert opened(drawn(photo(size=(8, 6))).thumbnail.read()).size == (8, 6)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_mode_can_be_drawn(mode: str, kind: str) -> None:
    try:
        data = encoded(Image.new(mode, (30, 20)), kind)
    except (OSError, ValueError):
        data = encoded(Image.new(mode, (30, 20)), "TIFF")
        assert picture_in(io.BytesIO(data)) is None, "such a file cannot be, and others are no images to us"
        return

    assert (drawn(data).width, drawn(data).height) == (30, 20)


def test_what_is_transparent_stays_so() -> None:
    image = Image.new("RGBA", (30, 20), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (15, 0, 30, 20))
    for data in (encoded(image, "PNG"), encoded(image, "WEBP"), encoded(image.convert("P"), "GIF", transparency=0)):
        picture = drawn(data)

        assert opened(picture.file.read()).has_transparency_data and opened(picture.thumbnail.read()).mode == "RGBA"


def metadata() -> list[bytes]:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    said, info = SECRET.decode(), PngInfo()
    info.add_text("Comment", said)
    info.add_itxt("XML:com.adobe.xmp", said)
    return [
        photo("JPEG", exif=exif, comment=SECRET, xmp=SECRET),
        photo("PNG", exif=exif, pnginfo=info) + SECRET,
        photo("WEBP", exif=exif, xmp=SECRET),
        photo("GIF", comment=SECRET),
        animation("GIF", comment=SECRET),
        animation("WEBP", exif=exif, xmp=SECRET),
        animation("PNG", exif=exif, pnginfo=info),
    ]


@pytest.mark.parametrize("data", metadata(), ids=lambda data: data[:4].hex())
def test_nothing_but_pixels_is_left(data: bytes) -> None:
    assert SECRET in data, "premise: it tells where it was taken"

    picture = drawn(data)

    for file in (picture.file, picture.thumbnail):
        whole = file.read()
        assert SECRET not in whole and b"Exif" not in whole and b"xmp" not in whole.lower()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_that_lies_on_its_side_stands_up(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees to the right
    picture = drawn(photo(kind, (64, 32), exif=exif))

    assert (picture.width, picture.height) == (32, 64)
    for file in (picture.file, picture.thumbnail):
        image = opened(file.read())
        assert not image.getexif()
        assert near(image.convert("RGB").getpixel((16, 4)), RED) and near(image.convert("RGB").getpixel((16, 60)), BLUE)


def test_a_profile_goes_and_a_broken_one_does_no_harm() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        image = opened(drawn(photo("PNG", icc_profile=profile)).file.read())

        assert "icc_profile" not in image.info and near(image.getpixel((4, 4)), RED)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_stays_one(kind: str) -> None:
    picture = drawn(animation(kind, frames=4))

    image = opened(picture.file.read())
    assert (picture.content_type, image.format, image.n_frames) == ("image/webp", "WEBP", 4)  # type: ignore[attr-defined]
    assert (image.info["duration"], image.info["loop"]) == (40, 0)
    assert getattr(opened(picture.thumbnail.read()), "n_frames", 1) == 1


def test_a_frame_that_is_too_short_to_be_seen_is_shown_as_browsers_do() -> None:
    image = opened(drawn(animation("GIF", duration=0)).file.read())

    assert image.info["duration"] == 100


def test_an_animation_with_too_many_frames_or_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    dot = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff"
    assert refusal(head + dot * (ANIMATION_MAX_FRAMES + 1) + b";") == "image_too_large"
    began = time.perf_counter()
    assert refusal(head + dot * 1_000_000 + b";") == "image_too_large"
    assert time.perf_counter() - began < 2

    monkeypatch.setattr(images, "ANIMATION_MAX_PIXELS", 20 * 10 * 3)
    assert drawn(animation("GIF", frames=3))
    assert refusal(animation("GIF", frames=4)) == "image_too_large"


def test_e23_t14_a_pixel_bomb_is_refused_from_its_header() -> None:
    bomb = png_of(30_000, 30_000)
    assert len(bomb) < 200_000, "premise: it is small"
    picture_in(io.BytesIO(photo()))  # what is imported on first use
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()

    assert refusal(bomb) == "image_too_large"

    assert time.perf_counter() - began < 0.2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_the_first_pixel_too_many_is_refused() -> None:
    assert refusal(png_of(8_000, IMAGE_MAX_PIXELS // 8_000 + 1)) == "image_too_large"
    assert refusal(png_of(16_001, 1)) == "image_too_large"
    assert drawn(png_of(16_000, 1)).width == 16_000


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4"],
)
def test_what_is_no_image_is_none(data: bytes) -> None:
    assert picture_in(io.BytesIO(data)) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_half_an_image_is_refused_and_no_byte_of_one_is_a_fault(kind: str) -> None:
    whole = photo(kind, (200, 200))
    assert refusal(whole[: len(whole) // 2]) == "type_mismatch"

    for place in range(0, len(whole), max(1, len(whole) // 150)):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        try:
            picture_in(io.BytesIO(bytes(broken)))
        except ChatError as error:
            assert error.code in {"type_mismatch", "image_too_large"}


def test_a_few_images_at_a_time_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr(images, "_turns", turns)
    monkeypatch.setattr(images, "IMAGE_WAIT_S", 0.01)
    turns.acquire()
    assert refusal(photo()) == "overloaded"
    assert refusal(png_of(30_000, 30_000)) == "image_too_large", "that needs no turn"
    turns.release()

    assert drawn(photo())
    assert refusal(photo("PNG", (200, 200))[:300]) == "type_mismatch"
    assert turns.acquire(blocking=False), "each turn is given back"


def test_a_picture_and_what_hangs_on_it_do_not_stay_together(tmp_path: Any) -> None:
    polyglot = photo("GIF") + b"<script>alert(1)</script>PK\x05\x06"

    assert b"<script>" not in drawn(polyglot).file.read()
