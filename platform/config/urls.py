"""Every address of Parlor. The WebSocket routes are in `chat/routing.py`."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from api.errors import upgrade_required
from foundation.health import healthz, readyz

urlpatterns = [
    path("", include("chat.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("api.urls")),
    path("files/", include("api.files")),
    path("healthz", healthz),
    path("readyz", readyz),
    re_path(r"^ws/", csrf_exempt(upgrade_required)),
]
handler400 = "api.errors.bad_request"
handler403 = "api.errors.permission_denied"
handler404 = "api.errors.page_not_found"
handler500 = "api.errors.server_error"
