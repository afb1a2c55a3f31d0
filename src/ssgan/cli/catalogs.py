"""`ssgan list`: what there is to choose from."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from ssgan.cli.options import Json
from ssgan.cli.screen import Screen


def list_catalog(
    catalog: Annotated[Literal["schemes", "coders"], Parameter(help="Which catalog.")] = "schemes", /, *, json: Json = False
) -> None:
    """List the embedding schemes (where changes are cheap) or the coders (how bits ride on them)."""
    from ssgan.embedding.catalog import SCHEMES
    from ssgan.embedding.embedder import CODERS

    if catalog == "schemes":
        rows = [{"scheme": name, "title": entry.title, "summary": entry.summary} for name, entry in SCHEMES.items()]
        if json:
            rows = [row | {"paper": entry.paper} for row, entry in zip(rows, SCHEMES.values(), strict=True)]
    else:
        rows = [{"coder": name, "summary": entry.summary} for name, entry in CODERS.items()]
    Screen(json=json).table(catalog.removesuffix("s"), rows)
