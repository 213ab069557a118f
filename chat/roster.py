"""Who is in one group, as the frames tell it: the people with an account by name, up to a number, and how many."""

from collections import Counter
from itertools import islice
from operator import attrgetter

from chat.frames import PresenceFrame, render
from foundation.limits import PRESENCE_NAMED_MAX
from rooms.events import Person

_by_username = attrgetter("username")


class Roster:
    """Everybody in one group, on any process. An arrival costs the same in a room of ten and of ten thousand.

    It is changed on the event loop, and read from any thread. `crowded` is a room whose people come and go uncounted
    by name; `changes` tells whether somebody came or went since.
    """

    def __init__(self) -> None:
        self.slug = ""
        self.changes = 0
        self.crowded = False
        self.count_is_due = False
        self._processes: Counter[str] = Counter()  # how many have a socket of that key
        self._people: dict[str, Person] = {}

    def __len__(self) -> int:
        return len(self._processes)

    @property
    def here(self) -> list[Person]:
        """People with an account by username, of a crowd those who came first."""
        return sorted(islice(self._people.values(), PRESENCE_NAMED_MAX), key=_by_username)

    @property
    def here_count(self) -> int:
        """How many people with an account."""
        return len(self._people)

    @property
    def guests_here(self) -> int:
        """How many guests."""
        return len(self._processes) - len(self._people)

    def add(self, key: str, who: Person | None) -> bool:
        """One more process has a socket of `key`; `who` is None for a guest. Whether it is the first."""
        self._processes[key] += 1
        if self._processes[key] > 1:
            return False
        if who is not None:
            self._people[key] = who
        self.changes += 1
        return True

    def change(self, key: str, who: Person) -> bool:
        """Somebody looks otherwise from now on. Whether they are here."""
        if key not in self._people:
            return False
        self._people[key] = who
        self.changes += 1
        return True

    def remove(self, key: str) -> bool:
        """One process less. Whether it was the last."""
        self._processes[key] -= 1
        if self._processes[key] > 0:
            return False
        del self._processes[key]
        self._people.pop(key, None)
        self.changes += 1
        return True

    def frame(self, event: str, user: Person | None = None) -> bytes:
        """The `presence` frame of an event; `here` brings the list anew."""
        return render(
            PresenceFrame(
                room=self.slug,
                event=event,
                user=user,
                here=self.here if event == "here" else None,
                here_count=self.here_count,
                guests_here=self.guests_here,
            )
        )
