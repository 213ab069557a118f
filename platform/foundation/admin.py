"""The Django admin's look at what only commands may change, and the deployment's one row.

Rooms, messages and their log are written by commands that keep the sequence and tell the open sockets; a form that
writes rows past them would break both. So those pages show, search and link.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from foundation.models import Deployment, Eviction

admin.site.site_header = admin.site.site_title = "Parlor"
admin.site.index_title = "Administration"


class ReadOnlyAdmin(admin.ModelAdmin):
    """Lists, searches and shows; adds, changes and deletes nothing."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ("epoch",)


@admin.register(Eviction)
class EvictionAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "code")
    ordering = ("-pk",)
