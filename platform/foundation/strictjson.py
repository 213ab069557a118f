"""One JSON object in, or a refusal: the same reading for frames and for REST bodies.

Stricter than the standard library: no NaN, no duplicate keys, bounded depth and number of keys.
"""

import json
from typing import Any

from foundation.errors import ChatError
from foundation.limits import JSON_MAX_DEPTH, JSON_MAX_KEYS


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > JSON_MAX_KEYS:
        raise ChatError("validation_error", f"An object may have {JSON_MAX_KEYS} keys.")
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    for key in result:
        key.encode()  # half of a character: it could not even be named in the refusal
    return result


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return value


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def loads(text: str | bytes) -> dict[str, Any]:
    """Read one JSON object from UTF-8.

    Raises `invalid_json` for anything else and `validation_error` for an object with too many keys."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        if _depth(text) > JSON_MAX_DEPTH:
            raise ValueError("nested too deeply")
        value = _decoder.decode(text)
    except (ValueError, RecursionError):
        raise ChatError("invalid_json") from None
    if not isinstance(value, dict):
        raise ChatError("invalid_json")
    return value


def _depth(text: str) -> int:
    """An upper bound of the nesting: brackets inside strings count only when the cheap count is already high."""
    if text.count("[") + text.count("{") <= JSON_MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
