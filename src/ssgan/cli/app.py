"""The commands of `ssgan` and how it ends: 0, an error of ours with its exit code, 2 for usage, 130 when interrupted."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

import ssgan
from ssgan.cli.catalogs import list_catalog
from ssgan.cli.demo import demo
from ssgan.cli.inspection import inspect
from ssgan.cli.screen import show_error
from ssgan.cli.simulation import simulate
from ssgan.errors import InvalidSetting, SsganError

INTERRUPTED = 130  # 128 + SIGINT, as shells say it

_ABOUT = """Secure steganography: how a sender changes a cover image so that it does not show.

Exit codes: 0 done, 2 usage, 4 does not fit, 5 refused image, 7 disk or existing file, 9 some images of many failed,
130 interrupted, 1 a mistake of ours."""


def commands() -> App:
    """The command line as one object; it is built for each call and keeps no state."""
    app = App(
        name="ssgan",
        help=_ABOUT,
        version=ssgan.__version__,
        default_parameter=Parameter(negative=""),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.command(demo)
    app.command(simulate)
    app.command(inspect)
    app.command(list_catalog, name="list")
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. Only our own family of errors is caught: anything else is a mistake to be seen."""
    as_json = "--json" in arguments
    # Before torch is imported: on images of this size threads wait for each other, and processes do the work.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        return int(commands()(list(arguments), exit_on_error=False, print_error=False) or 0)
    except CycloptsError as error:
        verb = next((word for word in arguments if not word.startswith("-")), "")
        command = f"ssgan {verb} --help" if verb in {"demo", "inspect", "list", "simulate"} else "ssgan --help"
        usage = InvalidSetting(str(error).rstrip("."), hint=f"{command} says what can be given.")
        show_error(usage, json=as_json)
        return usage.exit_code
    except SsganError as error:
        show_error(error, json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        show_error(_Interrupted("interrupted", hint="What is done is kept: the same command goes on from there."), json=as_json)
        return INTERRUPTED


class _Interrupted(SsganError):
    exit_code = INTERRUPTED
