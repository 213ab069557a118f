"""The AsyncAPI document is whole, the one that is committed, and what real sockets send."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from django.test import Client

from accounts.models import User
from api.asyncapi import FRAMES, FROM_CLIENTS, RECEIVED, asyncapi_document
from api.contracts import contract
from chat import commands, frames, inbox_frames
from chat.posting import post_message
from chat.reading import mark_read
from foundation.database import in_database as call
from foundation.errors import ERRORS
from rooms import events
from rooms.bans import ban_person
from rooms.invitations import invite_person
from rooms.lifecycle import update_room
from rooms.membership import change_role, join_room, leave_room, remove_member
from rooms.models import Room
from tests.sockets import ChatSocket, joined, opened

ROOT = Path(__file__).resolve().parents[1]
STALE = "asyncapi.yaml does not say what the code does. Write it anew with: make contracts"
DOCUMENT: dict[str, Any] = asyncapi_document()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
NAMED = {
    kind
    for module in (commands, frames, inbox_frames, events)
    for kind in vars(module).values()
    if isinstance(kind, type)
}
KINDS = {kind for kind in NAMED if issubclass(kind, msgspec.Struct) and kind.__struct_config__.tag}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def found(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def validator(name: str) -> jsonschema.Draft7Validator:
    schema = {**MESSAGES[name]["payload"], "components": DOCUMENT["components"]}
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


FROM_SERVER = {
    str(type(frame).__struct_config__.tag): type(frame).__name__ for frame in FRAMES if frame not in FROM_CLIENTS
}


def check_frame(frame: dict[str, Any]) -> None:
    validator(FROM_SERVER[frame["type"]]).validate(frame)


def test_the_committed_document_is_the_one_the_code_makes() -> None:
    assert (ROOT / "asyncapi.yaml").read_bytes() == contract("asyncapi", "yaml"), STALE


def test_the_document_is_asyncapi_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"].keys() >= {"title", "version"}
    assert {key for key in DOCUMENT if not key.startswith("x-")} == {
        *("asyncapi", "info", "defaultContentType", "channels", "operations", "components")
    }


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        assert found(reference)


def test_every_component_is_referred_to() -> None:
    used = set(references(DOCUMENT))
    parts = {f"#/components/{kind}/{name}" for kind, each in DOCUMENT["components"].items() for name in each}

    assert parts - used == set()


def test_every_operation_uses_messages_of_its_own_channel() -> None:
    used = set()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        for side in (operation, operation.get("reply", {})):
            for message in side.get("messages", []):
                assert message["$ref"].startswith(side["channel"]["$ref"] + "/messages/")
                used.add(message["$ref"])

    offered = {
        f"#/channels/{name}/messages/{each}" for name, c in DOCUMENT["channels"].items() for each in c["messages"]
    }
    assert offered == used


def test_the_server_receives_what_clients_send() -> None:
    room = {name.split(".")[1]: each["action"] for name, each in DOCUMENT["operations"].items() if name[:5] == "room."}

    assert {name for name, action in room.items() if action == "receive"} == set(RECEIVED)


def test_every_frame_of_the_code_is_in_the_document() -> None:
    assert {kind.__name__ for kind in KINDS if not kind.__name__.startswith("_")} == MESSAGES.keys()
    assert {type(frame) for frame in FROM_CLIENTS} == set(commands.COMMANDS.values())


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_payload_is_a_schema_and_its_example_fits(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(DOCUMENT["components"]["schemas"][name])
    jsonschema.Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])
    for example in MESSAGES[name]["examples"]:
        validator(name).validate(example["payload"])
        assert example["payload"]["type"] == MESSAGES[name]["name"]
        with pytest.raises(jsonschema.ValidationError):
            validator(name).validate({**example["payload"], "type": "another"})


@pytest.mark.parametrize("frame", [pytest.param(frame, id=type(frame).__name__) for frame in FROM_CLIENTS])
def test_what_clients_send_is_read_as_the_document_says(frame: Any) -> None:
    assert commands.parse(frames.render(frame).decode()) == frame


def test_every_code_is_listed() -> None:
    closing = {row["code"] for rows in DOCUMENT["x-close-codes"].values() for row in rows}

    assert DOCUMENT["x-error-codes"].keys() == ERRORS.keys()
    assert closing >= {code for code, row in ERRORS.items() if row.close is not None}
    assert DOCUMENT["components"]["schemas"]["Error"]["properties"]["code"]["enum"] == sorted(ERRORS)


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/api/asyncapi/", "*/*", "application/vnd.aai.asyncapi+yaml"),
        ("/api/asyncapi/", "application/json", "application/json"),
        ("/api/asyncapi/?format=json", "*/*", "application/vnd.aai.asyncapi+json"),
    ],
)
def test_the_document_is_served_as_yaml_and_json(client: Client, path: str, accept: str, content_type: str) -> None:
    answer = client.get(path, headers={"Accept": accept})

    read = json.loads if content_type.endswith("json") else yaml.safe_load
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, content_type)
    assert read(answer.content) == yaml.safe_load((ROOT / "asyncapi.yaml").read_text())


async def frames_until_synced(socket: ChatSocket) -> list[dict[str, Any]]:
    await socket.sync()
    taken, socket.skipped = socket.skipped, []
    return taken


async def on_a_message(socket: ChatSocket, reader: User) -> None:
    """What happens to a message of ada's in tea, and that somebody has read it."""
    seq = (await call(post_message, actor=await User.objects.aget(username="ada"), slug="tea", text="tea")).message.seq
    await socket.send(type="edit", seq=seq, value="**tea**")
    for kind in ("react", "unreact"):
        await socket.send(type=kind, seq=seq, emoji="👍")
    for kind in ("pin", "unpin"):
        await socket.send(type=kind, seq=seq)
    reader.read_receipts = True
    await call(mark_read, actor=reader, slug="tea", upto=seq)


async def of_an_inbox(ada: User, grace: User) -> list[dict[str, Any]]:
    """What an inbox hears when its person is spoken to, mentioned, invited and removed."""
    async with opened("/ws/inbox/", grace) as inbox:
        seen = [await inbox.frame(), await inbox.frame()]
        for kind, work in (
            ("inbox.activity", lambda: post_message(actor=ada, slug="tea", text="hello")),
            ("inbox.room", lambda: post_message(actor=ada, slug="tea", text="@grace hello")),
            ("inbox.gone", lambda: remove_member(actor=ada, slug="tea", username="grace")),
            ("inbox.invitations", lambda: invite_person(actor=ada, slug="tea", username="grace")),
        ):
            await call(work)
            seen.append(await inbox.next(kind))
    return seen


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_what_a_real_socket_sends_is_what_the_document_says(
    ada: User, grace: User, mallory: User, tea: Room
) -> None:
    seen: list[dict[str, Any]] = []
    async with joined("tea", ada) as socket:
        seen.append({"type": "system", "value": "connected"})
        seen.append(socket.hello)
        async with joined("tea", grace) as other:
            await other.send(type="typing")
            await other.send(type="message", value="hello", client_id="c-1")
            seen.append(await other.next("ack"))
            await other.send(type="message", value="hello", client_id="c-1")
            seen.append(await other.next("ack"))
            await other.send(type="message", value=" ", client_id="c-2")
            seen.append(await other.next("error"))
            await other.send(type="nonsense")
            seen.append(await other.next("error"))
            await other.send(type="ping")
            seen.append(await other.next("pong"))
        await call(join_room, actor=mallory, slug="tea")
        await call(change_role, actor=ada, slug="tea", username="mallory", role="owner")
        await call(leave_room, actor=mallory, slug="tea")
        await call(ban_person, actor=ada, slug="tea", username="mallory")
        await socket.send(type="delete", seq=(await call(post_message, actor=ada, slug="tea", text="oh")).message.seq)
        await on_a_message(socket, grace)
        await call(update_room, actor=ada, slug="tea", topic="Some coffee")
        while {frame["type"] for frame in seen} < FROM_SERVER.keys():
            seen += await frames_until_synced(socket)
            if any(frame["type"] == "room.updated" for frame in seen):
                break
    await call(Room.objects.filter(slug="tea").update, first_seq=3)
    async with joined("tea", ada, after=0) as late:
        seen.append(await late.next("truncated"))
    seen += await of_an_inbox(ada, grace)
    async with opened("/ws/chat/no-such-room/", ada) as refused:
        seen.append(await refused.frame())

    for frame in seen:
        check_frame(frame)
    assert {frame["type"] for frame in seen} == FROM_SERVER.keys()
