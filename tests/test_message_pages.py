"""The pages of messages as the server draws them: addresses, threads, earlier texts, pins, files and reactions."""

import io
import re

import pytest
from django.test import Client

from accounts.models import User
from chat.attaching import upload
from chat.editing import edit_message
from chat.erasing import delete_message
from chat.models import Message
from chat.pinning import pin_message
from chat.posting import post_message
from chat.reacting import react
from chat.reading import mark_read
from rooms.models import Room
from tests.pictures import photo
from tests.reading import html, start_of, words


def said(actor: User, text: str, reply_to: int | None = None) -> int:
    return post_message(actor=actor, slug="tea", text=text, reply_to=reply_to).message.seq


def test_a_permanent_address_leads_to_the_message_in_its_place(as_grace: Client, ada: User, tea: Room) -> None:
    seqs = [said(ada, f"cup {number:02}") for number in range(90)]

    response = as_grace.get(f"/rooms/tea/{seqs[20]}/")
    page = as_grace.get("/rooms/tea/", {"around": seqs[20]})

    assert response.headers["Location"] == f"/rooms/tea/?around={seqs[20]}#m{seqs[20]}"
    seen = words(page)
    assert "cup 20" in seen and "cup 49" in seen and "cup 50" not in seen
    assert "Later messages" in seen and "To the newest messages" in seen and "Earlier messages" not in seen
    assert start_of(page)["has_newer"] and f"?after={seqs[49]}" in html(page)
    later = words(as_grace.get("/rooms/tea/", {"after": seqs[49]}))
    assert "cup 49" not in later and "cup 50" in later and "cup 89" in later
    assert "To the newest messages" not in later and "Earlier messages" in later


@pytest.mark.parametrize("seq", [1, 77, 2**63, "9" * 40], ids=["a change", "beyond the end", "too great", "absurd"])
def test_what_is_no_message_has_no_pages(as_grace: Client, tea: Room, seq: int | str) -> None:
    for address in (f"{seq}/", f"{seq}/revisions/", f"threads/{seq}/"):
        assert as_grace.get(f"/rooms/tea/{address}").status_code == 404


@pytest.mark.parametrize(
    "position",
    [{"around": "x"}, {"after": "-1"}, {"around": "9" * 17}, {"before": 5, "around": 5}, {"after": 999}],
    ids=["a word", "negative", "too great", "two at once", "beyond the end"],
)
def test_a_bad_position_is_refused_as_a_page(as_grace: Client, tea: Room, position: dict[str, str | int]) -> None:
    response = as_grace.get("/rooms/tea/", position)

    understood = {400: "That request cannot be understood", 409: "That does not fit any more"}
    assert understood[response.status_code] in words(response)


def test_a_reply_says_whom_and_what_it_answers(as_grace: Client, ada: User, grace: User, tea: Room) -> None:
    root = said(ada, "Who is for **tea**?\nOr <coffee>?")
    said(grace, "I am", reply_to=root)
    for number in range(50):
        said(ada, f"cup {number}")
    late = said(grace, "Me again", reply_to=root)

    seen = words(as_grace.get("/rooms/tea/", {"before": root + 3}))
    assert "Ada Lovelace Who is for tea? Or <coffee>? I am" in seen
    assert "2 replies" in seen
    assert "To an earlier message" in words(as_grace.get("/rooms/tea/"))
    delete_message(actor=ada, slug="tea", seq=root)
    assert "Ada Lovelace Message deleted I am" in words(as_grace.get("/rooms/tea/", {"before": root + 3}))
    assert f'data-reply-to="{root}"' in html(as_grace.get("/rooms/tea/", {"around": late}))


def test_a_thread_is_a_page_that_is_answered_on(as_grace: Client, ada: User, grace: User, tea: Room) -> None:
    root = said(ada, "Who is for tea?")
    first = said(grace, "I am", reply_to=root)
    said(ada, "something else")

    response = as_grace.post(f"/rooms/tea/threads/{root}/", {"text": "With\r\nmilk", "client_id": "f-1"})
    refused = as_grace.post(f"/rooms/tea/threads/{root}/", {"text": "  "})

    reply = Message.objects.get(text="With\nmilk")
    assert (reply.reply_to, reply.thread) == (root, root)
    assert response.headers["Location"] == f"/rooms/tea/threads/{root}/?after={reply.seq - 1}#m{reply.seq}"
    assert refused.status_code == 400 and "needs something to read" in words(refused)
    seen = words(as_grace.get(f"/rooms/tea/threads/{root}/"))
    assert seen.index("Who is for tea?") < seen.index("2 replies") < seen.index("I am") < seen.index("With milk")
    assert "something else" not in seen
    assert as_grace.get(f"/rooms/tea/threads/{first}/").headers["Location"] == f"/rooms/tea/threads/{root}/#m{first}"


def test_a_long_thread_comes_in_pages_and_a_deleted_root_is_not_answered(
    as_grace: Client, ada: User, tea: Room
) -> None:
    root = said(ada, "Count!")
    seqs = [said(ada, f"number {number:02}", reply_to=root) for number in range(60)]

    first = as_grace.get(f"/rooms/tea/threads/{root}/")
    assert "number 49" in words(first) and "number 50" not in words(first)
    assert f'href="?after={seqs[49]}"' in html(first)
    second = words(as_grace.get(f"/rooms/tea/threads/{root}/", {"after": seqs[49]}))
    assert "Count!" in second and "number 50" in second and "number 49" not in second and "from the first" in second
    delete_message(actor=ada, slug="tea", seq=root)
    assert "<textarea" not in html(as_grace.get(f"/rooms/tea/threads/{root}/"))
    assert as_grace.post(f"/rooms/tea/threads/{root}/", {"text": "61"}).status_code == 400


def test_what_a_message_said_before_is_a_page(as_grace: Client, ada: User, tea: Room) -> None:
    seq = said(ada, "a <b>slip</b>")
    edit_message(actor=ada, slug="tea", seq=seq, text="a thought")

    response = as_grace.get(f"/rooms/tea/{seq}/revisions/")

    assert words(response).index("a thought") < words(response).index("a <b>slip</b>")
    assert f'href="/rooms/tea/{seq}/revisions/"' in html(as_grace.get("/rooms/tea/"))
    delete_message(actor=ada, slug="tea", seq=seq)
    assert as_grace.get(f"/rooms/tea/{seq}/revisions/").status_code == 404


def test_pins_are_marked_told_and_listed(as_grace: Client, ada: User, tea: Room) -> None:
    assert "Nothing is pinned." in words(as_grace.get("/rooms/tea/pins/"))
    first, second = said(ada, "first cup"), said(ada, "second cup")
    for seq in (first, second):
        pin_message(actor=ada, slug="tea", seq=seq)

    seen = words(as_grace.get("/rooms/tea/pins/"))
    room = as_grace.get("/rooms/tea/")

    assert seen.index("second cup") < seen.index("first cup")
    assert "Ada Lovelace pinned a message" in words(room)
    assert len(re.findall(r'is-pinned" id="m\d+"', html(room))) == 2


def test_reactions_and_files_are_there_before_any_script(as_grace: Client, ada: User, grace: User, tea: Room) -> None:
    picture = photo(size=(640, 320))
    ids = [
        str(upload(actor=ada, slug="tea", file=io.BytesIO(data), name=name, size=len(data)).public_id)
        for name, data in (("pot.jpg", picture), ("no<tes>.txt", b"x" * 5000))
    ]
    message = post_message(actor=ada, slug="tea", text="", attachments=ids).message
    for who in (ada, grace):
        react(actor=who, slug="tea", seq=message.seq, emoji="👍")
    react(actor=ada, slug="tea", seq=message.seq, emoji="🎉")

    page = html(as_grace.get("/rooms/tea/"))

    assert f'<img alt="pot.jpg" loading="lazy" width="320" height="160" src="/files/{ids[0]}/thumbnail">' in page
    assert 'no&lt;tes&gt;.txt</bdi> <span class="quiet small">5 KiB</span>' in page
    pressed = re.findall(r'value="(\S+)" data-users="[\d ]+" aria-pressed="(\w+)"', page)
    assert pressed == [("👍", "true"), ("🎉", "false")]


def test_what_is_new_begins_at_a_line(as_grace: Client, ada: User, grace: User, tea: Room) -> None:
    seqs = [said(ada, f"cup {number}") for number in range(3)]
    assert html(as_grace.get("/rooms/tea/")).count('class="first-new"') == 0, "she never read here"
    mark_read(actor=grace, slug="tea", upto=seqs[1])

    page = html(as_grace.get("/rooms/tea/"))

    assert re.search(rf'id="m{seqs[2]}".*?class="first-new"', page)
    mark_read(actor=grace, slug="tea", upto=seqs[2])
    assert "first-new" not in html(as_grace.get("/rooms/tea/"))


def test_only_who_may_delete_has_the_button_that_needs_no_script(
    as_ada: Client, as_grace: Client, ada: User, grace: User, tea: Room
) -> None:
    said(ada, "hers")
    said(grace, "mine")

    assert html(as_grace.get("/rooms/tea/")).count('aria-label="Delete message"') == 1
    assert html(as_ada.get("/rooms/tea/")).count('aria-label="Delete message"') == 2


def test_the_profile_changes_the_name_and_the_read_receipts(as_ada: Client, ada: User) -> None:
    assert "checked" not in html(as_ada.get("/accounts/profile/"))

    response = as_ada.post("/accounts/profile/", {"name": "Countess", "read_receipts": "on"})
    refused = as_ada.post("/accounts/profile/", {"name": "x" * 500})

    ada.refresh_from_db()
    assert (response.status_code, ada.name, ada.read_receipts) == (302, "Countess", True)
    assert refused.status_code == 400 and 'role="alert"' in html(refused)
    assert "checked" in html(as_ada.get("/accounts/profile/"))
