"""The routes under /api/. What does not look like a slug, a username or a number is not found before any view runs."""

from django.urls import include, path, register_converter

from accounts.names import USERNAME_PATTERN
from api import (
    account,
    attachments,
    audit,
    avatar,
    bans,
    contracts,
    direct,
    export,
    formatting,
    inbox,
    invitations,
    limits,
    log,
    members,
    message,
    messages,
    room_invitations,
    rooms,
    search,
    sessions,
    uploads,
)
from foundation.limits import SLUG_PATTERN


class Slug:
    """The address of a room."""

    regex = SLUG_PATTERN.pattern.removesuffix(r"\Z")

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Username(Slug):
    """A username, or `me`."""

    regex = USERNAME_PATTERN.pattern.removesuffix(r"\Z")


class Seq:
    """A number in a room's log."""

    regex = "[1-9][0-9]{0,15}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Slug, "room")
register_converter(Username, "username")
register_converter(Seq, "seq")

app_name = "api"
in_a_room = [
    path("", rooms.RoomView.as_view(), name="room"),
    path("sync/", messages.SyncView.as_view(), name="sync"),
    path("presence/", rooms.PresenceView.as_view(), name="presence"),
    path("messages/", messages.MessagesView.as_view(), name="messages"),
    path("messages/<seq:seq>/", message.MessageView.as_view(), name="message"),
    path("messages/<seq:seq>/revisions/", message.RevisionsView.as_view(), name="revisions"),
    path("messages/<seq:seq>/replies/", message.RepliesView.as_view(), name="replies"),
    path("messages/<seq:seq>/reactions/", message.ReactionsView.as_view(), name="reactions"),
    path("messages/<seq:seq>/reactions/<str:emoji>/", message.ReactionView.as_view(), name="reaction"),
    path("pins/", message.PinsView.as_view(), name="pins"),
    path("pins/<seq:seq>/", message.PinView.as_view(), name="pin"),
    path("uploads/", uploads.UploadsView.as_view(), name="uploads"),
    path("attachments/", attachments.AttachmentsView.as_view(), name="attachments"),
    path("changes/", log.LogView.as_view(), name="log"),
    path("members/", members.MembersView.as_view(), name="members"),
    path("members/<username:username>/", members.MemberView.as_view(), name="member"),
    path("read/", inbox.ReadView.as_view(), name="read"),
    *room_invitations.urlpatterns,
    path("bans/", bans.BansView.as_view(), name="bans"),
    path("bans/<username:username>/", bans.BanView.as_view(), name="ban"),
    path("export/", export.ExportView.as_view(), name="export"),
    path("audit/", audit.AuditView.as_view(), name="audit"),
]
urlpatterns = [
    *account.urlpatterns,
    *avatar.urlpatterns,
    *sessions.urlpatterns,
    path("formatting/", formatting.FormattingView.as_view(), name="formatting"),
    path("limits/", limits.LimitsView.as_view(), name="limits"),
    path("inbox/", inbox.InboxView.as_view(), name="inbox"),
    path("inbox/<room:slug>/", inbox.InboxRoomView.as_view(), name="inbox_room"),
    *invitations.urlpatterns,
    path("direct/", direct.DirectView.as_view(), name="direct"),
    path("rooms/", rooms.RoomsView.as_view(), name="rooms"),
    path("rooms/<room:slug>/", include(in_a_room)),
    path("search/", search.SearchView.as_view(), name="search"),
    *contracts.urlpatterns,
]
