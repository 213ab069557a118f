"""How many sockets there may be: of one process, one address, one account, and on their way in at once.

The counts are of one process and exact: a socket is counted from its handshake until its application ends, which is the
one way out for all of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import IPv6Address
from typing import Any

from django.conf import settings

from foundation.errors import ChatError
from foundation.handshake import App, Scope, refuse
from foundation.limits import CLOSE_TIMEOUT_S, HANDSHAKE_WAIT_S, HANDSHAKES_MAX, HANDSHAKES_WAITING_MAX

RETRY_AFTER_S = 5.0
SPARE_CONNECTIONS = 1_000  # for requests beside the sockets


class Gate:
    """Lets HANDSHAKES_MAX in at once; the others wait in order, and not for ever."""

    def __init__(self) -> None:
        self.inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Come in when it is one's turn. Raises `overloaded` when too many wait, or it takes too long."""
        if self.inside < HANDSHAKES_MAX and not self._waiting:
            self.inside += 1
            return
        if len(self._waiting) >= HANDSHAKES_WAITING_MAX:
            raise ChatError("overloaded", retry_after_s=RETRY_AFTER_S)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait({turn}, timeout=HANDSHAKE_WAIT_S)
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        if not turn.done():
            self._give_up(turn)
            raise ChatError("overloaded", retry_after_s=RETRY_AFTER_S)

    def leave(self) -> None:
        """Make way for the next."""
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self.inside -= 1

    def _give_up(self, turn: "asyncio.Future[None]") -> None:
        if turn.done():
            self.leave()
        else:
            self._waiting.remove(turn)


class Places:
    """The sockets of this process."""

    def __init__(self) -> None:
        self.sockets = 0
        self.by_address: dict[Hashable, int] = {}
        self.by_user: dict[Hashable, int] = {}
        self.gate = Gate()
        self.leaving = False

    def crowded(self, connections: int) -> bool:
        """Whether there are more connections of any kind than sockets and requests can need."""
        return bool(settings.SOCKETS_MAX) and connections > settings.SOCKETS_MAX + SPARE_CONNECTIONS

    @contextmanager
    def one(self, scope: Scope) -> Iterator[None]:
        """Count a socket. Raises `service_restart`, `overloaded`, or `rate_limited` for its address."""
        if self.leaving:
            raise ChatError("service_restart", retry_after_s=RETRY_AFTER_S)
        if settings.SOCKETS_MAX and self.sockets >= settings.SOCKETS_MAX:
            raise ChatError("overloaded", retry_after_s=RETRY_AFTER_S)
        with _counted(self.by_address, address_of(scope), settings.SOCKETS_PER_ADDRESS, "address"):
            self.sockets += 1
            try:
                yield
            finally:
                self.sockets -= 1

    @contextmanager
    def of_user(self, pk: Hashable) -> Iterator[None]:
        """Count a socket of an account. Raises `rate_limited`."""
        with _counted(self.by_user, pk, settings.SOCKETS_PER_USER, "account"):
            yield

    @contextmanager
    def handshake(self) -> Iterator[Callable[[], None]]:
        """Gives what ends the handshake, at the latest here; the gate has to be entered before."""
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self.gate.leave()

        try:
            yield end
        finally:
            end()


places = Places()


def admission(inner: App) -> App:
    """Let a socket in if there is a place, in its turn. `handshake_done` in the scope is called once it has been
    greeted: the next one may then come in."""

    async def admitted(scope: Scope, receive: Any, send: Any) -> None:
        with ExitStack() as place:
            try:
                place.enter_context(places.one(scope))
                await places.gate.enter()
            except ChatError as error:
                await refuse(error, scope, receive, send)
                return
            end = place.enter_context(places.handshake())
            await inner({**scope, "handshake_done": end}, receive, send)
        if places.leaving:
            await _say_restart(send)

    return admitted


def each_account(inner: App) -> App:
    """Hold every account to its number of sockets. As a browser must be able to read it, the consumer refuses."""

    async def counted(scope: Scope, receive: Any, send: Any) -> None:
        with ExitStack() as place:
            if scope["user"].is_authenticated:
                try:
                    place.enter_context(places.of_user(scope["user"].pk))
                except ChatError as error:
                    scope = {**scope, "refused": error}
            await inner(scope, receive, send)

    return counted


def address_of(scope: Scope) -> str | None:
    """Whom a socket counts for: the client's address, of IPv6 the network that one customer has; None where there is
    none. A trusted proxy's word on it has taken the place of the proxy's own address."""
    client = scope.get("client")
    host = client[0] if client else None
    if not host or ":" not in host:
        return host or None
    try:
        address = IPv6Address(host)
    except ValueError:
        return str(host)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


@contextmanager
def _counted(counts: dict[Hashable, int], key: Hashable | None, most: int, whose: str) -> Iterator[None]:
    if key is None:
        yield
        return
    if most and counts.get(key, 0) >= most:
        raise ChatError("rate_limited", f"This {whose} has {most} open sockets already.", retry_after_s=RETRY_AFTER_S)
    counts[key] = counts.get(key, 0) + 1
    try:
        yield
    finally:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]


async def _say_restart(send: Any) -> None:
    """Close a socket that ended because the server does; one that is closed, or gone, is left alone."""
    with suppress(OSError, RuntimeError, TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await send({"type": "websocket.close", "code": 1012, "reason": "service_restart"})
