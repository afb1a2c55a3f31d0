"""Define the commands of `ssgan` and how it ends: 0, an error's exit code, 2 for usage, 130 when interrupted.

A command's module is imported when the command runs; the list of commands needs none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

from cyclopts import App, CycloptsError, Group, Parameter

from ssgan.cli.examples import epilogue
from ssgan.cli.help import HelpFormatter
from ssgan.cli.screen import show_error
from ssgan.cli.usage import usage_error
from ssgan.errors import SsganError
from ssgan.version import __version__

# Commands that resume where they were interrupted.
_RESUMED = {
    "train",
    "train-detail",
    "train-extractor",
    "sample",
    "simulate",
    "hide-each",
    "train-detector",
    "score",
    "evaluate",
}
_RESUMED |= {"reproduce", "features"}
INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_ABOUT = """Hide encrypted messages in pictures, read them back, and look for them.

Try it: `ssgan hide --covers generated -m "Meet me at nine" -o out.png`, then `ssgan reveal out.png`. Both ask for the
passphrase. `ssgan COMMAND --help` explains a command and shows examples.

Exit codes: 0 done, 1 error in ssgan itself, 2 wrong usage, 3 no message with this key, 4 does not fit, 5 image refused, 6 model
damaged, 7 disk full or file exists, 8 training diverged, 9 some of many failed, 10 part of a spread message, 11 stegos found
(detect --fail-on-stego), 12 out of memory, 130 interrupted, 141 output closed, 143 terminated."""


class Command(NamedTuple):
    """A command: the function behind it, as MODULE:NAME in `ssgan.cli`, and its line in the list of commands.

    `summary` is the first line of the function's docstring, given here so that the list needs no command's module.
    """

    function: str
    summary: str


# Group → command → what it is, in the order of a first acquaintance.
GROUPS: dict[str, dict[str, Command]] = {
    "Messages": {
        "hide": Command("hide:hide", "Hide an encrypted message in a picture."),
        "reveal": Command("reveal:reveal", "Read the message in a picture."),
        "capacity": Command("hide:capacity", "Count the bytes that a picture can take."),
        "survive": Command("survive:survive", "Try which changes of its files a message lives through."),
        "keygen": Command("keys:keygen", "Write a key file for sender and receiver."),
        "hide-each": Command("hide_each:hide_each", "Hide a message in each of many pictures."),
    },
    "Covers": {
        "sample": Command("sample:sample", "Generate covers."),
        "train": Command("train:train", "Train a generator of covers."),
        "train-detail": Command("train_detail:train_detail", "Train the detail network, which draws covers sample by sample."),
        "train-extractor": Command("train_extractor:train_extractor", "Train the extractor, which reads albums."),
        "export": Command("export:export", "Copy a generator into another format."),
        "quality": Command("quality:quality", "Compare generated covers with real photographs."),
        "rank": Command("rank:rank", "Sort covers by how little a message would change them."),
    },
    "Detection": {
        "detect": Command("detect:detect", "Check pictures for hidden messages, with the detectors of this package."),
        "estimate": Command("estimate:estimate", "Estimate how many last bits of a picture were replaced."),
        "inspect": Command("inspect:inspect", "Show costs, changes, residuals and bit planes of a picture."),
        "train-detector": Command("train_detector:train_detector", "Train a detector of your own for one embedder."),
        "score": Command("train_detector:score", "Score pictures with a detector of your own."),
    },
    "Research": {
        "evaluate": Command("evaluate:evaluate", "Measure how well detectors find embedders in your covers."),
        "report": Command("evaluate:report", "Write the report of an evaluation again."),
        "reproduce": Command("reproduce:reproduce", "Repeat the experiments of the SSGAN paper."),
    },
    "Data": {
        "samples": Command("samples:samples", "Write sample pictures to begin with."),
        "simulate": Command("simulate:simulate", "Embed random messages in many covers, as data for detectors."),
        "features": Command("features:features", "Compute steganalysis features of many pictures."),
    },
    "Set-up": {
        "demo": Command("demo:demo", "Run the whole story and write it as one page."),
        "serve": Command("serve:serve", "Open ssgan in the browser, on this machine only."),
        "list": Command("list:list_catalog", "List schemes, coders, feature sets or detectors."),
        "models": Command("models:commands", "List, show or verify generators and detectors."),
        "doctor": Command("doctor:doctor", "Check this installation."),
        "completion": Command("completion:completion", "Let your shell complete commands and options."),
    },
}
COMMANDS: dict[str, Command] = {name: command for group in GROUPS.values() for name, command in group.items()}


def load(name: str) -> Any:
    """Return the function of a command; of `models`, the function that makes its commands."""
    module, _, function = COMMANDS[name].function.partition(":")
    return getattr(import_module(f"ssgan.cli.{module}"), function)


def commands(only: Sequence[str] | None = None) -> App:
    """Return the command line as one object, built for each call and without state.

    `only` names the commands to load; the others show their line in the list, and no options. By default all are loaded.
    """
    app = App(
        name="ssgan",
        help=_ABOUT,
        version=__version__,
        default_parameter=Parameter(negative=""),
        help_formatter=HelpFormatter(),
        group_parameters=Group("Options"),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app["--help"].group = app["--version"].group = Group("Options", sort_key=len(GROUPS))
    for k, (title, group) in enumerate(GROUPS.items()):
        panel = Group(title, sort_key=k)
        for name, (function, summary) in group.items():
            row: dict[str, Any] = {"group": panel, "sort_key": list(group).index(name)}
            if only is not None and name not in only:
                app.command(f"ssgan.cli.{function}", name=name, help=summary, **row)
            elif name == "models":
                app.command(load(name)(help_epilogue=epilogue(name), **row), name=name)
            else:
                app.command(load(name), name=name, help_epilogue=epilogue(name), **row)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Only errors of this package are caught: any other is a bug to be seen."""
    as_json = "--json" in arguments
    # Before torch is imported: on images of this size threads wait for each other, and processes do the work.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Where a command asks for several threads, one that waits leaves its core to others.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        code = int(commands(arguments[:1])(_with_standard_streams(arguments), exit_on_error=False, print_error=False) or 0)
        sys.stdout.flush()  # what cannot be written is known only now
        return code
    except CycloptsError as error:
        if isinstance(error.__cause__, SsganError):  # said by the validator of an option, with its own hint
            show_error(error.__cause__, json=as_json)
            return error.__cause__.exit_code
        usage = usage_error(error, arguments, COMMANDS)
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


def _after_interrupt(arguments: Sequence[str]) -> str:
    if _RESUMED & set(arguments[:1]):
        return "give the same command again to continue: what is done is kept"
    return "give the command again: nothing half done is left"


class _Interrupted(SsganError):
    exit_code = INTERRUPTED
