"""The addresses of the browser's pages."""

from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from chat import audit_page, invitation_page, message_pages, new_room, pages, room_settings, search_page, theme
from rooms.lifecycle import LOBBY

urlpatterns = [
    path("", pages.rooms, name="rooms"),
    path("rooms/new/", new_room.new_room, name="new_room"),
    path("direct/new/", new_room.new_direct, name="new_direct"),
    path("rooms/<slug:slug>/", pages.room, name="room"),
    path("rooms/<slug:slug>/delete/", pages.delete, name="delete_message"),
    path("rooms/<slug:slug>/pins/", message_pages.pins, name="pins"),
    path("rooms/<slug:slug>/files/", message_pages.files, name="files"),
    path("rooms/<slug:slug>/threads/<int:seq>/", message_pages.thread, name="thread"),
    path("rooms/<slug:slug>/<int:seq>/", message_pages.permalink, name="permalink"),
    path("rooms/<slug:slug>/<int:seq>/revisions/", message_pages.revisions, name="revisions"),
    path("rooms/<slug:slug>/audit/", audit_page.audit, name="room_audit"),
    path("rooms/<slug:slug>/settings/", room_settings.settings, name="room_settings"),
    path("search/", search_page.search_page, name="search"),
    path("join/<str:token>/", invitation_page.follow_link, name="invitation"),
    path("invitations/<str:public_id>/", invitation_page.answer_invitation, name="answer_invitation"),
    path("theme/", theme.choose, name="theme"),
    path("favicon.ico", lambda request: redirect(static("chat/icon.svg")), name="favicon"),  # the administration asks
    path("chat/", RedirectView.as_view(url=f"/rooms/{LOBBY}/"), name="chat"),
]
