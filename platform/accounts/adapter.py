"""django-allauth's pages under Parlor's rules: who may sign up, which usernames there are, what a new password ends."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from accounts import signup
from accounts.models import User
from accounts.revocation import close_sockets_of
from foundation.errors import ChatError


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {**DefaultAccountAdapter.error_messages, "username_taken": "This username is taken."}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return signup.is_open()

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The username in lower case; the rules are the model's (`accounts/names.py`)."""
        cleaned: str = super().clean_username(username.strip().lower(), shallow)
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Store the account of the sign-up form as the API would; a race that is lost starts the form again."""
        super().save_user(request, user, form, commit=False)
        if commit:
            try:
                signup.register(user)
            except ChatError as error:
                messages.error(request, error.detail)
                raise ImmediateHttpResponse(redirect("account_signup")) from None
        return user

    def set_password(self, user: User, password: str) -> None:
        """Store a new password, changed or reset; sessions that knew the old one end here, so sockets close."""
        super().set_password(user, password)
        close_sockets_of(user)
