"""Messages: slim rows of a room's log, and whom they mention."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from rooms.models import Room


class Message(models.Model):
    """One message. Its public address is (room, seq); `author` is null for a guest.

    `client_id` makes a repeated send find the first one, for as long as the room exists. A deleted message keeps its row
    and loses its text.
    """

    # No index of its own: (room, seq) begins with it.
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="messages")
    text = models.TextField()
    client_id = models.CharField(max_length=64, null=True)
    sent_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["seq"]
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


class Mention(models.Model):
    """Somebody was mentioned in a message: it is for them while it lies behind their read marker."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "room", "seq"], name="one_mention_per_message")]
        indexes = [models.Index(fields=["room", "seq"], name="mentions_of_message")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}/{self.seq}"
