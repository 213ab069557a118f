"""Settings refuse what is unsafe, with the sentence that mends it, and keep the key of the embedded mode."""

import os
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers import ROOT

KEY = secrets.token_urlsafe(50)
PRODUCTION = {
    "DATABASE_URL": "postgres://parlor:a-password@127.0.0.1/parlor",
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "chat.example.org",
}
PROGRAM = """
import sys
sys.path[:0] = [sys.argv[1] + "/platform", sys.argv[1]]
from django.core.exceptions import ImproperlyConfigured
try:
    from config import settings
except ImproperlyConfigured as refusal:
    sys.exit(str(refusal))
for expression in sys.argv[2:]:
    print(eval(expression, vars(settings)))
"""


def start(data_dir: Path, *expressions: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, and print these of them."""
    whole = {"PATH": os.environ["PATH"], "PARLOR_DATA": str(data_dir), **environment}
    command = [sys.executable, "-c", PROGRAM, str(ROOT), *expressions]
    return subprocess.run(command, env=whole, cwd=data_dir, capture_output=True, text=True, timeout=60, check=False)


def refusal(data_dir: Path, **environment: str) -> str:
    done = start(data_dir, **environment)
    assert (done.returncode, done.stdout) == (1, ""), done.stdout
    return done.stderr.strip()


def printed(data_dir: Path, *expressions: str, **environment: str) -> list[str]:
    done = start(data_dir, *expressions, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


UNSAFE = {
    "no key": ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY must be set to at least 50 random characters."),
    "a short key": ({**PRODUCTION, "SECRET_KEY": "x" * 49}, "SECRET_KEY must be set to at least 50 random characters."),
    "a short key, embedded": ({"SECRET_KEY": "secret"}, "SECRET_KEY must be at least 50 random characters."),
    "no hosts": ({**PRODUCTION, "ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the host people type"),
    "any host": ({**PRODUCTION, "ALLOWED_HOSTS": "chat.example.org,*"}, "Name the hosts."),
    "any host, embedded": ({"ALLOWED_HOSTS": "*"}, "Name the hosts."),
    "half a sign-up": ({"SIGNUP": "maybe"}, "SIGNUP must be open or closed."),
    "another database": ({**PRODUCTION, "DATABASE_URL": "mysql://u:a-password@h/d"}, "must be a postgres:// address"),
    "no database": ({**PRODUCTION, "DATABASE_URL": "a-password"}, "must be a postgres:// address"),
    "a port that is none": ({"PORT": "abc"}, "PORT must be a whole number."),
    "a bound that is none": ({"SOCKETS_PER_USER": "-1"}, "SOCKETS_PER_USER must be a whole number."),
    "a slip of the pen": ({**PRODUCTION, "HTTPS": "ture"}, "HTTPS must be 1 or 0."),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_t26_what_is_unsafe_does_not_start(tmp_path: Path, case: str) -> None:
    environment, sentence = UNSAFE[case]

    said = refusal(tmp_path, **environment)

    assert sentence in said
    assert len(said.splitlines()) == 1, "no traceback, no warning"
    assert "a-password" not in said and KEY not in said


def test_the_sentence_about_the_key_makes_one_that_is_accepted(tmp_path: Path) -> None:
    said = refusal(tmp_path, **{**PRODUCTION, "SECRET_KEY": ""})
    program = said.partition("python -c '")[2].partition("'")[0]

    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()

    assert printed(tmp_path, "SECRET_KEY", **{**PRODUCTION, "SECRET_KEY": made}) == [made]


def test_production_is_safe_by_default(tmp_path: Path) -> None:
    asked = {
        "DEBUG": "False",
        "EMBEDDED": "False",
        "SESSION_COOKIE_SECURE": "True",
        "CSRF_COOKIE_SECURE": "True",
        "SECURE_HSTS_SECONDS": "31536000",
        "ALLOWED_HOSTS": "['chat.example.org']",
        "DATABASES['default']['ENGINE']": "django.db.backends.postgresql",
        "'synchronous_commit=on' in DATABASES['default']['OPTIONS']['options']": "True",
    }

    assert printed(tmp_path, *asked, **PRODUCTION) == list(asked.values())
    assert list(tmp_path.iterdir()) == [], "nothing is written where a database is given"


def test_the_embedded_default_is_safe_on_its_own_machine(tmp_path: Path) -> None:
    asked = {
        "DEBUG": "False",
        "HOST": "127.0.0.1",
        "ALLOWED_HOSTS": "['localhost', '127.0.0.1', '[::1]']",
        "SESSION_COOKIE_SECURE": "False",
        "DATABASES['default']['OPTIONS']['transaction_mode']": "IMMEDIATE",
        "'synchronous=FULL' in DATABASES['default']['OPTIONS']['init_command']": "True",
    }

    assert printed(tmp_path, *asked) == list(asked.values())


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"

    with ThreadPoolExecutor(3) as threads:
        said = list(threads.map(lambda _: start(tmp_path, "SECRET_KEY", PARLOR_DATA=str(data)), range(3)))

    (key,) = {done.stdout.strip() for done in said}
    assert len(key) >= 50
    assert (data / "secret_key").read_text() == key
    assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [path.name for path in data.iterdir()] == ["secret_key"]


def test_an_empty_key_file_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()

    assert refusal(tmp_path).endswith("holds no key. Put your copy of it there, or delete it and sign in anew.")

    assert (tmp_path / "secret_key").read_text() == ""


def test_a_data_directory_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "PARLOR_DATA must be a directory" in refusal(tmp_path, PARLOR_DATA=str(tmp_path / "file"))


def test_redis_keeps_plain_data_never_pickles(tmp_path: Path) -> None:
    production = {**PRODUCTION, "REDIS_URL": "redis://127.0.0.1:1/0"}

    assert printed(tmp_path, 'CACHES["default"]["OPTIONS"]["serializer"]', **production) == [
        "foundation.cache.JSONSerializer"
    ]
