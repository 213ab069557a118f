"""The addresses of the browser's pages."""

from django.urls import path
from django.views.generic import RedirectView

from chat import pages
from rooms.lifecycle import LOBBY

urlpatterns = [
    path("", pages.rooms, name="rooms"),
    path("rooms/new/", pages.new_room, name="new_room"),
    path("rooms/<slug:slug>/", pages.room, name="room"),
    path("rooms/<slug:slug>/settings/", pages.settings, name="room_settings"),
    path("chat/", RedirectView.as_view(url=f"/rooms/{LOBBY}/"), name="chat"),
]
