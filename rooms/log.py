"""The room's log: where sequence numbers come from, and the changes that are not messages."""

from collections.abc import Collection, Mapping
from typing import Any

from accounts.models import User
from foundation.publishing import Entry, publish
from foundation.statements import update_all
from rooms.events import render_change
from rooms.models import Change, ChangeKind, Guests, Kind, Membership, Room


def next_seqs(counts: Mapping[Room, int]) -> dict[Room, int]:
    """Draw consecutive sequence numbers in each room, as many as asked for, and give the first of each; `message_count`
    is written with them.

    The caller holds the rooms' row locks (`policies.room_for(lock=True)`)."""
    firsts = {room: room.last_seq + 1 for room in counts}
    for room, count in counts.items():
        room.last_seq += count
    update_all(counts.keys(), "last_seq", "message_count")
    return firsts


def record_change(
    room: Room, kind: ChangeKind, *, actor: User | None, subject: User | None = None, **data: Any
) -> Change:
    """Append one change under the caller's lock and publish it after the commit."""
    change = Change.objects.create(
        room=room, seq=next_seqs({room: 1})[room], kind=kind, actor=actor, subject=subject, data=data
    )
    publish(room.group, change.seq, [entry_of(change, room.slug)])
    return change


def entry_of(change: Change, slug: str) -> Entry:
    """The change as the hub carries it, with whom it ends the right of.

    So the log itself shuts people out: in its order, on every process, whatever hint is lost on the way.
    """
    frame = render_change(change, slug)
    if change.kind == ChangeKind.MEMBER_LEFT and (change.data["removed"] or change.room.kind == Kind.PRIVATE):
        return Entry(frame, evicts=f"user:{change.subject_id}")
    if change.kind == ChangeKind.MEMBER_BANNED:
        return Entry(frame, evicts=f"user:{change.subject_id}")
    if change.kind == ChangeKind.MESSAGE_DELETED:
        return Entry(frame, rewrites=True)
    changed = change.data.get("changes", {})
    if "first_seq" in changed:  # what came before it is gone
        return Entry(frame, rewrites=True)
    if changed.get("kind") == Kind.PRIVATE:
        return Entry(frame, keeps=_readers_of_private(change.room), code="not_found")
    if changed.get("guests") == Guests.NONE:
        return Entry(frame, evicts="guest", code="unauthenticated")
    return Entry(frame)


def changes_after(
    room_id: int, slug: str, *, after: int, upto: int, kinds: Collection[ChangeKind] | None = None
) -> dict[int, Entry]:
    """The changes in (after, upto], all or those of some kinds, as entries by seq."""
    changes = Change.objects.filter(room_id=room_id, seq__gt=after, seq__lte=upto).select_related(
        "room", "actor", "subject"
    )
    if kinds is not None:
        changes = changes.filter(kind__in=kinds)
    return {change.seq: entry_of(change, slug) for change in changes}


def _readers_of_private(room: Room) -> list[str]:
    members = Membership.objects.filter(room=room).values_list("user_id", flat=True)
    administrators = User.objects.filter(is_superuser=True).values_list("pk", flat=True)
    return [f"user:{pk}" for pk in {*members, *administrators}]
