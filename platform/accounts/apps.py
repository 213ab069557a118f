from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.devices import note_sign_in
        from accounts.revocation import close_sockets_of_session

        user_logged_out.connect(close_sockets_of_session, dispatch_uid="accounts.revocation")
        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.devices")
