"""Count the messages of each room; whoever is a member has read what is there."""

from django.db import migrations
from django.db.models import Count, F, OuterRef, Subquery


def count(apps, schema_editor):
    room, message = apps.get_model("rooms", "Room"), apps.get_model("chat", "Message")
    membership = apps.get_model("rooms", "Membership")
    counts = message.objects.filter(room=OuterRef("pk")).order_by().values("room").annotate(n=Count("pk")).values("n")
    room.objects.filter(last_seq__gt=0).annotate(n=Subquery(counts)).exclude(n=None).update(message_count=F("n"))
    for field, source in (("read_seq", "last_seq"), ("messages_read", "message_count")):
        value = room.objects.filter(pk=OuterRef("room")).values(source)
        membership.objects.update(**{field: Subquery(value)})


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_tombstones_and_mentions"),
        ("rooms", "0003_name_keys"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
