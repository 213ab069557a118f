"""`manage.py` for tests of faults: a presence that keeps no test waiting, and a word that kills.

A process that has committed a message with FATAL in it is gone before it tells anybody.
"""

import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FATAL = "the word that kills"
LEASE_S, RENEW_S = 1.5, 0.4


def become_mortal() -> None:
    """Change what is imported later: nothing of ours may be in memory yet but the limits and the hub."""
    from foundation import limits
    from foundation.hub import Hub, Message

    limits.PRESENCE_LEASE_S, limits.PRESENCE_RENEW_S = LEASE_S, RENEW_S
    announce = Hub.announce

    def announce_unless_fatal(hub: Hub, group: str, message: Message, share: bool = True) -> None:
        if message["type"] == "frames" and FATAL in str(message["entries"]):
            os.kill(os.getpid(), signal.SIGKILL)
        announce(hub, group, message, share)

    Hub.announce = announce_unless_fatal  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    sys.path[0:1] = [str(ROOT), str(ROOT / "platform")]
    import manage

    become_mortal()
    manage.main()
