"""How people look in templates: initials on one of eight hues. `static/chat/people.js` draws the same.

And what their rooms are called, and how large their files are."""

import math
from typing import TYPE_CHECKING

from django import template

from chat.frames import AttachmentShown
from rooms.directory import Listed, title_of
from rooms.models import Room
from rooms.policies import Person

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

register = template.Library()
HUES = 8
PICTURE_MAX = (320, 240)  # the sides of a picture in the timeline


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    words = name.split()
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper()


@register.filter
def titled(room: "WithAnnotations[Room, Listed]", reader: Person) -> str:
    """What a room is called for its reader."""
    return title_of(room, reader)


@register.filter
def hue(username: str) -> int:
    """One of eight hues, always the same for a username."""
    total = 0
    for char in username:
        total = (total * 31 + ord(char)) % 997
    return total % HUES


@register.filter
def in_units(size: int | None) -> str:
    """A number of bytes, rounded up. `static/chat/files.js` says the same."""
    if not size or size < 1024:
        return f"{size or 0} bytes"
    if size < 1024 * 1024:
        return f"{math.ceil(size / 1024)} KiB"
    return f"{math.ceil(size * 10 / 1024 / 1024) / 10:.1f} MiB"


@register.filter
def shown_width(picture: AttachmentShown) -> int:
    return max(1, math.floor((picture.width or 1) * _scale(picture)))


@register.filter
def shown_height(picture: AttachmentShown) -> int:
    return max(1, math.floor((picture.height or 1) * _scale(picture)))


def _scale(picture: AttachmentShown) -> float:
    return min(1, PICTURE_MAX[0] / (picture.width or 1), PICTURE_MAX[1] / (picture.height or 1))
