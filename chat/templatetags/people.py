"""How people look in templates: initials on one of eight hues. `static/chat/people.js` draws the same.

And what their rooms are called."""

from typing import TYPE_CHECKING

from django import template

from rooms.directory import Listed, title_of
from rooms.models import Room
from rooms.policies import Person

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

register = template.Library()
HUES = 8


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
