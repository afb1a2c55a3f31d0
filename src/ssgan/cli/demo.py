"""`ssgan demo`: every scheme on photographs, as one page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.options import Json, Out, Quiet
from ssgan.cli.screen import Screen


def demo(
    *,
    out: Annotated[Out, Parameter(help="The folder for the page.")] = Path("out/demo"),
    quick: Annotated[bool, Parameter(help="Two photographs instead of all.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Embed with every scheme, measure it and picture it; one page to open in a browser."""
    from ssgan import demo as shown

    screen = Screen(json=json, quiet=quiet)
    with screen.progress(shown.steps(quick=quick), "embedding") as report:
        page = shown.make(out, quick=quick, report=report)
    screen.result("page", f"The page is {page}", page=str(page))
