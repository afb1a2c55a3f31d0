"""`ssgan demo`: the whole story, on one page to open in a browser."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.options import Json, Out, Quiet, Verbose
from ssgan.cli.program import program
from ssgan.cli.screen import Screen


def demo(
    *,
    out: Annotated[Out, Parameter(help="The folder for the page and the stego.")] = Path("out/demo"),
    message: Annotated[str | None, Parameter(name=("--message", "-m"), help="The message to hide.")] = None,
    quick: Annotated[bool, Parameter(help="Do less of everything: under a minute instead of about five.")] = False,
    open_page: Annotated[bool, Parameter(name="--open", help="Show the page in a browser when it is done.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Run the whole story and write it as one page.

    It draws honest covers from the bundled generator and one by an encrypted message, reveals it, says what is claimed and what
    is not, trains detectors on honest covers against drawn messages and against LSB matching, and writes one page that explains
    it all. Nothing is fetched or sent.
    """
    import torch

    from ssgan.experiments.demo import FULL, MESSAGE, QUICK, tell

    torch.set_num_threads(1)  # two wardens learn side by side
    screen, size = Screen(json=json, quiet=quiet, verbose=verbose), QUICK if quick else FULL
    with screen.progress(size.units, "demo") as progress:
        page, result = tell(
            out,
            size,
            message=MESSAGE if message is None else message,
            program=program(),
            progress=lambda done, doing: progress(done, doing),
            notify=lambda chapter, words: screen.note("chapter", f"{chapter}: {words}", chapter=chapter, words=words),
        )
    screen.note("next", f"read the message yourself: {program()} reveal {shlex.quote(str(out / 'stego.png'))}")
    screen.result("page", f"The page is {page}", page=str(page), stego=str(out / "stego.png"), **result.to_json())
    if open_page:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            screen.warn(f"no browser could be opened: open {page} yourself.")
