"""Word to people themselves, wherever their inboxes are open. Like every hint it may be lost."""

from collections.abc import Collection

from foundation.publishing import notify


def inbox_changed(people: Collection[int], *, room: int | None = None) -> None:
    """After the commit, let the inboxes of these people look at one room again, or at all of theirs."""
    notify("inbox", who=list(people), room=room)


def invitations_changed(people: Collection[int]) -> None:
    """After the commit, tell the inboxes of these people that they are invited to more or to less."""
    inbox_changed(people)
