"""Rooms, who is in them, and the log of what changed. No message is known here."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from foundation.limits import ROOM_NAME_MAX_CHARS, ROOM_TOPIC_MAX_CHARS, SLUG_MAX_CHARS, SLUG_PATTERN


class Kind(models.TextChoices):
    PUBLIC = "public"
    PRIVATE = "private"


class Guests(models.TextChoices):
    """What people without an account may do in a public room."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


class Role(models.TextChoices):
    OWNER = "owner"
    MEMBER = "member"


class ChangeKind(models.TextChoices):
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    MEMBER_UPDATED = "member.updated"
    ROOM_UPDATED = "room.updated"


class Room(models.Model):
    """A room. `last_seq` is the end of its log: messages and changes draw their numbers from it under the row's lock,
    so the order of the numbers is the order of the commits and none is ever missing."""

    slug = models.CharField(max_length=SLUG_MAX_CHARS, unique=True, validators=[RegexValidator(SLUG_PATTERN)])
    name = models.CharField(max_length=ROOM_NAME_MAX_CHARS)
    topic = models.CharField(max_length=ROOM_TOPIC_MAX_CHARS, blank=True)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PUBLIC)
    guests = models.CharField(max_length=5, choices=Guests, default=Guests.NONE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="rooms_created"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_seq = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def group(self) -> str:
        """The channel-layer group of the room: from the primary key, so that any slug is safe."""
        return group_of(self.pk)


def group_of(room_id: int) -> str:
    return f"room.{room_id}"


class Membership(models.Model):
    """A person's place in a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=9, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room} as {self.role}"


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
