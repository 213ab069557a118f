"""Serves Parlor with Daphne, which offers neither a lifespan nor raw writes. The port is in PORT."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

import django

django.setup()

from daphne.cli import CommandLineInterface  # type: ignore[import-untyped]
from django.core.management import call_command

call_command("migrate", interactive=False, verbosity=0)
CommandLineInterface().run(["-b", "127.0.0.1", "-p", os.environ["PORT"], "config.asgi:application"])
