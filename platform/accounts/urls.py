"""The account pages: signing up, in and out, e-mail addresses, new passwords. django-allauth answers them."""

from django.urls import include, path

urlpatterns = [path("", include("allauth.account.urls"))]
