"""`ssgan rank`: the covers in which a message shows least."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.options import Convert, EmbedderName, Json, Quiet, Verbose, words
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting, SomeItemsFailed


def rank(
    covers: Annotated[list[Path], Parameter(help="Image files, folders, zip or tar archives.", consume_multiple=True)],
    /,
    *,
    embedder: EmbedderName = "hill@0.4",
    convert: Convert = "",
    limit: Annotated[int | None, Parameter(help="Use only the first images, at most this many.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Sort covers by how little a message would change them.

    The safest comes first. No detector is trained or asked. The deflection is a closed formula: the sum over samples of v^2 /
    (2 s^4), v the probability that the embedder changes a sample, s^2 the variance of the error of predicting it from its
    neighbors. Covers of one size can be compared, and one scheme at several payloads. It ranks covers; a detector that is
    trained on them says how safe they are.
    """
    from ssgan.detection.rank import rank_covers
    from ssgan.embedding.embedder import Embedder

    if limit is not None and limit < 1:
        raise InvalidSetting(f"--limit is {limit}; it must be at least 1", hint="leave it out to take all")
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    found = rank_covers(covers, Embedder.parse(embedder), convert=words(convert), limit=limit)
    nothing = None if json else "-"
    rows = []
    for place, one in enumerate(found, start=1):
        value = nothing if one.deflection is None else round(one.deflection, 6) if json else f"{one.deflection:.4g}"
        rows.append(
            {"rank": nothing if one.deflection is None else place, "cover": one.name, "deflection": value, "reason": one.error}
        )
    screen.table("rank", rows)
    failed = sum(one.deflection is None for one in found)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(found)} files cannot be ranked", hint="see the table for the reasons")
