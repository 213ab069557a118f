"""All files of a room: over REST, and as a page that works without a script."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from chat.erasing import delete_message
from chat.gallery import FILES_PER_PAGE
from chat.models import Attachment
from rooms.models import Room
from tests.reading import html, words
from tests.uploads import id_of, post, uploaded, uploaded_photo

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
LIST = "/api/rooms/tea/attachments/"


def sent(actor: User, room: Room, name: str, seq: int) -> Attachment:
    """A file as a message would have it, without the file."""
    return Attachment.objects.create(
        room=room, uploader=actor, seq=seq, name=name, size=5, file=name, content_type="text/plain"
    )


def names(page: dict[str, Any]) -> list[str]:
    return [each["file"]["name"] for each in page["results"]]


def test_files_are_listed_newest_first_with_who_sent_them_when(api: Api, ada: User, grace: User, tea: Room) -> None:
    first = post(ada, uploaded(ada), text="notes").message
    last = post(grace, uploaded_photo(grace)).message
    uploaded(grace, name="never-sent.txt")

    page = api(grace).get(LIST).json()

    assert names(page) == ["pot.jpg", "notes.txt"]
    assert [each["message"] for each in page["results"]] == [last.seq, first.seq]
    assert [each["user"]["username"] for each in page["results"]] == ["grace", "ada"]
    message = api(grace).get(f"/api/rooms/tea/messages/{last.seq}/").json()
    assert page["results"][0]["file"] == message["attachments"][0]
    assert page["results"][0]["sent_at"] == message["sent_at"]


def test_next_and_previous_lead_through_all_also_among_those_of_one_message(api: Api, ada: User, tea: Room) -> None:
    post(ada, *[uploaded(ada, name=f"{number}.txt") for number in range(5)])
    post(ada, *[uploaded(ada, name=f"{number}.txt") for number in range(5, 8)])
    client = api(ada)

    page, read = client.get(LIST, {"limit": 3}).json(), list[str]()
    while True:
        read += names(page)
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()

    assert read == [f"{number}.txt" for number in range(7, -1, -1)]
    assert names(client.get(page["previous"]).json()) == ["4.txt", "3.txt", "2.txt"]


def test_what_was_deleted_or_has_expired_is_not_among_them(api: Api, ada: User, tea: Room) -> None:
    gone, kept = post(ada, uploaded(ada, name="gone.txt")).message, post(ada, uploaded(ada, name="kept.txt")).message
    delete_message(actor=ada, slug="tea", seq=gone.seq)
    assert names(api(ada).get(LIST).json()) == ["kept.txt"]

    Room.objects.filter(pk=tea.pk).update(first_seq=kept.seq + 1)

    assert names(api(ada).get(LIST).json()) == []


def test_only_who_may_read_the_room_sees_its_files(api: Api, ada: User, grace: User, cellar: Room, lobby: Room) -> None:
    file = uploaded(ada, slug="cellar")
    post(ada, file, slug="cellar")

    assert names(api(ada).get("/api/rooms/cellar/attachments/").json()) == ["notes.txt"]
    for client, status in ((api(grace), 404), (api(), 401)):
        answer = client.get("/api/rooms/cellar/attachments/")
        assert answer.status_code == status and id_of(file) not in answer.content.decode()
    assert api().get("/api/rooms/lobby/attachments/").json()["results"] == [], "guests may read there"
    assert api(grace).get("/api/rooms/nowhere/attachments/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [{"cursor": "x"}, {"cursor": ""}, {"cursor": "a" * 501}, {"limit": "0"}, {"limit": "101"}, {"before": "3"}],
    ids=["no cursor", "empty", "too long", "too few", "too many", "unknown"],
)
def test_a_bad_cursor_is_refused_in_words(api: Api, ada: User, tea: Room, query: dict[str, str]) -> None:
    answer = api(ada).get(LIST, query)

    assert answer.status_code == 400
    assert answer.json()["code"] in {"validation_error", "unknown_parameter"}


def test_a_cursor_of_another_list_is_refused(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)
    foreign = client.get("/api/rooms/", {"limit": 1}).json()["next"].partition("cursor=")[2].partition("&")[0]

    assert client.get(f"{LIST}?cursor={foreign}").status_code == 400


def test_many_files_take_as_many_queries_as_one(api: Api, ada: User, tea: Room) -> None:
    client = api(ada)
    client.get(LIST)
    counts = []
    for seqs in (range(10, 11), range(11, 60)):
        for seq in seqs:
            sent(ada, tea, f"{seq}.txt", seq)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 6


def test_a_page_is_found_by_the_index_however_deep_it_is(api: Api, ada: User, tea: Room) -> None:
    for seq in range(10, 20):
        sent(ada, tea, f"{seq}.txt", seq)
    following = api(ada).get(LIST, {"limit": 4}).json()["next"]

    with CaptureQueriesContext(connection) as queries:
        api(ada).get(following)

    [asked] = [each["sql"] for each in queries if 'FROM "chat_attachment"' in each["sql"]]
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(explain + asked)
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "attachments_of_message" in plan
    assert re.search(r"room_id=\? AND seq>\? AND seq<\?|Index Cond: .*seq <=", plan), plan
    assert "TEMP B-TREE" not in plan and "MULTI-INDEX OR" not in plan


def test_the_page_has_pictures_with_their_sizes_and_the_others_as_a_list(
    as_grace: Client, ada: User, grace: User, tea: Room
) -> None:
    seen = words(as_grace.get("/rooms/tea/files/"))
    assert "No files yet." in seen

    post(ada, uploaded_photo(ada), uploaded(ada, name="<b>notes.txt"), text="see")

    response = as_grace.get("/rooms/tea/files/")
    page = html(response)
    photo, notes = Attachment.objects.order_by("pk")
    assert f'width="{photo.width}" height="{photo.height}" src="/files/{photo.public_id}/thumbnail"' in page
    assert "&lt;b&gt;notes.txt" in page and "<b>notes" not in page
    assert 'href="/rooms/tea/2/"' in page and "Ada Lovelace" in words(response)
    assert f"/files/{notes.public_id}/" in page


def test_earlier_files_are_a_link_away_and_a_messages_files_stay_together(
    as_grace: Client, ada: User, tea: Room
) -> None:
    for number in range(FILES_PER_PAGE - 2):
        sent(ada, tea, f"new-{number}", 100 + number)
    for number in range(4):
        sent(ada, tea, f"together-{number}", 50)

    first = words(as_grace.get("/rooms/tea/files/"))
    later = words(as_grace.get("/rooms/tea/files/", {"before": 100}))

    assert "together" not in first and "Earlier files" in first and "new-0" in first
    assert all(f"together-{number}" in later for number in range(4)) and "new-" not in later
    assert "The newest files" in later and "Earlier files" not in later
    assert "There are no earlier files." in words(as_grace.get("/rooms/tea/files/", {"before": 1}))


@pytest.mark.parametrize("before", ["x", "-1", "9" * 17, "١"])
def test_a_bad_place_in_the_list_is_refused_as_a_page(as_grace: Client, tea: Room, before: str) -> None:
    assert as_grace.get("/rooms/tea/files/", {"before": before}).status_code == 400


def test_strangers_and_guests_find_no_such_page(client: Client, as_grace: Client, cellar: Room) -> None:
    assert as_grace.get("/rooms/cellar/files/").status_code == 404
    assert client.get("/rooms/cellar/files/").status_code == 302
