"""A person's rooms in three sections, as the sidebar and the list of rooms show them. `static/chat/sidebar.js` keeps
them so: what it adds stands where it stands here after the next load."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat.inbox import Waiting, waiting_in
from rooms.directory import title_of, visible_rooms
from rooms.invitations import invitations_of
from rooms.models import Kind
from rooms.policies import Person

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from rooms.directory import Listed
    from rooms.models import Room

ROOMS_LISTED = 200


@dataclass(frozen=True, slots=True)
class Section:
    """Rooms under one heading; an empty one is hidden."""

    key: str
    heading: str
    rooms: list[Waiting] = field(default_factory=list)


def sections_of(rooms: "Iterable[WithAnnotations[Room, Listed]]", user: Person) -> list[Section]:
    """These rooms as favourites, rooms and direct messages, each in the reader's own order and then by name."""
    headings = {"favourites": "Favourites", "rooms": "Rooms", "directs": "Direct messages"}
    sections = {key: Section(key, heading) for key, heading in headings.items()}
    for each in sorted(waiting_in(rooms, user), key=lambda each: _place(each, user)):
        kind = "directs" if each.room.kind == Kind.DIRECT else "rooms"
        sections["favourites" if each.favourite else kind].rooms.append(each)
    return list(sections.values())


def sidebar_of(user: Person, current: "WithAnnotations[Room, Listed]") -> dict[str, Any]:
    """What the sidebar draws; the room that is open is always among its rooms."""
    rooms = visible_rooms(user).filter(archived_at=None)
    if user.is_authenticated:
        rooms = rooms.filter(my_role__isnull=False)
    listed = list(rooms[:ROOMS_LISTED])
    if current not in listed:
        listed.insert(0, current)
    invited = invitations_of(actor=user).count() if user.is_authenticated else 0
    return {"sections": sections_of(listed, user), "invited": invited}


def _place(waiting: Waiting, user: Person) -> tuple[bool, int, str]:
    return waiting.position is None, waiting.position or 0, title_of(waiting.room, user).lower()  # type: ignore[arg-type]
