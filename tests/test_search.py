"""What is found, and what is shown of it. (Who finds what: `test_search_rights.py`.)"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat import indexing
from chat import search as searching
from chat.drafts import Draft
from chat.erasing import delete_message
from chat.models import Message
from chat.posting import post_message, post_messages
from chat.search import Results, search
from foundation import limits
from foundation.errors import ChatError
from rooms.lifecycle import open_room
from rooms.models import Room

pytestmark = pytest.mark.django_db


def say(actor: User, *texts: str, slug: str = "tea") -> list[int]:
    return [post_message(actor=actor, slug=slug, text=text).message.seq for text in texts]


def texts(results: Results) -> list[str]:
    return [hit.message.text for hit in results.hits]


def found(actor: User, q: str = "", **asked: Any) -> list[str]:
    return texts(search(actor=actor, q=q, **{"order": "newest", **asked}))


def marked(results: Results) -> list[list[str]]:
    return [[part.text for part in hit.parts if part.match] for hit in results.hits]


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("Caffè con panna", "caffe"),
        ("Caffe\u0301 con panna", "CAFFÈ"),
        ("caffe con panna", "caffè"),
        ("Grüße aus Łódź", "grusse lodz"),
        ("Ёлка и чай", "елка"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ｆｕｌｌ width", "full"),
        ("我们去喝茶吧", "喝茶"),
        ("我们去喝茶吧", "茶"),
        ("我们去喝茶吧", "吧"),
        ("我们去喝茶吧", "去喝茶"),
        ("東京大学に行く", "東京大学"),
        ("カフェで待ってる", "カフェ"),
        ("ชาเขียวร้อนมาก", "ชา"),
        ("ชาเขียวร้อนมาก", "เขียว"),
        ("한국어를 배워요", "한국어"),
        ("हिन्दी में नमस्ते", "नमस्ते"),
        ("the kettle is on 🍵", "🍵"),
        ("snake_case and kebab-case", "snake case"),
        ("mail ada@example.org now", "ada@example.org"),
        ("喝tea吧", "tea"),
        ("x" * 200, "x" * 150),
        ("x" * 200, "x" * 64),
        ("Who is for Darjeeling?", "darj"),
        ("Who is for Darjeeling?", "DARJEELING who"),
    ],
)
def test_a_message_is_found_by_what_it_says(ada: User, tea: Room, text: str, q: str) -> None:
    say(ada, text, "something else entirely")

    for order in searching.ORDERS:
        assert found(ada, q, order=order) == [text]


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("Who is for Darjeeling?", "jeeling"),
        ("Who is for Darjeeling?", "darj who"),
        ("東京大学に行く", "東大"),
        ("我们去喝茶吧", "茶喝"),
        ("hot tea", "hot coffee"),
        ("the tea is hot", '"tea hot"'),
        ("the tea is hot", '"hot tea"'),
        ("teapot", '"tea"'),
        ("t" * 100, "t" * 80 + "u"),
    ],
)
def test_a_message_is_not_found_by_what_it_does_not_say(ada: User, tea: Room, text: str, q: str) -> None:
    say(ada, text)

    assert found(ada, q) == []


@pytest.mark.parametrize("q", ['"hot tea"', "“hot tea”", '"Hot, tea"', 'is "hot tea" for', '"hot" tea', 'hot "tea'])
def test_a_phrase_stands_as_it_is(ada: User, tea: Room, q: str) -> None:
    say(ada, "Who is for hot tea?", "Is it too hot for you? Who has tea")

    assert "Who is for hot tea?" in found(ada, q)
    assert (len(found(ada, q)) == 1) == (q.count('"') != 1 and q != '"hot" tea')


def test_an_edited_message_is_found_by_its_new_text_only(ada: User, tea: Room) -> None:
    [seq] = say(ada, "old wörds 喝茶")
    message = Message.objects.get(room=tea, seq=seq)

    message.text = "new words"
    message.save()
    indexing.reindex(message, was="old wörds 喝茶")

    assert found(ada, "new") == found(ada, "words") == ["new words"]
    assert found(ada, "old") == found(ada, "喝茶") == []


def test_a_deleted_message_is_not_found_and_its_words_leave_the_index(ada: User, tea: Room) -> None:
    gone, _ = say(ada, "a sécret 喝茶", "a secret to keep")

    delete_message(actor=ada, slug="tea", seq=gone)

    assert found(ada, "secret") == ["a secret to keep"]
    assert len(candidates("secret")) == 1
    assert candidates("喝茶") == []


def candidates(word: str) -> list[int]:
    from chat.candidates import Match, newest

    return newest(Match(every=[(word, False)]), below=limits.SEQ_MAX, floor=0, count=100)


def test_a_message_that_was_never_in_the_index_can_be_deleted(ada: User, tea: Room) -> None:
    Message.objects.create(room=tea, author=ada, seq=2, text="from nowhere")
    Room.objects.filter(pk=tea.pk).update(last_seq=2)

    assert delete_message(actor=ada, slug="tea", seq=2)

    say(ada, "and on it goes")
    assert found(ada, "goes") == ["and on it goes"]


def test_what_is_undone_is_not_in_the_index(ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("after the index was written")

    monkeypatch.setattr("chat.posting.mentions.note", fail)
    [outcome] = post_messages([Draft(ada, "tea", "unsaid")])

    assert isinstance(outcome, RuntimeError)
    assert candidates("unsaid") == []


def test_a_batch_over_several_rooms_is_found_in_its_rooms(ada: User, tea: Room, cellar: Room) -> None:
    post_messages([Draft(ada, ("tea", "cellar")[n % 2], f"cup number{n}") for n in range(8)])

    assert found(ada, "cup", room="tea") == [f"cup number{n}" for n in (6, 4, 2, 0)]
    assert found(ada, "number3") == ["cup number3"]
    assert [hit.message.room.slug for hit in search(actor=ada, q="number3").hits] == ["cellar"]


def test_by_date_comes_the_newest_first_and_by_relevance_the_best(ada: User, tea: Room) -> None:
    best, often, padding = "green tea", "tea tea tea and green, too", "tea " + "and many other words " * 20 + " green"
    say(ada, best, often, padding)

    assert found(ada, "green tea") == [padding, often, best]
    assert found(ada, "green tea", order="relevance") == [best, often, padding]


def test_filters_narrow_it_down(ada: User, grace: User, tea: Room, cellar: Room) -> None:
    say(ada, "a cup of tea", "tea at https://tea.example/")
    say(grace, "my tea")
    say(ada, "tea below", slug="cellar")
    seq = say(ada, "tea in a picture")[0]
    attach(tea, seq, {"type": "image/png"})
    attach(tea, say(grace, "tea on paper")[0], {"type": "application/pdf"})

    assert found(ada, "tea", room="cellar") == ["tea below"]
    assert found(ada, "tea", author="grace") == ["tea on paper", "my tea"]
    assert found(ada, "tea", author="nobody-at-all") == []
    assert found(ada, "tea", has="link") == found(ada, has="link") == ["tea at https://tea.example/"]
    assert found(ada, "tea", has="file") == ["tea on paper", "tea in a picture"]
    assert found(ada, has="image") == ["tea in a picture"]
    assert found(ada, author="grace", room="tea", has="file") == ["tea on paper"]


def attach(room: Room, seq: int, *attachments: dict[str, Any]) -> None:
    message = Message.objects.get(room=room, seq=seq)
    indexing.forget(room, [seq])
    message.attachments = list(attachments)
    message.save()
    indexing.add(room, first_seq=seq, last_seq=seq)


def test_days_and_times_bound_when_it_was_sent(ada: User, tea: Room) -> None:
    days = [datetime(2024, 2, 28, 12, tzinfo=UTC) + timedelta(days=days) for days in (0, 1, 2, 33, 400)]
    for seq, day in zip(say(ada, *(f"tea {day:%Y-%m-%d}" for day in days)), days, strict=True):
        indexing.forget(tea, [seq])
        Message.objects.filter(room=tea, seq=seq).update(sent_at=day)
        indexing.add(tea, first_seq=seq, last_seq=seq)

    def between(after: datetime | None, before: datetime | None) -> list[str]:
        return [text.removeprefix("tea ") for text in found(ada, "tea", after=after, before=before)][::-1]

    assert between(days[1], None) == ["2024-02-29", "2024-03-01", "2024-04-01", "2025-04-03"]
    assert between(None, days[1]) == ["2024-02-28"]
    assert between(None, days[1] + timedelta(microseconds=1)) == ["2024-02-28", "2024-02-29"]
    assert between(days[1], days[3]) == ["2024-02-29", "2024-03-01"]
    assert between(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)) == ["2024-03-01"]
    assert between(days[3], days[1]) == between(timezone.now() + timedelta(days=9), None) == []
    assert len(between(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))) == len(days)
    assert between(None, datetime(1, 1, 1, tzinfo=UTC)) == []


def test_pages_hold_still_while_messages_arrive(ada: User, tea: Room) -> None:
    say(ada, *(f"cup {'of ' * (n % 7)}tea {n}" for n in range(23)))
    for order in searching.ORDERS:
        whole, read, cursor = found(ada, "tea", order=order, limit=100), list[str](), None
        while True:
            page = search(actor=ada, q="tea", order=order, limit=5, cursor=cursor)
            read, cursor = read + texts(page), page.next
            say(ada, f"tea, and more tea {order}")
            if cursor is None:
                break

        assert read == whole
        assert len(read) >= 23


def test_relevance_ranks_the_newest_that_match_and_then_those_before(
    ada: User, tea: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SEARCH_RANKED_MAX", 4)
    monkeypatch.setattr(searching, "CHECKED_AT_ONCE", 2)
    say(ada, "tea", *(f"tea with words {n}" for n in range(5)))

    first = search(actor=ada, q="tea", limit=2)
    second = search(actor=ada, q="tea", limit=2, cursor=first.next)

    third = search(actor=ada, q="tea", limit=2, cursor=second.next)

    assert sorted(texts(first) + texts(second)) == [f"tea with words {n}" for n in (1, 2, 3, 4)]
    assert texts(third) == ["tea", "tea with words 0"]
    last = search(actor=ada, q="tea", limit=2, cursor=third.next) if third.next else third
    assert (last is third or texts(last) == []) and last.next is None


def test_what_matches_is_marked_in_the_text_as_it_was_written(ada: User, tea: Room) -> None:
    say(ada, "<b>CAFFE\u0301</b> & caffettiera, 喝茶吧", "x " * 400 + "far caffè away " + "y " * 400)

    far, near = search(actor=ada, q="caffe", order="newest").hits

    assert [part.text for part in near.parts] == ["<b>", "CAFFE\u0301", "</b> & ", "caffe", "ttiera, 喝茶吧"]
    assert [part.text for part in far.parts if part.match] == ["caffè"]
    assert far.parts[0].text == far.parts[-1].text == "…"
    assert sum(len(part.text) for part in far.parts) <= limits.SEARCH_SNIPPET_CHARS + 2
    assert marked(search(actor=ada, q="茶吧")) == [["茶吧"]]


def test_what_cannot_be_asked_is_said(ada: User, tea: Room) -> None:
    for asked, code in [
        ({"q": "x" * 201}, "too_long"),
        ({"q": "x y " * 9}, "too_many_words"),
        ({"q": "a\0b"}, "null_character"),
        ({"q": "***"}, "no_words"),
        ({"q": "***", "author": "ada"}, "no_words"),
        ({"room": "tea"}, "no_words"),
        ({"q": "tea", "has": "soul"}, "invalid_choice"),
        ({"q": "tea", "order": "random"}, "invalid_choice"),
        ({"q": "tea", "limit": 101}, "out_of_range"),
    ]:
        with pytest.raises(ChatError) as refused:
            search(actor=ada, **asked)  # type: ignore[arg-type]
        assert [error.code for error in refused.value.errors] == [code]


def test_few_rooms_are_named_and_many_are_looked_up(ada: User, mallory: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        open_room(actor=ada, name=f"r{number}", slug=f"r{number}", kind="private" if number % 2 else "public")
        say(ada, f"tea {number}", slug=f"r{number}")

    for most in (100, 3, 2, 0):
        monkeypatch.setattr(searching, "ROOMS_NAMED_MAX", most)
        assert found(ada, "tea") == [f"tea {number}" for number in (5, 4, 3, 2, 1, 0)]
        assert found(mallory, "tea") == ["tea 4", "tea 2", "tea 0"]
