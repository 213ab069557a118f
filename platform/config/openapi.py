"""What `/api/schema/` says of itself, and how its pages are drawn."""

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Parlor",
    "DESCRIPTION": "Rooms, members and messages. What comes live over WebSockets is in `/api/asyncapi/`.",
    "VERSION": "1",
    "LICENSE": {"name": "MIT"},
    "OAS_VERSION": "3.1.0",
    "TAGS": [
        {"name": "rooms", "description": "Rooms, and all that a client needs to join one without a gap."},
        {"name": "messages", "description": "Reading and posting."},
        {"name": "members", "description": "Who is in a room, joining and leaving."},
        {"name": "invitations", "description": "Letting people in: by name, or by a link."},
        {"name": "bans", "description": "Keeping people out, and what moderators did."},
        {"name": "inbox", "description": "My rooms, what is new in them, and how I want to have them."},
        {"name": "limits", "description": "What is bounded: sizes, counts, and how often."},
        {"name": "people", "description": "Signing up, and who is who."},
        {"name": "tokens", "description": "What programs sign in with."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "POSTPROCESSING_HOOKS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
