"""The account pages: signing up, in and out, e-mail addresses, new passwords. django-allauth answers them."""

from django.urls import include, path

from accounts.pages import everywhere, profile

urlpatterns = [
    path("profile/", profile, name="account_profile"),
    path("logout/everywhere/", everywhere, name="sign_out_everywhere"),
    path("", include("allauth.account.urls")),
]
