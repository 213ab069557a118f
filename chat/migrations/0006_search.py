"""The index of search, with the messages that are there. It is not a model: each database has its own kind."""

from django.db import migrations

from chat import indexing


def fill(apps, schema_editor):
    indexing.create()
    indexing.rebuild()


def drop(apps, schema_editor):
    indexing.drop()


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_messages_in_full")]

    operations = [migrations.RunPython(fill, drop)]
