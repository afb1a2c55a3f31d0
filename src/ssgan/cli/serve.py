"""`ssgan serve`: the page in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.options import Json
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting


def serve(
    *,
    runs: Annotated[Path | None, Parameter(help="A folder of runs to show while they run.")] = None,
    port: Annotated[int, Parameter(help="The port; 0 takes a free one.")] = 0,
    browser: Annotated[
        bool, Parameter(name="--browser", negative="--no-browser", help="Open the page in your browser.")
    ] = True,
    listen: Annotated[str, Parameter(help="The address to listen on.")] = "127.0.0.1",
    certificate: Annotated[Path | None, Parameter(help="A PEM file, for https.")] = None,
    certificate_key: Annotated[Path | None, Parameter(help="Its key, a PEM file.")] = None,
    i_understand: Annotated[bool, Parameter(help="Confirm that other machines may send requests.")] = False,
    reuse: Annotated[
        bool, Parameter(help="Also take covers that were used before. Two stegos of one cover give each other away.")
    ] = False,
    no_ledger: Annotated[bool, Parameter(help="Neither read nor write the list of used covers on this machine.")] = False,
    json: Json = False,
) -> None:
    """Open ssgan in the browser, on this machine only.

    Generate, hide, reveal, detect and inspect there. The address that is printed opens the page once, in one browser. Nothing
    is sent anywhere; nothing is written to the disk but the list of used covers, and what was made is forgotten when the
    server ends, with Ctrl-C.
    """
    from ssgan.web.serving import Address, serve

    if runs is not None and not runs.is_dir():
        raise InvalidSetting(f"{runs} is no folder", hint="give the folder that holds the runs")
    screen = Screen(json=json)

    def on_ready(where: str) -> None:
        screen.result("serving", [where, "Opens the page once. Ctrl-C ends it."], address=where)

    address = Address(listen, port, certificate, certificate_key, i_understand)
    serve(address, runs=runs, browser=browser, reuse=reuse, no_ledger=no_ledger, on_ready=on_ready)
