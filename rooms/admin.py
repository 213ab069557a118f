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
from rooms.models import Change, Membership, Room


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
    fields = ("name", "slug", "topic", "kind", "guests", "created_by", "created_at", "last_seq", "members", "changes")

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
