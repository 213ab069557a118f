"""Give the rooms that are there the key of their name, so that no new public room looks like one of them."""

from typing import Any

from django.db import migrations

from rooms.names import name_key


def fill(apps: Any, schema_editor: Any) -> None:
    """The oldest public room of a name keeps it; later ones have no key, since they were there before the rule."""
    room_model = apps.get_model("rooms", "Room")
    taken: set[str] = set(
        room_model.objects.filter(kind="public").exclude(name_key="").values_list("name_key", flat=True)
    )
    for room in room_model.objects.filter(name_key="").order_by("pk").only("name", "kind").iterator():
        key = name_key(room.name)
        if room.kind == "public" and key in taken:
            continue
        if room.kind == "public":
            taken.add(key)
        room_model.objects.filter(pk=room.pk).update(name_key=key)


class Migration(migrations.Migration):
    dependencies = [("rooms", "0002_roles_bans_invitations_audit")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
