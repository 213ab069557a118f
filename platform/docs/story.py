"""A house with a small team in it, for the pictures of the documentation. Runs inside `manage.py shell`, see pictures.py."""

import io
import math
from datetime import timedelta
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter

from accounts.avatars import change_avatar
from accounts.models import User
from chat.attaching import upload
from chat.editing import edit_message
from chat.models import Message
from chat.pinning import pin_message
from chat.posting import post_message
from chat.reacting import react
from chat.reading import mark_read
from rooms.direct import open_direct
from rooms.lifecycle import open_room
from rooms.membership import add_member
from rooms.models import Change
from rooms.preferences import set_preferences

NAMES = {"ada": "Ada Lovelace", "grace": "Grace Hopper", "katherine": "Katherine Johnson", "alan": "Alan Turing"}
HUES = {"grace": ((246, 178, 107), (196, 78, 82)), "katherine": ((120, 170, 220), (64, 84, 160))}
DUSK = ((250, 214, 165), (238, 150, 120), (150, 96, 130), (88, 72, 120), (48, 50, 92), (24, 30, 62))
CODE = """The night run was slow because every frame was encoded once for each reader. Now it is once for all:

```python
frame = encode(change)          # once
for socket in room.sockets:
    socket.write(frame)
```"""
# Who said what, and how many minutes after the one before. What follows is about the message: see `_tell`.
DESIGN: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("katherine", 0, "Morning all. The trajectory report is in the files, three pages.", {"file": "report.pdf"}),
    (
        "alan",
        4,
        "Read it on the train. *Page two* is the one that matters :eyes:",
        {"by": {"👀": ("ada", "katherine")}},
    ),
    (
        "ada",
        1240,
        "Shall we look at the new landing page together at ten?",
        {"by": {"👍": ("grace", "alan", "katherine")}},
    ),
    (
        "grace",
        3,
        "Yes. This is the light that I would like for it, taken from the ridge yesterday:",
        {"file": "dusk.jpg"},
    ),
    ("ada", 2, "Oh, that is **it**.", {"by": {"❤️": ("grace", "katherine"), "🎉": ("alan",)}, "to": 3}),
    ("alan", 9, CODE, {"by": {"🚀": ("ada", "grace")}, "pin": True}),
    ("alan", 1, "p99 went from 41 to 6 ms.", {"edit": "p99 went from 41 to **6 ms**."}),
    ("katherine", 6, "@ada: can you bring the numbers for Thursday?\n\n- readers per room\n- messages a day", {}),
    ("grace", 2, "I have the second one.", {"to": 7}),
    ("ada", 1, "I will bring both, thank you @grace", {"to": 7}),
)


def tell() -> None:
    """Fill the empty house."""
    people = {user.username: user for user in User.objects.all()}
    for username, name in NAMES.items():
        User.objects.filter(username=username).update(name=name)
        if username in HUES:
            picture = _portrait(*HUES[username])
            change_avatar(actor=people[username], file=io.BytesIO(picture), size=len(picture))
    ada = people["ada"]
    open_room(actor=ada, name="Design", slug="design", topic="What it looks like, and why")
    rooms = {"launch": "Launch", "kitchen": "Kitchen", "garden": "Garden", "board": "Board"}
    for slug, name in rooms.items():
        open_room(actor=ada, name=name, slug=slug, kind="private" if slug == "board" else "public")
    for slug in ("design", "launch", "kitchen", "garden"):
        for username in ("grace", "katherine", "alan"):
            add_member(actor=ada, slug=slug, username=username)
    for number, line in enumerate(DESIGN):
        _say(people, "design", number, *line)
    _backdate("design")
    _elsewhere(people)


def _say(people: dict[str, User], slug: str, number: int, who: str, _: int, text: str, about: dict[str, Any]) -> None:
    actor = people[who]
    files = [_attach(actor, slug, about["file"])] if "file" in about else []
    said = Message.objects.filter(room__slug=slug).order_by("seq")
    answered = said[about["to"]].seq if "to" in about else None
    seq = post_message(actor=actor, slug=slug, text=text, reply_to=answered, attachments=files).message.seq
    for emoji, usernames in about.get("by", {}).items():
        for username in usernames:
            react(actor=people[username], slug=slug, seq=seq, emoji=emoji)
    if "edit" in about:
        edit_message(actor=actor, slug=slug, seq=seq, text=about["edit"])
    if "pin" in about:
        pin_message(actor=people["ada"], slug=slug, seq=seq)


def _backdate(slug: str) -> None:
    """Let everything have happened at its time, the last of it this morning."""
    at = timezone.now().replace(hour=10, minute=24) - timedelta(minutes=sum(minutes for _, minutes, *_ in DESIGN))
    Change.objects.filter(room__slug=slug).update(created_at=at - timedelta(minutes=5))
    for message, (_, minutes, *_) in zip(Message.objects.filter(room__slug=slug).order_by("seq"), DESIGN, strict=True):
        at += timedelta(minutes=minutes)
        Message.objects.filter(pk=message.pk).update(sent_at=at)
        Change.objects.filter(room__slug=slug, seq__gt=message.seq).update(created_at=at + timedelta(seconds=30))


def _elsewhere(people: dict[str, User]) -> None:
    """What waits for ada in the other rooms."""
    ada = people["ada"]
    for slug, who, text in (
        ("launch", "alan", "The checklist is up."),
        ("launch", "grace", "@ada: the last point is yours."),
        ("kitchen", "katherine", "Fresh coffee."),
        ("garden", "grace", "All quiet."),
    ):
        post_message(actor=people[who], slug=slug, text=text)
    direct, _ = open_direct(actor=ada, usernames=["grace"])
    post_message(actor=people["grace"], slug=direct.slug, text="Lunch?")
    open_direct(actor=ada, usernames=["katherine", "alan"])
    set_preferences(actor=ada, slug="design", favourite=True)
    set_preferences(actor=ada, slug="launch", favourite=True)
    set_preferences(actor=ada, slug="garden", muted=True)
    last = Message.objects.filter(room__slug="design").order_by("seq")
    mark_read(actor=ada, slug="design", upto=last[7].seq)


def _attach(actor: User, slug: str, name: str) -> str:
    content = _dusk() if name.endswith(".jpg") else b"%PDF-1.7\n" + b" " * 182_000
    file = upload(actor=actor, slug=slug, file=io.BytesIO(content), name=name, size=len(content))
    return str(file.public_id)


def _portrait(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> bytes:
    image = _gradient((256, 256), [top, bottom])
    draw = ImageDraw.Draw(image)
    draw.ellipse((88, 60, 168, 140), fill=(255, 244, 232))
    draw.ellipse((48, 156, 208, 330), fill=(255, 244, 232))
    return _jpeg(image)


def _dusk() -> bytes:
    """Hills behind hills, in the evening."""
    image = _gradient((1200, 750), DUSK[:3])
    draw = ImageDraw.Draw(image)
    draw.ellipse((790, 250, 890, 350), fill=(255, 236, 200))
    for row, colour in enumerate(DUSK[2:]):
        height, length = 360 + 90 * row, 300 - 40 * row
        ridge = [
            (x, height + 46 * math.sin(x / length + row * 2.1) + 16 * math.sin(x / 47 + row)) for x in range(0, 1201, 8)
        ]
        draw.polygon([*ridge, (1200, 750), (0, 750)], fill=colour)
    return _jpeg(image.filter(ImageFilter.GaussianBlur(1)))


def _gradient(size: tuple[int, int], colours: Any) -> Image.Image:
    strip = Image.new("RGB", (1, len(colours)))
    strip.putdata(list(colours))
    return strip.resize(size, Image.Resampling.BICUBIC)


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()
