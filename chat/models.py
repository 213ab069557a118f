"""Messages: slim rows of a room's log, and whom they mention."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from foundation.limits import FILE_NAME_MAX_CHARS
from rooms.models import Room


class Message(models.Model):
    """One message. Its public address is (room, seq); `author` is null for a guest.

    `client_id` makes a repeated send find the first one, for as long as the room keeps it. A deleted message keeps its row
    and loses its text. What belongs to a message is in its row, so that a page of history is one query: everything after
    `sent_at` is empty in most.
    """

    # No index of its own: (room, seq) begins with it.
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="messages")
    text = models.TextField()
    client_id = models.CharField(max_length=64, null=True)
    sent_at = models.DateTimeField(auto_now_add=True)
    html = models.TextField(null=True, editable=False)  # null: the text has no formatting
    mentions = models.JSONField(null=True, editable=False)  # usernames, and "@room"
    attachments = models.JSONField(null=True, editable=False)  # as they are shown
    # `thread` is the number of the message at its root, `nth` which of its replies this is.
    reply_to = models.BigIntegerField(null=True, editable=False)
    thread = models.BigIntegerField(null=True, editable=False)
    nth = models.PositiveIntegerField(null=True, editable=False)
    # Of a root: how many replies there are, and the last.
    reply_count = models.PositiveIntegerField(null=True, editable=False)
    last_reply = models.BigIntegerField(null=True, editable=False)
    reactions = models.JSONField(null=True, editable=False)  # [[emoji, [the keys of people]]], as they came
    edited_at = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["seq"]
        indexes = [
            models.Index(fields=["room", "thread", "seq"], condition=Q(thread__isnull=False), name="replies_in_thread"),
            models.Index(fields=["room", "pinned_at"], condition=Q(pinned_at__isnull=False), name="pinned_messages"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_message_per_seq"),
            # The client_id first: a batch looks for those of many rooms and people at once.
            models.UniqueConstraint(
                fields=["client_id", "room", "author"],
                condition=Q(client_id__isnull=False),
                name="one_message_per_client_id",
            ),
            models.UniqueConstraint(
                fields=["client_id", "room"], condition=Q(author=None), name="one_guest_message_per_client_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"


class Attachment(models.Model):
    """A file that somebody uploaded for a room, and with `seq` the message it belongs to.

    Every file has a row from before it is written until after it is erased. A row without a room is what is left of a
    deleted message or room: its files are about to be erased."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attachments")
    room = models.ForeignKey(Room, null=True, on_delete=models.SET_NULL, related_name="attachments", db_index=False)
    seq = models.BigIntegerField(null=True)
    # Where they lie in the storage: random names, never the uploader's. Only images have a thumbnail.
    file = models.CharField(max_length=64)
    thumbnail = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=FILE_NAME_MAX_CHARS)
    size = models.PositiveIntegerField()
    thumbnail_size = models.PositiveIntegerField(null=True)
    content_type = models.CharField(max_length=100)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["room", "seq"], name="attachments_of_message"),
            models.Index(
                fields=["created_at"], condition=Q(seq__isnull=True) | Q(room__isnull=True), name="attachments_to_sweep"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """What an edited message said before; `replaced_by` is the number of the change that ended it."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    replaced_by = models.BigIntegerField()
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["replaced_by"]
        constraints = [models.UniqueConstraint(fields=["room", "seq", "replaced_by"], name="one_revision_per_change")]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq} before {self.replaced_by}"


class Mention(models.Model):
    """Somebody was mentioned in a message: it is for them while it lies behind their read marker. Without a user it is
    for everybody in the room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "room", "seq"], name="one_mention_per_message")]
        indexes = [models.Index(fields=["room", "seq"], name="mentions_of_message")]

    def __str__(self) -> str:
        return f"{self.user_id or 'everybody'} in {self.room_id}/{self.seq}"
