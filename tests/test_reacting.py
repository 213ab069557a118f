"""Reactions: any emoji, one of a kind for each person, shown in the message and told as changes."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async as run
from rest_framework.test import APIClient

from accounts.models import User
from chat.erasing import delete_message
from chat.models import Message
from chat.posting import post_message
from chat.reacting import react, reactors_of, unreact
from foundation.errors import ChatError
from foundation.limits import REACTIONS_MAX, REACTORS_NAMED_MAX
from rooms.models import Change, Room
from tests.sockets import joined

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
FACES = [chr(0x1F600 + n) for n in range(REACTIONS_MAX + 1)]


@pytest.fixture
def seq(ada: User, tea: Room) -> int:
    return post_message(actor=ada, slug="tea", text="hello").message.seq


def shown(client: APIClient, seq: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.get(f"/api/rooms/tea/messages/{seq}/").json().get("reactions", [])
    return found


def test_reactions_are_added_up_in_the_message(api: Api, seq: int, ada: User, grace: User) -> None:
    react(actor=grace, slug="tea", seq=seq, emoji="🫖")
    react(actor=ada, slug="tea", seq=seq, emoji="👍")
    react(actor=ada, slug="tea", seq=seq, emoji="🫖")

    assert shown(api(ada), seq) == [
        {"emoji": "🫖", "count": 2, "users": [grace.pk, ada.pk]},
        {"emoji": "👍", "count": 1, "users": [ada.pk]},
    ]


def test_reacting_twice_and_taking_back_twice_change_nothing(api: Api, seq: int, grace: User, tea: Room) -> None:
    client, path = api(grace), f"/api/rooms/tea/messages/{seq}/reactions/👍/"
    head = seq

    for method, there, head in ((client.put, 1, seq + 1), (client.delete, 0, seq + 2)):
        for _ in range(2):
            assert method(path).status_code == 204
            assert (len(shown(client, seq)), Room.objects.get(pk=tea.pk).last_seq) == (there, head)


def test_every_change_says_how_many_there_are(seq: int, ada: User, grace: User, tea: Room) -> None:
    for actor in (ada, grace):
        react(actor=actor, slug="tea", seq=seq, emoji="👍")
    unreact(actor=ada, slug="tea", seq=seq, emoji="👍")

    changes = Change.objects.filter(room=tea, seq__gt=seq).values_list("kind", "data__emoji", "data__count")
    assert list(changes) == [("reaction.added", "👍", 1), ("reaction.added", "👍", 2), ("reaction.removed", "👍", 1)]


def test_a_message_has_so_many_kinds_and_no_more(seq: int, ada: User, grace: User) -> None:
    for face in FACES[:REACTIONS_MAX]:
        react(actor=ada, slug="tea", seq=seq, emoji=face)

    with pytest.raises(ChatError, match="limit_reached"):
        react(actor=grace, slug="tea", seq=seq, emoji=FACES[-1])
    react(actor=grace, slug="tea", seq=seq, emoji=FACES[0])  # one that is there

    unreact(actor=ada, slug="tea", seq=seq, emoji=FACES[1])
    assert react(actor=grace, slug="tea", seq=seq, emoji=FACES[-1])[1]


@pytest.mark.parametrize("emoji", ["x", ":tada:", "👍👍", "1", " ", "a👍", "\u200d", "%00", "<b>", "👍 "])
def test_what_is_no_emoji_is_refused(emoji: str, api: Api, seq: int, ada: User) -> None:
    answer = api(ada).put(f"/api/rooms/tea/messages/{seq}/reactions/{emoji}/")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert shown(api(ada), seq) == []


def test_a_heart_is_the_same_with_and_without_its_selector(api: Api, seq: int, ada: User, grace: User) -> None:
    react(actor=ada, slug="tea", seq=seq, emoji="\u2764")
    react(actor=grace, slug="tea", seq=seq, emoji="\u2764\ufe0f")

    [heart] = shown(api(ada), seq)
    assert (heart["emoji"], heart["count"]) == ("\u2764\ufe0f", 2)


def test_a_deleted_message_has_none_and_takes_none(seq: int, ada: User, grace: User, tea: Room) -> None:
    react(actor=grace, slug="tea", seq=seq, emoji="👍")
    delete_message(actor=ada, slug="tea", seq=seq)

    assert Message.objects.get(room=tea, seq=seq).reactions is None
    for command in (react, unreact):
        with pytest.raises(ChatError, match="not_found"):
            command(actor=grace, slug="tea", seq=seq, emoji="👍")


def test_who_reacted_is_told_in_the_order_they_came(api: Api, seq: int, ada: User, grace: User) -> None:
    for actor in (grace, ada):
        react(actor=actor, slug="tea", seq=seq, emoji="👍")

    assert [(emoji, list(who)) for emoji, who in reactors_of(actor=ada, slug="tea", seq=seq)] == [("👍", [grace, ada])]
    [found] = api(ada).get(f"/api/rooms/tea/messages/{seq}/reactions/").json()["results"]
    assert (found["emoji"], [who["username"] for who in found["users"]]) == ("👍", ["grace", "ada"])


def test_a_frame_names_the_first_hundred_and_counts_them_all(api: Api, seq: int, ada: User, tea: Room) -> None:
    crowd = list(range(1, REACTORS_NAMED_MAX + 11))
    Message.objects.filter(room=tea, seq=seq).update(reactions=[["👍", crowd]])

    assert shown(api(ada), seq) == [{"emoji": "👍", "count": len(crowd), "users": crowd[:REACTORS_NAMED_MAX]}]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_socket_reacts_and_everybody_hears_of_it(ada: User, grace: User, tea: Room) -> None:
    seq = (await run(post_message)(actor=ada, slug="tea", text="hello")).message.seq
    async with joined("tea", ada) as listener, joined("tea", grace) as socket:
        for kind in ("react", "unreact", "unreact"):
            await socket.send(type=kind, seq=seq, emoji="👍", client_id=kind)
        acks = [await socket.next("ack") for _ in range(3)]
        added, removed = await listener.next("reaction.added"), await listener.next("reaction.removed")
        await socket.send(type="react", seq=seq, emoji="no", client_id="c-1")
        error = await socket.next("error")

    assert [(ack["client_id"], ack["seq"], ack["duplicate"]) for ack in acks] == [
        ("react", seq, False),
        ("unreact", seq, False),
        ("unreact", seq, True),
    ]
    assert [(each["message"], each["emoji"], each["count"]) for each in (added, removed)] == [
        (seq, "👍", 1),
        (seq, "👍", 0),
    ]
    assert (error["code"], error["errors"][0]["pointer"]) == ("validation_error", "/emoji")
