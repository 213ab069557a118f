"""Every setting of Parlor, read from the environment.

Without DATABASE_URL Parlor is *embedded*: SQLite, an in-memory channel layer, one process, a generated key.
An unsafe combination refuses to start with the sentence that mends it.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.environment import kept_key, number, rates, switch, uploads
from config.openapi import SPECTACULAR_SETTINGS  # noqa: F401

env = environ.Env()
ROOT = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.str("PARLOR_DATA", default=str(ROOT / "var"))).resolve()
EMBEDDED = not env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
DEBUG = switch("DEBUG", default=False)
HOST = env.str("HOST", default="127.0.0.1")
PORT = number("PORT", default=8000)
WEB_CONCURRENCY = number("WEB_CONCURRENCY", default=1)
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
SOCKETS_MAX = number("SOCKETS_MAX", default=10_000)  # these three: of one process; 0 is without bound
SOCKETS_PER_ADDRESS = number("SOCKETS_PER_ADDRESS", default=200)
SOCKETS_PER_USER = number("SOCKETS_PER_USER", default=20)
# How much nobody does by hand and a script gone wild does at once: a number in so many seconds, see foundation/rates.py.
RATES = rates(
    "RATES",
    {
        "posts": (300, 60),
        "guest_posts": (300, 60),
        "rooms": (60, 3600),
        "joins": (60, 60),
        "invitations": (120, 3600),
        "uploads": (100, 600),
        "previews": (120, 60),
        "connections": (300, 60),
    },
)
EDIT_WINDOW_S = number("EDIT_WINDOW_S", default=0)  # how long a message can be edited; 0 is for ever
UPLOAD_QUOTA_MIB = number("UPLOAD_QUOTA_MIB", default=1024)  # of one person; 0 is without bound
vars().update(uploads(env.str("FILES_URL", default=""), DATA_DIR / "files"))
SIGNUP = env.str("SIGNUP", default="open")
if SIGNUP not in {"open", "closed"}:
    raise ImproperlyConfigured("SIGNUP must be open or closed.")


def _secret_key() -> str:
    key = env.str("SECRET_KEY", default="")
    if not key and EMBEDDED:
        return kept_key(DATA_DIR)
    if len(key) < 50:
        raise ImproperlyConfigured(
            f"SECRET_KEY must be {'' if EMBEDDED else 'set to '}at least 50 random characters. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return key


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = switch("HTTPS", default=not EMBEDDED)
if not EMBEDDED and not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS must name the host people type, for example: ALLOWED_HOSTS=chat.example.org"
    )
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS=* would let any site act for your users. Name the hosts.")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "foundation",
    "accounts",
    "allauth",
    "allauth.account",
    "rooms",
    "chat",
    "api",
]
if "runserver" in sys.argv and find_spec("daphne"):  # development: Django's own runserver serves no sockets
    INSTALLED_APPS.insert(0, "daphne")
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "foundation.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.devices.noting",
    "csp.middleware.CSPMiddleware",
    # Sync and last: Django then runs the whole chain in one thread hop instead of one each (measured 4 ms → 2 ms).
    "foundation.middleware.single_hop",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["chat.templatetags.icons"],
        },
    }
]


def _database() -> dict[str, Any]:
    if EMBEDDED:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DATA_DIR / "parlor.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                # FULL: an acknowledged message is on disk, not only in the log of the file system.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
            "TEST": {"NAME": str(DATA_DIR / "test.sqlite3")},
        }
    if env.str("DATABASE_URL").partition("://")[0] not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must be a postgres:// address (without it Parlor uses SQLite).")
    database: dict[str, Any] = env.db_url("DATABASE_URL")
    pool = {"min_size": 2, "max_size": number("DATABASE_POOL", default=20), "timeout": 5}
    options = "-c synchronous_commit=on -c lock_timeout=2s -c statement_timeout=5s"
    options += " -c idle_in_transaction_session_timeout=5s"
    database |= {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": pool, "options": options}}
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    _host = {"address": REDIS_URL, "socket_timeout": 2, "socket_connect_timeout": 2, "health_check_interval": 15}
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [_host], "prefix": "parlor"},
        }
    }
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "parlor",
            "OPTIONS": {
                "socket_timeout": 2,
                "socket_connect_timeout": 2,
                # Not pickle, Django's default: who can write to Redis could then run code here.
                "serializer": "foundation.cache.JSONSerializer",
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "foundation.layers.EmbeddedChannelLayer"}}
    # Tickets and the limit on failed sign-ins live here: the default of 300 entries could be flushed by a stranger.
    _memory = "django.core.cache.backends.locmem.LocMemCache"
    CACHES = {"default": {"BACKEND": _memory, "OPTIONS": {"MAX_ENTRIES": 100_000}}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backend.Backend"]
SESSION_ENGINE = "accounts.session_store"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
# uvicorn has put the client's own address in the place of a trusted proxy's: no header is read a second time.
ALLAUTH_TRUSTED_PROXY_COUNT = 0

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Parlor <parlor@localhost>")

REST_FRAMEWORK = {
    # Token first: a stranger is then answered 401 with WWW-Authenticate, not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["api.authentication.SignedIn"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_SCHEMA_CLASS": "api.schema.ParlorSchema",
    "EXCEPTION_HANDLER": "api.errors.problem_response",
    "NUM_PROXIES": 0,
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
MIGRATION_MODULES = {"knox": None}  # its own table would stand empty beside ours, and block a flush on PostgreSQL
REST_KNOX = {"TOKEN_TTL": None, "TOKEN_PREFIX": "parlor_", "AUTH_HEADER_PREFIX": "Token", "TOKEN_LIMIT_PER_USER": None}

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default="") or DATA_DIR / "static")
SERVESTATIC_KEEP_ONLY_HASHED_FILES = SERVESTATIC_MINIFY = not DEBUG

LANGUAGE_CODE, TIME_ZONE, USE_TZ = "en", "UTC", True

SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # answered 400; a scanner's doing, not a fault
        "parlor": {"level": env.str("LOG_LEVEL", default="INFO")},
    },
}
