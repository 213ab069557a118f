"""Rooms, who is in them or kept out, and the log of what changed. No message is known here."""

import uuid

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from foundation.limits import (
    ROOM_DESCRIPTION_MAX_CHARS,
    ROOM_NAME_MAX_CHARS,
    ROOM_TOPIC_MAX_CHARS,
    SLUG_MAX_CHARS,
    SLUG_PATTERN,
)


class Kind(models.TextChoices):
    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


class Guests(models.TextChoices):
    """What people without an account may do in a public room."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


class Posting(models.TextChoices):
    """Who may post: all members, or in an announcement room the moderators."""

    MEMBERS = "members"
    MODERATORS = "moderators"


class Role(models.TextChoices):
    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


class Notify(models.TextChoices):
    """What a member wants to be told of."""

    EVERYTHING = "everything"
    MENTIONS = "mentions"
    NOTHING = "nothing"


class ChangeKind(models.TextChoices):
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    MEMBER_UPDATED = "member.updated"
    MEMBER_BANNED = "member.banned"
    ROOM_UPDATED = "room.updated"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_DELETED = "message.deleted"
    REACTION_ADDED = "reaction.added"
    REACTION_REMOVED = "reaction.removed"
    PIN_ADDED = "pin.added"
    PIN_REMOVED = "pin.removed"


class Room(models.Model):
    """A room. `last_seq` is the end of its log: messages and changes draw their numbers from it under the row's lock,
    so the order of the numbers is the order of the commits and none is ever missing. `message_count` counts the
    messages among them, also those that expired since: what is unread is a difference."""

    slug = models.CharField(max_length=SLUG_MAX_CHARS, unique=True, validators=[RegexValidator(SLUG_PATTERN)])
    name = models.CharField(max_length=ROOM_NAME_MAX_CHARS, blank=True)  # a direct room has none
    # What names that look alike have in common; empty where it is not to be unique.
    name_key = models.CharField(max_length=4 * ROOM_NAME_MAX_CHARS, blank=True, editable=False)
    topic = models.CharField(max_length=ROOM_TOPIC_MAX_CHARS, blank=True)
    description = models.TextField(max_length=ROOM_DESCRIPTION_MAX_CHARS, blank=True)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PUBLIC)
    guests = models.CharField(max_length=5, choices=Guests, default=Guests.NONE)
    posting = models.CharField(max_length=10, choices=Posting, default=Posting.MEMBERS)
    slow_mode_s = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Of a direct room: the keys of its people in order, so that there is one room for each set of people.
    people_key = models.CharField(max_length=200, null=True, editable=False, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="rooms_created"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_seq = models.BigIntegerField(default=0, editable=False)
    message_count = models.BigIntegerField(default=0, editable=False)
    # What is older than so many days is deleted; 0 keeps everything. The log begins at `first_seq`.
    retention_days = models.PositiveIntegerField(default=0)
    first_seq = models.BigIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        # A page of ten thousand rooms costs what a page of a hundred does.
        indexes = [
            models.Index(fields=["name", "id"], name="rooms_by_name"),
            models.Index(fields=["created_at", "id"], name="rooms_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(kind=Kind.PUBLIC) & ~Q(name_key=""), name="one_public_room_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.slug

    @property
    def group(self) -> str:
        """The channel-layer group of the room: from the primary key, so that any slug is safe."""
        return group_of(self.pk)

    @property
    def archived(self) -> bool:
        return self.archived_at is not None


def group_of(room_id: int) -> str:
    return f"room.{room_id}"


class FormerRoom(models.Model):
    """The address of a room that was deleted: never given again, and answered `room_deleted` to who could read it."""

    slug = models.CharField(max_length=SLUG_MAX_CHARS, unique=True)
    readers = models.JSONField(null=True)  # the keys of its members; null for a public room
    deleted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A person's place in a room, and how they want to have it.

    `read_seq` is the read marker: everything up to it was seen; `messages_read` is how many messages that were, so that
    `room.message_count - messages_read` are unread."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=9, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(auto_now_add=True)
    read_seq = models.BigIntegerField(default=0)
    messages_read = models.BigIntegerField(default=0)
    last_posted_at = models.DateTimeField(null=True, blank=True)
    notify = models.CharField(max_length=10, choices=Notify, default=Notify.EVERYTHING)
    muted = models.BooleanField(default=False)
    favourite = models.BooleanField(default=False)
    position = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room} as {self.role}"


class Ban(models.Model):
    """Keeps a person out of a room, `until` a time or for good. Whoever is banned is no member."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="bans")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bans")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_ban_per_person")]

    def __str__(self) -> str:
        return f"{self.user} is banned from {self.room}"


class Invitation(models.Model):
    """Lets somebody in: one person by name, or whoever has the link, of which only the hash is kept.

    A personal one has one use; who became a member in another way has used it too."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invitations")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations_sent")
    invitee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="invitations"
    )
    link_hash = models.CharField(max_length=64, null=True, unique=True)
    max_uses = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "invitee"], name="one_invitation_per_person")]

    def __str__(self) -> str:
        return f"invitation to {self.room}"


class AuditEntry(models.Model):
    """What a moderator or an administrator did: who, what, to whom, when and why. It outlives the room."""

    room = models.ForeignKey(Room, null=True, on_delete=models.SET_NULL, related_name="audit")
    slug = models.CharField(max_length=SLUG_MAX_CHARS, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=32)
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"


class Change(models.Model):
    """One entry of the room's log that is not a new message: who joined, left, was removed, what was renamed."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="changes")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=ChangeKind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="one_change_per_seq")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.seq}"
