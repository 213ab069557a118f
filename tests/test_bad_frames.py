"""Bad frames: each costs an error frame and no more; too many of them cost the socket."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from chat.posting import post_message
from rooms.models import Room
from tests.sockets import joined

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

BAD_FRAMES = {
    "C1 broken": ("{bad", "invalid_json"),
    "C1 empty": ("", "invalid_json"),
    "C1 blank": ("  ", "invalid_json"),
    "C2 list": ("[]", "invalid_json"),
    "C2 text": ('"x"', "invalid_json"),
    "C2 number": ("1", "invalid_json"),
    "C2 null": ("null", "invalid_json"),
    "C3 NaN": ('{"type":"message","value":NaN}', "invalid_json"),
    "C3 infinite": ('{"type":"message","value":1e999}', "invalid_json"),
    "C4 huge integer": ('{"type":"message","value":' + "9" * 5000 + "}", "invalid_json"),
    "C5 deep": ("[" * 50_000, "invalid_json"),
    "C5 deep object": ('{"a":' * 17 + "1" + "}" * 17, "invalid_json"),
    "C6 twice": ('{"type":"message","value":"a","value":"b"}', "invalid_json"),
    "C7 BOM": ('\ufeff{"type":"ping"}', "invalid_json"),
    "C7 garbage": ('{"type":"ping"}x', "invalid_json"),
    "C7 two": ('{"type":"ping"}{"type":"ping"}', "invalid_json"),
    "C8 missing": ("{}", "unknown_command"),
    "C8 number": ('{"type":1}', "unknown_command"),
    "C8 unknown": ('{"type":"shout"}', "unknown_command"),
    "C8 dunder": ('{"type":"__class__"}', "unknown_command"),
    "C8 layer event": ('{"type":"frames","group":"room.1"}', "unknown_command"),
    "C9 extra": ('{"type":"message","value":"a","colour":"red"}', "unknown_field"),
    "C10 many keys": (json.dumps({f"k{n}": n for n in range(51)}), "validation_error"),
    "C12 number": ('{"type":"message","value":"a","client_id":7}', "validation_error"),
    "C12 form": ('{"type":"message","value":"a","client_id":"a b"}', "validation_error"),
    "C12 long": (json.dumps({"type": "message", "value": "a", "client_id": "x" * 65}), "validation_error"),
    "D1 missing": ('{"type":"message"}', "validation_error"),
    "D1 null": ('{"type":"message","value":null}', "validation_error"),
    "D1 number": ('{"type":"message","value":1}', "validation_error"),
    "D1 list": ('{"type":"message","value":["a"]}', "validation_error"),
    "D2 blank": ('{"type":"message","value":" \\u200b\\n"}', "validation_error"),
    "D4 long": (json.dumps({"type": "message", "value": "x" * 10_001}), "message_too_long"),
    "D5 NUL": ('{"type":"message","value":"a\\u0000"}', "validation_error"),
    "D6 surrogate": ('{"type":"message","value":"\\ud800"}', "validation_error"),
    "D13 author": ('{"type":"message","value":"a","author":1}', "unknown_field"),
}


@pytest.mark.parametrize("row", BAD_FRAMES)
async def test_a_bad_frame_costs_an_error_and_no_more(ada: User, tea: Room, row: str, caplog: Any) -> None:
    text, code = BAD_FRAMES[row]
    async with joined("tea", ada) as socket:
        await socket.send_text(text)

        error = await socket.next("error")

        assert error["code"] == code
        assert await socket.sync() == tea.last_seq, "the socket stays, and nothing was posted"
    assert not [record for record in caplog.records if record.exc_info]


async def test_c14_the_same_client_id_for_another_text_is_an_error(ada: User, tea: Room) -> None:
    await sync_to_async(post_message)(actor=ada, slug="tea", text="hello", client_id="c-1")
    async with joined("tea", ada) as socket:
        await socket.send(type="message", value="other", client_id="c-1")
        error = await socket.next("error")

    assert (error["code"], error["client_id"]) == ("idempotency_conflict", "c-1")


async def test_the_tenth_bad_frame_in_ten_seconds_closes(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        for _ in range(10):
            await socket.send_text("{bad")

        assert await socket.closed() == 4400

    errors = [frame["code"] for frame in socket.skipped if frame["type"] == "error"]
    assert errors == ["invalid_json"] * 10 + ["too_many_errors"]


async def test_b11_a_binary_frame_closes_with_1003(ada: User, tea: Room) -> None:
    async with joined("tea", ada) as socket:
        await socket.communicator.send_to(bytes_data=b'{"type":"ping"}')

        assert await socket.closed() == 1003
    assert socket.skipped[-1]["code"] == "binary_not_supported"
