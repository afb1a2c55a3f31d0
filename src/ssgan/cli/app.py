"""Define the commands of `ssgan` and how it ends: 0, an error's exit code, 2 for usage, 130 when interrupted."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence

from cyclopts import App, CycloptsError, Parameter

from ssgan.cli.completion import completing
from ssgan.cli.demo import demo
from ssgan.cli.detect import detect
from ssgan.cli.doctor import doctor
from ssgan.cli.estimate import estimate
from ssgan.cli.evaluate import evaluate, report
from ssgan.cli.examples import epilogue
from ssgan.cli.export import export
from ssgan.cli.features import features
from ssgan.cli.hide import capacity, hide
from ssgan.cli.hide_each import hide_each
from ssgan.cli.inspect import inspect
from ssgan.cli.keys import keygen
from ssgan.cli.list import list_catalog
from ssgan.cli.models import commands as models
from ssgan.cli.quality import quality
from ssgan.cli.rank import rank
from ssgan.cli.reproduce import reproduce
from ssgan.cli.reveal import reveal
from ssgan.cli.sample import sample
from ssgan.cli.screen import show_error
from ssgan.cli.serve import serve
from ssgan.cli.simulate import simulate
from ssgan.cli.train import train
from ssgan.cli.train_detail import train_detail
from ssgan.cli.train_detector import score, train_detector
from ssgan.errors import InvalidSetting, SsganError
from ssgan.version import __version__

# Commands that resume where they were interrupted.
_RESUMED = {"train", "train-detail", "sample", "simulate", "hide-each", "train-detector", "score", "evaluate"}
_RESUMED |= {"reproduce", "features"}
INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_ABOUT = """Secure steganography: a message in a picture, so that neither the message nor its being there shows.

ssgan hide COVER -m TEXT -o STEGO hides one, ssgan reveal STEGO reads it; both ask for the passphrase.

Exit codes: 0 done, 2 usage, 3 no message with this key, 4 does not fit, 5 refused image, 6 damaged model, 7 disk or
existing file, 8 training diverged, 9 some images of many failed, 10 part of a spread message, 11 stegos were found (detect
--fail-on-stego), 12 not enough memory, 130 interrupted, 143 told to end (SIGTERM), 141 its output is read no more, 1 a mistake
of ours."""

# The order of a first acquaintance.
_COMMANDS: dict[str, Callable[..., int | None]] = {
    "hide": hide,
    "hide-each": hide_each,
    "reveal": reveal,
    "capacity": capacity,
    "keygen": keygen,
    "demo": demo,
    "serve": serve,
    "train": train,
    "sample": sample,
    "export": export,
    "quality": quality,
    "simulate": simulate,
    "inspect": inspect,
    "rank": rank,
    "detect": detect,
    "train-detail": train_detail,
    "train-detector": train_detector,
    "score": score,
    "evaluate": evaluate,
    "report": report,
    "reproduce": reproduce,
    "estimate": estimate,
    "features": features,
    "list": list_catalog,
    "doctor": doctor,
}


def commands() -> App:
    """Return the command line as one object, built for each call and without state."""
    app = App(
        name="ssgan",
        help=_ABOUT,
        version=__version__,
        default_parameter=Parameter(negative=""),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for name, command in _COMMANDS.items():
        app.command(command, name=name, help_epilogue=epilogue(name))
    catalog = models()
    catalog.help_epilogue = epilogue("models")
    app.command(catalog, name="models")
    app.command(completing(commands), name="completion", help_epilogue=epilogue("completion"))
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Only errors of this package are caught: any other is a bug to be seen."""
    as_json = "--json" in arguments
    # Before torch is imported: on images of this size threads wait for each other, and processes do the work.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Where a command asks for several threads, one that waits leaves its core to others.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        code = int(commands()(_with_standard_streams(arguments), exit_on_error=False, print_error=False) or 0)
        sys.stdout.flush()  # what cannot be written is known only now
        return code
    except CycloptsError as error:
        if isinstance(error.__cause__, SsganError):  # said by the validator of an option, with its own hint
            show_error(error.__cause__, json=as_json)
            return error.__cause__.exit_code
        verb = next((word for word in arguments if not word.startswith("-")), "")
        command = f"ssgan {verb} --help" if verb in {*_COMMANDS, "models", "completion"} else "ssgan --help"
        usage = InvalidSetting(_said(error), hint=f"run {command} to see what can be given")
        show_error(usage, json=as_json)
        return usage.exit_code
    except SsganError as error:
        show_error(error, json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        show_error(_Interrupted("interrupted", hint=_after_interrupt(arguments)), json=as_json)
        return INTERRUPTED


def _with_standard_streams(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with a lone hyphen as the path ./-, except where it is the message."""
    before = ["", *arguments]
    return [
        "./-" if now == "-" and last not in ("-m", "--message") else now for last, now in zip(before, arguments, strict=False)
    ]


def _said(error: CycloptsError) -> str:
    """Return in our voice what was wrong, without what follows an unknown letter: in other programs -pWORDS is a passphrase."""
    text = re.sub(r"^(Unknown option: -\w)\S+.*", r"\1", str(error))
    text = re.sub(r" Available commands: .*$", "", text, flags=re.DOTALL)
    text = re.sub(r"\. ([A-Z])", lambda start: f"; {start[1].lower()}", text)
    return text[:1].lower() + text[1:].rstrip(".")


def _after_interrupt(arguments: Sequence[str]) -> str:
    if _RESUMED & set(arguments[:1]):
        return "give the same command again to continue: what is done is kept"
    return "give the command again: nothing half done is left"


class _Interrupted(SsganError):
    exit_code = INTERRUPTED
