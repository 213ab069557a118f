"""The epoch of this database, and a lock on the deployment as a whole."""

from functools import cache

from foundation.models import Deployment, new_epoch


@cache
def epoch() -> str:
    """The epoch of this database, read once per process: it changes only while the server is stopped."""
    return Deployment.objects.get_or_create(pk=1)[0].epoch


def change_epoch() -> str:
    """Give this database a new epoch, so that no client trusts a position from before a restore."""
    Deployment.objects.update_or_create(pk=1, defaults={"epoch": new_epoch()})
    epoch.cache_clear()
    return epoch()


def lock_deployment() -> None:
    """Hold the deployment's row until the transaction ends: for the few things that happen once per server."""
    Deployment.objects.get_or_create(pk=1)
    Deployment.objects.select_for_update().get(pk=1)
