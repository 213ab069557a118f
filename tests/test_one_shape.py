"""One noun, one shape: what REST answers is what the socket sends."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from accounts.models import User
from rooms.models import Room
from tests.sockets import joined

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]


async def test_a_message_is_the_same_in_every_answer_and_frame(api: Api, ada: User, grace: User, tea: Room) -> None:
    client = await sync_to_async(api)(grace)
    get, post = sync_to_async(client.get), sync_to_async(client.post)
    async with joined("tea", ada) as socket:
        posted = await post("/api/rooms/tea/messages/", {"value": "hello", "client_id": "c-1"}, format="json")
        live = await socket.next("message")
        page = await get("/api/rooms/tea/messages/")
        one = await get(posted["Location"])
        sync = await get("/api/rooms/tea/sync/")
    async with joined("tea", ada, after=tea.last_seq) as socket:
        resumed = await socket.next("message")

    shapes = [
        live,
        resumed,
        posted.json(),
        one.json(),
        page.json()["results"][0],
        sync.json()["messages"]["results"][0],
    ]
    assert shapes == [live] * 6


async def test_the_room_and_the_people_are_the_same_in_hello_and_sync(api: Api, ada: User, tea: Room) -> None:
    client = await sync_to_async(api)(ada)
    async with joined("tea", ada) as socket:
        hello = socket.hello
        sync = (await sync_to_async(client.get)("/api/rooms/tea/sync/")).json()
        presence = (await sync_to_async(client.get)("/api/rooms/tea/presence/")).json()

    assert hello["room"].items() <= sync["room"].items()
    for field in ("me", "role", "capabilities", "seq", "epoch", "guests_here"):
        assert hello[field] == sync[field], field
    assert sync["here"] == presence["here"] == [hello["me"]]


async def test_a_refusal_has_the_same_code_on_both_doors(api: Api, ada: User, tea: Room) -> None:
    client = await sync_to_async(api)(ada)
    async with joined("tea", ada) as socket:
        await socket.send(type="message", value=" ")
        frame = await socket.next("error")
    problem = (await sync_to_async(client.post)("/api/rooms/tea/messages/", {"value": " "}, format="json")).json()

    for field in ("code", "detail", "errors"):
        assert frame[field] == problem[field], field


async def test_a_client_id_is_known_at_both_doors(api: Api, ada: User, tea: Room) -> None:
    client = await sync_to_async(api)(ada)
    async with joined("tea", ada) as socket:
        await socket.send(type="message", value="hello", client_id="c-1")
        ack = await socket.next("ack")
        again = await sync_to_async(client.post)(
            "/api/rooms/tea/messages/", {"value": "hello", "client_id": "c-1"}, format="json"
        )

    assert (again.status_code, again.json()["seq"]) == (200, ack["seq"])


async def test_connecting_from_a_sync_misses_nothing(api: Api, ada: User, grace: User, tea: Room) -> None:
    client = await sync_to_async(api)(ada)
    sync = (await sync_to_async(client.get)("/api/rooms/tea/sync/")).json()
    for value in ("one", "two"):
        await sync_to_async(client.post)("/api/rooms/tea/messages/", {"value": value}, format="json")

    async with joined("tea", grace, after=sync["seq"], epoch=sync["epoch"]) as socket:
        await socket.sync()

    assert [(frame["seq"], frame["value"]) for frame in socket.skipped if frame["type"] == "message"] == [
        (sync["seq"] + 1, "one"),
        (sync["seq"] + 2, "two"),
    ]


async def test_a_message_with_everything_is_the_same_in_every_answer_and_frame(
    api: Api, ada: User, grace: User, tea: Room
) -> None:
    client = await sync_to_async(api)(ada)
    get, post = sync_to_async(client.get), sync_to_async(client.post)
    root = (await post("/api/rooms/tea/messages/", {"value": "root"}, format="json")).json()["seq"]
    async with joined("tea", grace) as socket:
        rich = {"value": "**@grace** and @room", "reply_to": root, "client_id": "c-1"}
        posted = await post("/api/rooms/tea/messages/", rich, format="json")
        live = await socket.next("message")
        seq = live["seq"]
        assert live == posted.json()
        for path, body in (("reactions/👍/", None), (None, {"value": "*@grace*"})):
            address = f"/api/rooms/tea/messages/{seq}/{path or ''}"
            await (
                sync_to_async(client.put)(address)
                if path
                else sync_to_async(client.patch)(address, body, format="json")
            )
        await sync_to_async(client.put)(f"/api/rooms/tea/pins/{seq}/")
        await socket.sync()

    one = (await get(f"/api/rooms/tea/messages/{seq}/")).json()
    pages = [
        (await get("/api/rooms/tea/messages/")).json()["results"],
        (await get("/api/rooms/tea/sync/")).json()["messages"]["results"],
        (await get(f"/api/rooms/tea/messages/{root}/replies/")).json()["results"],
        (await get("/api/rooms/tea/pins/")).json()["results"],
        (await get("/api/rooms/tea/changes/")).json()["results"],
    ]
    async with joined("tea", grace, after=root) as socket:
        resumed = await socket.next("message")
    assert [frame for page in pages for frame in page if frame["seq"] == seq] == [one] * 5
    assert resumed == one
    assert one.keys() == live.keys() | {"reactions", "edited_at", "pinned_at"}
