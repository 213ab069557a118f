"""The channel layer of the embedded mode."""

import time
from typing import Any

from channels.layers import InMemoryChannelLayer


class EmbeddedChannelLayer(InMemoryChannelLayer):
    """The in-memory layer made fit to serve: groups do not expire after a day, capacity is large, and the sweep of
    expired messages runs every few seconds instead of on every send (which made fan-out quadratic)."""

    sweep_interval_s = 5.0

    def __init__(self, *, expiry: int = 3600, capacity: int = 10_000, **options: Any) -> None:
        super().__init__(expiry=expiry, group_expiry=10 * 365 * 86_400, capacity=capacity, **options)
        self._next_sweep = 0.0

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + self.sweep_interval_s
            super()._clean_expired()
