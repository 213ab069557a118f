"""What a message may say."""

import unicodedata

from chat import mentions
from chat.formatting import Formatted, render
from foundation.errors import ChatError, invalid
from foundation.limits import MESSAGE_MAX_BYTES, MESSAGE_MAX_CHARS


def checked_text(text: str, *, may_be_blank: bool = False) -> Formatted:
    """Format a text. Raises `message_too_long` or `validation_error` (blank, null_character, surrogate,
    too_many_mentions) for what cannot be a message. Only a message with attachments may be blank."""
    check_storable(text)
    if not may_be_blank and not any(_visible(char) for char in text):
        raise invalid("value", "blank", "A message needs something to read.")
    formatted = render(text)
    mentions.check_number(formatted)
    return formatted


def check_storable(text: str) -> None:
    """Raise `message_too_long` or `validation_error` (null_character, surrogate) for what never was a message."""
    if len(text) > MESSAGE_MAX_CHARS:
        raise ChatError("message_too_long", f"A message has at most {MESSAGE_MAX_CHARS} characters.")
    if "\0" in text:
        raise invalid("value", "null_character", "The text has a NUL character.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise invalid("value", "surrogate", "The text has half of a character.") from None
    if size > MESSAGE_MAX_BYTES:
        raise ChatError("message_too_long", f"A message has at most {MESSAGE_MAX_BYTES} bytes.")


def _visible(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in {"Cc", "Cf"}
