"""One JSON object in, or a refusal: never another exception, whatever the bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import ChatError
from foundation.limits import FRAME_MAX_BYTES, JSON_MAX_DEPTH, JSON_MAX_KEYS
from foundation.strictjson import loads


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        (' \r\n\t{"a" : 1 } \n', {"a": 1}),
        ('{"a":null,"b":true,"c":-0.5e3,"d":"\\u00e9\\n"}', {"a": None, "b": True, "c": -500.0, "d": "é\n"}),
        ('{"a":"🫖","b":"\\ud83e\\uded6"}', {"a": "🫖", "b": "🫖"}),
        ('{"a":"\\ud800"}', {"a": "\ud800"}),
        ('{"a":{"a":1}}', {"a": {"a": 1}}),
        ('{"":""}', {"": ""}),
    ],
)
def test_an_object_is_read(text: str, value: dict[str, Any]) -> None:
    assert loads(text) == value
    assert loads(text.encode()) == value


REFUSED = {
    "C1 broken": "{bad",
    "C1 empty": "",
    "C1 blank": " \n",
    "C1 cut off": '{"a":"b',
    "C1 comma": '{"a":1,}',
    "C1 quotes": "{'a':1}",
    "C1 comment": '{"a":1} // b',
    "C1 raw newline": '{"a":"\n"}',
    "C1 raw NUL": '{"a":"\0"}',
    "C2 list": "[]",
    "C2 text": '"x"',
    "C2 number": "1",
    "C2 null": "null",
    "C2 true": "true",
    "C3 NaN": '{"a":NaN}',
    "C3 infinity": '{"a":Infinity}',
    "C3 minus infinity": '{"a":-Infinity}',
    "C3 too large": '{"a":1e999}',
    "C3 too small": '{"a":[-1e999]}',
    "C4 huge integer": '{"a":' + "9" * 5000 + "}",
    "C5 deep list": '{"a":' + "[" * 200_000,
    "C5 deep object": '{"a":' * 50_000,
    "C5 closed first": "]" * 100 + "[" * 100,
    "C6 twice": '{"a":1,"a":1}',
    "C6 twice within": '{"b":[{"a":1,"a":2}]}',
    "C6 twice, written otherwise": '{"a":1,"\\u0061":2}',
    "C7 BOM": '\ufeff{"a":1}',
    "C7 garbage": '{"a":1}x',
    "C7 two": '{"a":1}{"a":1}',
    "C7 trailing NUL": '{"a":1}\0',
    "half a character as key": '{"\\ud800":1}',
}


@pytest.mark.parametrize("row", REFUSED)
def test_anything_else_is_refused(row: str) -> None:
    for text in (REFUSED[row], REFUSED[row].encode()):
        with pytest.raises(ChatError, match="invalid_json"):
            loads(text)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}",
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-32"),
        b'{"a":"\xc3\x28"}',
        b'{"a":"\xed\xa0\x80"}',
        '{"a":"é"}'.encode("latin-1"),
    ],
)
def test_c7_other_encodings_are_refused(body: bytes) -> None:
    with pytest.raises(ChatError, match="invalid_json"):
        loads(body)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_c5_the_first_level_too_many_is_refused(opening: str, closing: str) -> None:
    inner = "1" if closing == "}" else ""
    deepest = '{"a":' + opening * (JSON_MAX_DEPTH - 1) + inner + closing * (JSON_MAX_DEPTH - 1) + "}"
    too_deep = '{"a":' + opening * JSON_MAX_DEPTH + inner + closing * JSON_MAX_DEPTH + "}"

    assert loads(deepest)
    with pytest.raises(ChatError, match="invalid_json"):
        loads(too_deep)


@pytest.mark.parametrize("value", ["[" * 5000, '{"' * 5000, '\\"[' * 5000, "\\" * 5000 + "[" * 100])
def test_brackets_in_a_text_are_no_depth(value: str) -> None:
    assert loads(json.dumps({"value": value})) == {"value": value}


@pytest.mark.parametrize("wrap", ["{}", '{{"inner":{}}}'])
def test_c10_the_first_key_too_many_is_refused(wrap: str) -> None:
    def keys(count: int) -> str:
        return wrap.format(json.dumps({f"k{number}": 1 for number in range(count)}))

    assert loads(keys(JSON_MAX_KEYS))
    with pytest.raises(ChatError, match="validation_error"):
        loads(keys(JSON_MAX_KEYS + 1))


def test_a_refusal_never_repeats_what_was_sent() -> None:
    for text in ('{"secret', '{"secret":1,"secret":2}', '{"secret":NaN}'):
        with pytest.raises(ChatError) as refusal:
            loads(text)
        assert "secret" not in str(refusal.value.problem())
        assert refusal.value.__cause__ is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_whatever_json_can_say_comes_back(value: dict[str, Any]) -> None:
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_raises_anything_but_a_refusal(text: str | bytes) -> None:
    try:
        assert isinstance(loads(text), dict)
    except ChatError as refusal:
        assert refusal.code in {"invalid_json", "validation_error"}


def test_the_largest_frame_of_brackets_is_one_text() -> None:
    worst = '{"value":"' + '\\"[' * (FRAME_MAX_BYTES // 3 - 10) + '"}'

    assert len(worst) <= FRAME_MAX_BYTES
    assert loads(worst)
