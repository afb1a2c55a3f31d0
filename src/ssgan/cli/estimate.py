"""`ssgan estimate`: the classical attacks on LSB replacement, and on old embedders of JPEGs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ssgan.cli.options import Json, Quiet, Verbose, words
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting, SomeItemsFailed

if TYPE_CHECKING:
    from ssgan.detection.estimate import Estimated

_WARNING = "LSB replacement alone is seen here: an estimate near 0 proves nothing about LSB matching or adaptive schemes."
_JPEG_WARNING = (
    "In JPEGs jsteg, F5 and OutGuess alone are seen here: an estimate near 0 proves nothing about adaptive schemes. "
    "F5: a share of the nonzero AC coefficients; else of those other than 0 and 1."
)


def estimate(
    files: Annotated[list[Path], Parameter(help="Image files, folders, zip or tar archives.", consume_multiple=True)],
    /,
    *,
    convert: Annotated[
        str | None,
        Parameter(help="Conversions to allow, with commas between them: palette,16-bit,jpeg; all, with a note, if left out."),
    ] = None,
    limit: Annotated[int | None, Parameter(help="Only so many images, the first ones.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Estimate how many last bits of a picture were replaced.

    The attacks on LSB replacement are RS, sample pairs, weighted stego and chi-square. Of a JPEG: which share of its
    coefficients jsteg, F5 or OutGuess would have changed.

    A payload in bits per sample and its standard deviation, or, where the image does not allow an answer, "not enough data"
    and why. What must be converted is converted, and a note says so: palettes, CMYK, 16 bits (top byte and low byte each by
    itself), bytes behind the end. Finding nothing proves nothing about LSB matching or adaptive schemes: they leave no such
    trace.
    """
    from ssgan.detection.estimate import estimate_files

    if limit is not None and limit < 1:
        raise InvalidSetting(f"--limit is {limit}; it must be at least 1", hint="leave it out to take all")
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    found = list(estimate_files(files, convert=None if convert is None else words(convert), limit=limit))
    screen.table("estimate", [row for one in found for row in _rows(one, json=json)])
    for one in found:
        if one.notes:
            screen.note("converted", f"{one.name}: {' '.join(one.notes)}", file=one.name, notes=list(one.notes))
    kinds = {one.of_coefficients for one in found if not one.error} or {False}
    for text in [_WARNING] * (False in kinds) + [_JPEG_WARNING] * (True in kinds):
        screen.note("warning", text, warning=text)
    failed = sum(bool(one.error) for one in found)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(found)} files could not be read", hint="see the table for the reasons")


def _rows(one: Estimated, *, json: bool) -> list[dict[str, Any]]:
    """Return a row for each attack, and one for a file that cannot be read."""
    from ssgan.steganalysis.attacks.structural import Estimate

    nothing = None if json else "-"
    if one.error:
        return [{"file": one.name, "attack": nothing, "payload": nothing, "deviation": nothing, "reason": one.error}]
    rows = []
    for name, answer in one.answers.items():
        row: dict[str, Any] = {"file": one.name, "attack": name, "payload": nothing, "deviation": nothing, "reason": ""}
        if isinstance(answer, Estimate):
            deviation = None if math.isnan(answer.deviation) else answer.deviation
            row["payload"] = round(answer.payload, 4) if json else f"{answer.payload:.3f}"
            if deviation is not None:
                row["deviation"] = round(deviation, 4) if json else f"{deviation:.3f}"
        else:
            row["reason"] = answer.reason if json else f"not enough data: {answer.reason}"
        rows.append(row)
    return rows
