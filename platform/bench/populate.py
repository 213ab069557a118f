"""Puts people, rooms and messages into an empty Parlor, with the settings of the environment.

Reads what is wanted as JSON from standard input: `{"people": 100, "browsers": true, "rooms": ["tea"], "messages":
{"big": 1000000}}`. Prints the people with the tokens of their programs or the cookies of their browsers, as JSON.
"""

import json
import os
import random
import sys
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT), str(ROOT / "platform")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.utils.crypto import get_random_string

from accounts.models import User
from accounts.tokens import issue_token
from chat import indexing
from chat.models import Mention, Message
from foundation.deployment import epoch
from rooms.lifecycle import open_room
from rooms.models import Membership, Room

AT_ONCE = 50_000
TEXT = "Who is for Darjeeling? It has been in the pot for minutes."


def populate(wanted: dict[str, Any]) -> dict[str, Any]:
    """Migrate the database, fill it, and tell how to come in."""
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        people = _people(int(wanted.get("people", 1)))
        messages: dict[str, int] = wanted.get("messages", {})
        for index, slug in enumerate([*wanted.get("rooms", []), *messages]):
            room = open_room(actor=people[index % len(people)], name=slug, slug=slug)
            if slug in messages:
                _fill(room, people[0], messages[slug])
        if "house" in wanted:
            _house(people[0], people[-1], **wanted["house"])
        if "library" in wanted:
            _library(people, **wanted["library"])
        if wanted.get("browsers"):
            credentials = _cookies(people)
            credentials[0] |= _tokens(people[:1])[0]
        else:
            credentials = _tokens(people)
    if messages or wanted.keys() & {"house", "library"}:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return {"people": credentials, "epoch": epoch()}


def _people(count: int) -> list[User]:
    password = make_password(None)
    return User.objects.bulk_create(
        [User(username=f"person-{number}", name=f"Person {number}", password=password) for number in range(count)]
    )


def _tokens(people: list[User]) -> list[dict[str, str]]:
    return [{"token": issue_token(actor=person, name="bench")[1]} for person in people]


def _cookies(people: list[User]) -> list[dict[str, str]]:
    """Sessions as signing in makes them."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    backend = settings.AUTHENTICATION_BACKENDS[0]
    sessions = [
        Session(
            session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
            expire_date=store.get_expiry_date(),
            session_data=store.encode(
                {
                    SESSION_KEY: str(person.pk),
                    BACKEND_SESSION_KEY: backend,
                    HASH_SESSION_KEY: person.get_session_auth_hash(),
                }
            ),
        )
        for person in people
    ]
    Session.objects.bulk_create(sessions)
    return [{"cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"} for session in sessions]


def _fill(room: Room, author: User, count: int) -> None:
    """Append many messages with few statements: posting a million would take minutes, a single one would time out."""
    with connection.cursor() as cursor:
        for done in range(0, count, AT_ONCE):
            cursor.execute(
                "WITH RECURSIVE numbers(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
                " INSERT INTO chat_message (room_id, seq, author_id, text, client_id, sent_at)"
                " SELECT %s, %s + n, %s, %s, 'fill-' || n, CURRENT_TIMESTAMP FROM numbers",
                [done + 1, min(done + AT_ONCE, count), room.pk, room.last_seq, author.pk, TEXT],
            )
    Room.objects.filter(pk=room.pk).update(last_seq=room.last_seq + count, message_count=count)


def _house(person: User, other: User, *, rooms: int, mine: int) -> None:
    """Many rooms, a fifth of them private, each with one message for `person`, who is in some of them."""
    made = Room.objects.bulk_create(
        Room(
            slug=f"room-{number}",
            name=f"Room {number}",
            name_key=f"room {number}",
            kind="private" if number % 5 == 4 else "public",
            created_by=other,
            last_seq=1,
            message_count=1,
        )
        for number in range(rooms)
    )
    Message.objects.bulk_create(Message(room=room, seq=1, author=other, text=TEXT) for room in made)
    chosen = made[:: rooms // mine][:mine]
    Membership.objects.bulk_create(Membership(room=room, user=person) for room in chosen)
    Mention.objects.bulk_create(Mention(room=room, user=person, seq=1) for room in chosen)


def _library(people: list[User], *, rooms: int, mine: list[int], messages: int) -> None:
    """Private rooms with messages to search in; each of the people is in so many of them.

    Words are as common as in a language. Every thousandth message speaks of 喝茶, and one in 200,000 has a `needle`."""
    chance = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["the", "of", *("".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(30_000))]
    weights = [*accumulate(1 / rank for rank in range(1, len(words) + 1))]
    made = Room.objects.bulk_create(
        Room(slug=f"room-{number}", name=f"Room {number}", name_key=f"room {number}", kind="private")
        for number in range(rooms)
    )
    for person, count in zip(people, mine, strict=True):
        Membership.objects.bulk_create(Membership(room=room, user=person) for room in made[:: rooms // count][:count])
    for start in range(0, messages, AT_ONCE):
        Message.objects.bulk_create(
            [
                Message(
                    room=made[number % rooms],
                    seq=number // rooms + 1,
                    author=people[number % len(people)],
                    text=" ".join(
                        [
                            *chance.choices(words, cum_weights=weights, k=10),
                            *(["我们去喝茶吧"] if number % 1000 < 1 else []),
                            *(["needle"] if number % 200_000 < 1 else []),
                        ]
                    ),
                )
                for number in range(start, min(start + AT_ONCE, messages))
            ],
            batch_size=1000,
        )
    Room.objects.filter(kind="private").update(last_seq=messages // rooms + 1, message_count=messages // rooms)
    indexing.rebuild()


if __name__ == "__main__":
    print(json.dumps(populate(json.load(sys.stdin))))
