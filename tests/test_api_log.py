"""The log over REST: the frames of the socket, page by page, without a hole."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from chat.erasing import delete_message
from chat.posting import post_message
from chat.reacting import react
from rooms.models import Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
LOG = "/api/rooms/tea/changes/"


def fill(ada: User) -> int:
    """Some messages and changes; the last number."""
    for _ in range(5):
        seq = post_message(actor=ada, slug="tea", text="hello").message.seq
        react(actor=ada, slug="tea", seq=seq, emoji="👍")
    delete_message(actor=ada, slug="tea", seq=seq)
    return Room.objects.get(slug="tea").last_seq


def test_following_next_reads_the_whole_log_in_order(api: Api, ada: User, tea: Room) -> None:
    head = fill(ada)
    client, address, seqs = api(ada), f"{LOG}?limit=4", []

    while address:
        page = client.get(address).json()
        seqs += [frame["seq"] for frame in page["results"]]
        address = page["next"]

    assert seqs == list(range(1, head + 1))
    assert page["seq"] == head
    assert client.get(f"{LOG}?after={head}&epoch={page['epoch']}").json()["results"] == []


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_it_is_what_a_socket_gets_that_resumes(api: Api, ada: User, grace: User, tea: Room) -> None:
    head = await run(fill)(ada)
    client = await run(api)(grace)
    async with joined("tea", grace, after=0) as socket:
        await socket.sync()
    page = (await run(client.get)(f"{LOG}?after=0&limit=100")).json()

    assert page["results"] == [
        frame for frame in socket.skipped if 0 < frame.get("seq", 0) <= head and "here" not in frame
    ]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("after=999", 409, "position_invalid"),
        ("after=0&epoch=another", 409, "position_invalid"),
        ("after=-1", 400, "validation_error"),
        ("after=x", 400, "validation_error"),
        (f"after={2**53}", 400, "validation_error"),
        ("limit=0", 400, "validation_error"),
        ("limit=101", 400, "validation_error"),
        ("after=1&after=2", 400, "validation_error"),
        ("before=1", 400, "unknown_parameter"),
    ],
)
def test_a_bad_position_is_refused(query: str, status: int, code: str, api: Api, ada: User, tea: Room) -> None:
    answer = api(ada).get(f"{LOG}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_strangers_and_guests_read_what_the_room_lets_them(api: Api, mallory: User, tea: Room, cellar: Room) -> None:
    assert api(mallory).get(LOG).status_code == 200
    assert api(mallory).get("/api/rooms/cellar/changes/").status_code == 404
    assert api().get(LOG).status_code == 401


def test_a_page_costs_the_same_queries_however_long_it_is(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)
    fill(ada)
    counts = []
    for limit in (1, 2, 100):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{LOG}?limit={limit}")
        counts.append(len(queries))

    assert counts[1] == counts[2]
