"""Rooms in the Django admin, to look at: an administrator changes them through the page or the API, which keep the
room's log and tell its sockets."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from foundation.admin import ReadOnlyAdmin
from rooms.models import AuditEntry, Ban, Change, FormerRoom, Invitation, Membership, Room


def link_to_list(view: str, text: Any, **lookups: Any) -> str:
    """A link to a list of the admin, narrowed down."""
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:{view}_changelist"), urlencode(lookups), text)


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "kind", "guests", "created_by", "created_at", "last_seq", "members", "changes")
    list_filter = ("kind", "guests", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("name", "slug", "topic", "created_by__username")
    ordering = ("name", "pk")
    fields = (
        "name",
        "slug",
        "topic",
        "description",
        "kind",
        "guests",
        "created_by",
        "created_at",
        "last_seq",
        "members",
        "changes",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        return super().get_queryset(request).annotate(number_of_members=Count("memberships"))

    @admin.display(description="members", ordering="number_of_members")
    def members(self, room: Any) -> str:
        return link_to_list("rooms_membership", room.number_of_members, room__id__exact=room.pk)

    @admin.display(description="log")
    def changes(self, room: Room) -> str:
        return link_to_list("rooms_change", "Changes", room__id__exact=room.pk)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "room", "role", "joined_at")
    list_filter = ("role", "room__kind", "joined_at")
    list_select_related = ("room", "user")
    search_fields = ("user__username", "user__name", "room__slug", "room__name")


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ("room", "seq", "kind", "actor", "subject", "data", "created_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("room", "actor", "subject")
    search_fields = ("room__slug", "actor__username", "subject__username")
    ordering = ("-pk",)


@admin.register(Ban)
class BanAdmin(ReadOnlyAdmin):
    list_display = ("user", "room", "by", "reason", "until", "created_at")
    list_filter = ("created_at", "until")
    list_select_related = ("room", "user", "by")
    search_fields = ("user__username", "room__slug", "reason")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Invitations without the hashes of their links: nobody needs those."""

    list_display = ("room", "invitee", "created_by", "uses", "max_uses", "expires_at", "created_at")
    list_filter = ("created_at", "expires_at")
    list_select_related = ("room", "invitee", "created_by")
    search_fields = ("room__slug", "invitee__username", "created_by__username")
    fields = ("room", "invitee", "created_by", "uses", "max_uses", "expires_at", "created_at")


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    """What was done, also in rooms that are no more. What was done to accounts, their own history says."""

    list_display = ("at", "action", "actor", "subject", "slug", "reason", "data")
    list_filter = ("action", "at")
    list_select_related = ("actor", "subject", "room")
    search_fields = ("slug", "actor__username", "subject__username", "reason")
    ordering = ("-pk",)


@admin.register(FormerRoom)
class FormerRoomAdmin(ReadOnlyAdmin):
    list_display = ("slug", "deleted_at")
    search_fields = ("slug",)
    ordering = ("-pk",)
