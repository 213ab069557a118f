"""Messages in the Django admin: found and read, never edited past the log."""

from django.contrib import admin
from django.utils.text import Truncator

from chat.models import Attachment, Mention, Message, Revision
from foundation.admin import ReadOnlyAdmin


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("room", "seq", "author", "beginning", "sent_at", "deleted_at")
    list_filter = ("room__kind", "sent_at")
    list_select_related = ("room", "author")
    search_fields = ("text", "author__username", "room__slug")
    ordering = ("-pk",)

    @admin.display(description="text")
    def beginning(self, message: Message) -> str:
        return Truncator(message.text).chars(80)


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    list_display = ("room", "seq", "user")
    list_select_related = ("room", "user")
    search_fields = ("user__username", "room__slug")
    ordering = ("-pk",)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ("room", "seq", "replaced_by", "written_at")
    list_select_related = ("room",)
    search_fields = ("text", "room__slug")
    ordering = ("-pk",)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ("name", "room", "seq", "uploader", "size", "content_type", "created_at")
    list_select_related = ("room", "uploader")
    list_filter = ("created_at",)
    search_fields = ("name", "uploader__username", "room__slug")
    ordering = ("-pk",)
