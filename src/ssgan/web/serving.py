"""Serve the page: a socket of this machine, a token for one browser, and uvicorn until it is interrupted."""

from __future__ import annotations

import contextlib
import html
import os
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan.errors import InvalidSetting, StorageFailed

LOOPBACK = "127.0.0.1"
BATCH = 32  # connections that the loop takes up in one turn
TURNS = 4  # until those of one turn that are too many are closed
CONNECTIONS = 512  # at a time, where the system allows as many files; more are refused
OTHERS = 64  # files that are open besides: pipes to workers, results of runs


@dataclass(frozen=True)
class Address:
    """Where to listen: beyond the loopback only with a certificate, its key, and an explicit consent."""

    listen: str = LOOPBACK
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    understood: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port < 2**16:
            raise InvalidSetting(f"{self.port} is not a port", hint="leave it out to use a free one")
        secure = self.certificate is not None and self.key is not None
        if self.listen != LOOPBACK and not (self.understood and secure):
            raise InvalidSetting(
                f"listening at {self.listen} lets other machines in",
                hint="give --i-understand, --certificate and --certificate-key, or leave --listen out for this machine",
            )


def serve(
    address: Address,
    *,
    runs: Path | None = None,
    browser: bool = True,
    reuse: bool = False,
    no_ledger: bool = False,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until interrupted. `on_ready` receives the address with its token, once. Raises StorageFailed, InvalidSetting.

    `reuse` takes covers that are in this user's list of used ones, `no_ledger` keeps no list.
    """
    try:
        from ssgan.web.app import ServerSettings, create_app
        from ssgan.web.slow_requests import TimedServer
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            f"the page needs {error.name}, which is not installed",
            hint="run pip install fastapi uvicorn python-multipart",
        ) from error
    with contextlib.closing(_socket(address)) as listening:
        port, scheme = listening.getsockname()[1], "https" if address.certificate else "http"
        settings = ServerSettings(_hosts(address.listen, port), runs, scheme, reuse=reuse, no_ledger=no_ledger)
        where = f"{scheme}://{address.listen}:{port}/?token={settings.allowed.token}"
        certificate = {"ssl_certfile": address.certificate, "ssl_keyfile": address.key} if address.certificate else {}
        server = TimedServer(configured(create_app(settings), **certificate))
        with handed_over(where) if browser else contextlib.nullcontext() as handed:
            threading.Thread(target=_announce, args=(server, where, on_ready, handed), daemon=True).start()
            server.run(sockets=[listening])


def configured(app: Any, **more: Any) -> Any:
    """Return uvicorn's settings: its log, and limits of time and of connections."""
    import uvicorn

    from ssgan.web.slow_requests import TimedProtocol

    return uvicorn.Config(
        app, http=TimedProtocol, ws="none", limit_concurrency=connections(), backlog=BATCH,
        timeout_keep_alive=5, timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 2**10, log_level="error", access_log=False, server_header=False, date_header=False,
        **more,
    )  # fmt: skip


def connections() -> int:
    """Return how many connections may be open, so that new ones and workers have file descriptors left."""
    try:
        import resource
    except ImportError:  # a system without such bounds
        return CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS if files == resource.RLIM_INFINITY else max(16, min(CONNECTIONS, files - TURNS * BATCH - OTHERS))


@contextlib.contextmanager
def handed_over(where: str) -> Iterator[str]:
    """Provide the address of a file that leads a browser to `where`, within the block; only this user can read it.

    A browser's arguments can be seen by others, what is in this file cannot. Raises StorageFailed where it cannot be written.
    """
    target = html.escape(f"0; url={where}")
    page = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="{target}"><title>ssgan</title>\n'
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ssgan-", ignore_cleanup_errors=True))
            path = Path(folder).resolve() / "open.html"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(page)
        except OSError as error:
            raise StorageFailed(
                f"no file can be opened in the browser: {error.strerror or error}",
                hint="give --no-browser, which prints the address",
            ) from error
        yield path.as_uri()


def _announce(server: Any, where: str, on_ready: Callable[[str], None], handed: str | None) -> None:
    """Announce the address once the server listens, and open the file in a browser."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    on_ready(where)
    if handed is not None:
        webbrowser.open(handed)


def _hosts(listen: str, port: int) -> frozenset[str]:
    names = {listen, "localhost", LOOPBACK} if listen == LOOPBACK else {listen}
    return frozenset(f"{name}:{port}" for name in names)


def _socket(address: Address) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address.listen, address.port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise StorageFailed(
            f"{address.listen}:{address.port} cannot be opened: {error.strerror}",
            hint="leave --port out to use a free one",
        ) from error
    return listening
