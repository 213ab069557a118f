"""The account pages: profile, devices, tokens; signing up, in and out, e-mail addresses and passwords are allauth's."""

from django.urls import include, path

from accounts.credential_pages import devices, tokens
from accounts.pages import avatar, everywhere, profile

urlpatterns = [
    path("profile/", profile, name="account_profile"),
    path("avatar/", avatar, name="account_avatar"),
    path("devices/", devices, name="account_devices"),
    path("tokens/", tokens, name="account_tokens"),
    path("logout/everywhere/", everywhere, name="sign_out_everywhere"),
    path("", include("allauth.account.urls")),
]
