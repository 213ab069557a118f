"""What rooms may be called, and the addresses that are made of names."""

import hashlib
import secrets
import unicodedata

from anyascii import anyascii
from django.utils.text import slugify

from accounts.names import RESERVED, check_line
from foundation.errors import ChatError, FieldError, invalid
from foundation.limits import ROOM_NAME_MAX_CHARS, SLUG_MAX_CHARS, SLUG_PATTERN
from rooms.models import FormerRoom, Kind, Room

RESERVED_SLUGS = frozenset({"admin", "api", "direct", "here", "me", "new", "null", "undefined", "ws"})
# Of Unicode's confusables (UTS 39) the ones that pass for a-z, in lower case: Cyrillic, Greek, Armenian, small capitals.
IMITATIONS = {
    "a": "\u0430\u0251\u03b1",
    "b": "\u0432\u044c\u03b2",
    "c": "\u0441\u1d04",
    "d": "\u0501",
    "e": "\u0435\u04bd",
    "g": "\u0261\u0581",
    "h": "\u04bb\u043d",
    "i": "\u0456\u0131\u0269\u03b9",
    "j": "\u0458\u03f3",
    "k": "\u03ba\u043a",
    "l": "\u04cf1|\u01c0",
    "m": "\u043c",
    "n": "\u0578\u057c\u03b7",
    "o": "0\u043e\u03bf\u0585",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "s": "\u0455\ua731",
    "t": "\u0442\u03c4",
    "u": "\u03c5\u057d\u1d1c",
    "v": "\u03bd\u0475\u1d20",
    "w": "\u051d\u0461\u1d21",
    "x": "\u0445\u03c7",
    "y": "\u0443\u04af\u03b3\u028f",
    "z": "\u1d22",
}
_PLAIN = str.maketrans({imitation: letter for letter, imitations in IMITATIONS.items() for imitation in imitations})
_RANDOM_BYTES = 3
KEY_MAX_CHARS = 4 * ROOM_NAME_MAX_CHARS


def checked_name(name: str) -> str:
    """The name in composed form and without blanks around it. Raises `validation_error`."""
    name = unicodedata.normalize("NFC", name).strip()
    if not any(char.isprintable() and not char.isspace() and char != "." for char in name):
        raise invalid("name", "blank", "A room needs a name.")
    check_line(name, field="name", max_chars=ROOM_NAME_MAX_CHARS)
    if name_key(name) in _RESERVED_KEYS:
        raise invalid("name", "reserved", "This name is reserved.")
    return name


def name_key(name: str) -> str:
    """What names have in common that people would take for each other: letters of one look, in one case and width."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_PLAIN)
    visible = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    key = " ".join(unicodedata.normalize("NFC", visible).split())
    # NFKC makes up to eighteen letters of one.
    return key if len(key) <= KEY_MAX_CHARS else hashlib.sha256(key.encode()).hexdigest()


def check_unlike_others(room: Room) -> None:
    """Raise `name_taken` where another public room's name is this room's, or looks like it."""
    twin = Room.objects.filter(kind=Kind.PUBLIC, name_key=room.name_key).exclude(pk=room.pk).first()
    if twin is not None:
        raise name_taken(room.name, twin.name)


def name_taken(name: str, other: str | None = None) -> ChatError:
    """The refusal of a name that is another public room's, or only looks like it."""
    if other is None or name.casefold() == other.casefold():
        return ChatError("name_taken", errors=[FieldError("/name", "taken", "There is a room of this name.")])
    detail = "This name looks like that of another room."
    return ChatError("name_taken", errors=[FieldError("/name", "confusable", detail)])


def checked_slug(slug: str) -> str:
    """The address, if it may be one and was never another room's. Raises `validation_error`, `name_taken`."""
    if not SLUG_PATTERN.match(slug):
        raise invalid("slug", "invalid", "Use lower-case letters, digits, hyphens and underscores.")
    if slug in RESERVED_SLUGS or slug.startswith("dm-"):
        raise invalid("slug", "reserved", "This address is reserved.")
    if FormerRoom.objects.filter(slug=slug).exists():
        raise slug_taken()
    return slug


def slug_taken() -> ChatError:
    return ChatError("name_taken", errors=[FieldError("/slug", "taken", "This address is taken.")])


def slug_for(name: str, kind: str) -> str:
    """An address in ASCII made of a name in any script.

    A private room's ends in random letters, so that nobody can guess it. A public room's does so where the plain
    address is, or was, another room's: public, private or deleted, which the answer does not tell.
    """
    slug = slugify(anyascii(name)).strip("-_")[: SLUG_MAX_CHARS - 8].strip("-_")
    if not slug or kind == Kind.PRIVATE or slug in RESERVED_SLUGS or slug.startswith("dm-"):
        return _with_random_end(slug or "room")
    if any(model.objects.filter(slug=slug).exists() for model in (Room, FormerRoom)):
        return _with_random_end(slug)
    return slug


def _with_random_end(slug: str) -> str:
    return f"{slug}-{secrets.token_hex(_RANDOM_BYTES)}"


_RESERVED_KEYS = frozenset(name_key(word) for word in RESERVED - {"room"})
