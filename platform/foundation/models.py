"""The one row that says which database this is, and who was evicted lately."""

import secrets

from django.db import models


def new_epoch() -> str:
    return secrets.token_urlsafe(9)


class Deployment(models.Model):
    """This database. `epoch` is random and changes when a backup is restored: a position in a room's log is only
    good together with the epoch it was read in."""

    epoch = models.CharField(max_length=32, default=new_epoch)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="deployment_is_one_row")]

    def __str__(self) -> str:
        return self.epoch


class Eviction(models.Model):
    """Somebody's sockets are to be closed: those of `who` (`user:7`, `session:…`, `token:…`), with an error's code. The
    row is for processes that missed the hint; it goes after some minutes."""

    who = models.CharField(max_length=64)
    code = models.CharField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.who}: {self.code}"
