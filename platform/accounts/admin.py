"""People and tokens in the Django admin. Signing in there is signing in to Parlor: same page, same limits."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import ApiToken, SignIn, User
from accounts.revocation import close_sockets_of, disable_account, enable_account
from accounts.tokens import withdraw
from foundation.admin import ReadOnlyAdmin
from foundation.errors import ChatError

RIGHTS = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")


def _change_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return redirect("account_change_password")


admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = _change_password  # type: ignore[method-assign, assignment]


class PasswordForm(AdminPasswordChangeForm):
    """A password that an administrator sets for somebody; their sockets close as after every new password."""

    def save(self, commit: bool = True) -> AbstractBaseUser:
        user = super().save(commit)
        close_sockets_of(self.user)
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Accounts are disabled, never deleted: what they wrote stays theirs, and the rooms' logs stay whole."""

    list_display = ("username", "name", "email", "is_active", "is_superuser", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("username", "name", "email")
    ordering = ("username",)
    actions = ("disable", "enable")
    change_password_form = PasswordForm
    fieldsets = (
        (None, {"fields": ("username", "password", "name", "email")}),
        ("Rights", {"fields": RIGHTS}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "name", "email", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only an administrator gives rights, and nobody changes their own: one administrator always remains."""
        if obj is None:
            return ()
        fixed = ("username", "last_login", "date_joined")
        own = obj.pk == request.user.pk
        return fixed if isinstance(request.user, User) and request.user.is_superuser and not own else fixed + RIGHTS

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the form; a change of somebody's rights reaches their open sockets."""
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            command = enable_account if obj.is_active else disable_account
            command(actor=_actor(request), user=obj)
        if change and "is_superuser" in form.changed_data:
            close_sockets_of(obj)

    @admin.action(description="Disable the selected accounts", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, disable_account)

    @admin.action(description="Enable the selected accounts", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, enable_account)

    def _for_each(self, request: HttpRequest, queryset: QuerySet[User], command: Any) -> None:
        for user in queryset:
            try:
                command(actor=_actor(request), user=user)
            except ChatError as error:
                self.message_user(request, f"{user}: {error.detail}", messages.ERROR)
            else:
                self.log_change(request, user, command.__name__)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens can be looked at and revoked; only their owner can make one, and sees it once."""

    list_display = ("name", "user", "created", "last_used_at", "expiry")
    list_filter = ("created", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "user", "public_id", "created", "last_used_at", "expiry")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        withdraw(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            withdraw(token)


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    """Where people are signed in; without what lets in."""

    list_display = ("user", "device", "created_at", "last_seen_at")
    list_filter = ("created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "device")
    fields = ("user", "device", "created_at", "last_seen_at")


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin lets nobody else in
    return request.user
