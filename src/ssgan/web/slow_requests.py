"""Bound the time of a request's head, for which uvicorn by itself waits for ever.

The head of each request must end within HEAD_SECONDS, counted from the connection's beginning, or for later requests from their
first byte; else the connection is closed. Bodies have a time of their own (guard.py). A connection beyond the bound is closed
with its answer at once: uvicorn by itself keeps it until its first request, and so runs out of places for files.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
QUEUE = 128  # connections that the system keeps until the loop takes them up
WORDS = b"Too many connections are open.\nTry again in a moment."
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(WORDS), WORDS)
)


class TimedProtocol(H11Protocol):
    """The protocol of uvicorn with a time limit for heads."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit of the first head, if there is room for the connection."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            transport.write(FULL)
            transport.close()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop the time limit at a complete head, and start that of the next."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._wait()
        else:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._until is None:
            self._until = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class TimedServer(uvicorn.Server):
    """The server of uvicorn with the same limit for TLS handshakes, and a longer queue of connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Set both limits, for which uvicorn has no setting."""
        loop = asyncio.get_running_loop()
        if self.config.is_ssl:
            create_server = functools.partial(loop.create_server, ssl_handshake_timeout=HEAD_SECONDS)
            loop.create_server = create_server  # type: ignore[method-assign]
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(QUEUE)
