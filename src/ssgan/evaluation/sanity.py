"""Check the conditions under which the figures of a report are valid, a line each with the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ssgan.compute import seeds
from ssgan.evaluation.results import TrialResult
from ssgan.evaluation.roc import accuracy
from ssgan.evaluation.rows import Row, blind_interval, of_kind
from ssgan.steganalysis.error_rate import Scores, error_interval

GROSS_FOUND = 0.05
NORMAL_99 = 2.58
ROUNDING = 1e-9
# The SSGAN paper's Table 2, on real images: 64 x 64 color, LSB matching at 0.4, and how many images were trained on.
PAPER_ACCURACY, PAPER_IMAGES = 0.87, 380_000
PAPER = ("lsb@0.4/plain", "gncnn", (3, 64, 64))
KEY_POLICY = (
    "every image has a seed of its own, from the trial's seed and its name; the message is random bits; no key serves twice"
)


@dataclass(frozen=True)
class Line:
    """One check: its subject, the outcome, the expected one, and whether they agree."""

    check: str
    found: str
    expected: str
    passed: bool


def sanity(rows: Sequence[Row]) -> list[Line]:
    """Return all lines, the most important first."""
    lines = [_blind(rows[0])]
    lines += [_gross(row) for row in of_kind(rows, "gross")]
    lines += [_null(row) for row in of_kind(rows, "null")]
    lines += [line for row in of_kind(rows, "retrained") for line in (*_not_above_half(row), *_paper(row))]
    lines += [line for row in rows for line in _findings(row)]
    return lines


def _blind(row: Row) -> Line:
    """Return the line on the first row's scores with cover and stego exchanged by a coin, which must carry nothing."""
    scores, name = row.scores[0], row.folders[0].name
    heads = seeds.generator(0, "blind", name).integers(0, 2, len(scores.covers)).astype(bool)
    covers, stegos = np.where(heads, scores.stegos, scores.covers), np.where(heads, scores.covers, scores.stegos)
    threshold = float(np.median(np.concatenate([covers, stegos])))
    error, (low, high) = 1 - accuracy(covers, stegos, threshold), blind_interval(len(covers), NORMAL_99)
    below, above = error_interval([Scores(covers, stegos, scores.groups)])
    return Line(
        "a blind detector errs half the time",
        f"error {error:.3f}; P_E in {below:.3f} to {above:.3f}",
        f"error in {low:.3f} to {high:.3f} (99 of 100 times)",
        low <= error <= high,
    )


def _gross(row: Row) -> Line:
    """Return the line on gross changes, which must be found."""
    return Line(
        f"{row.first.detector} finds {row.first.embedder} in {row.covers}",
        f"P_E {row.figures['p_e']:.3f}",
        f"below {GROSS_FOUND:g}",
        row.figures["p_e"] < GROSS_FOUND - ROUNDING,
    )


def _null(row: Row) -> Line:
    """Return the lines on covers against covers, which must not be told apart."""
    error, (low, high) = 1 - row.figures["accuracy"], blind_interval(row.first.pairs[2])
    return Line(
        f"{row.first.detector} cannot tell {row.covers} from itself",
        f"error {error:.3f}",
        f"{low:.3f} to {high:.3f} (95 of 100 times)",
        low <= error <= high,
    )


def _not_above_half(row: Row) -> list[Line]:
    """Return a line for errors beyond a coin's, which are the mark of a broken split."""
    return [
        Line(
            f"{result.detector} on {result.embedder} in {row.covers}, seed {result.seed}, errs no more than a coin",
            f"error {1 - result.accuracy:.3f}",
            f"at most {high:.3f}",
            False,
        )
        for result in row.results
        if 1 - result.accuracy > (high := blind_interval(result.pairs[2], NORMAL_99)[1])
    ]


def _paper(row: Row) -> list[Line]:
    """Return the line on the one setting that the paper has as well, with the number of pairs behind its accuracy."""
    first = row.first
    if (first.embedder, first.detector, first.shape) != PAPER:
        return []
    found = row.figures["accuracy"]
    why = "" if found >= PAPER_ACCURACY else f", on {_trained(first):,} images where the paper had {PAPER_IMAGES:,}"
    return [
        Line(
            f"if {row.covers} are real, GNCNN on {first.embedder} is as good as in the paper's Table 2",
            f"accuracy {found:.3f}{why}",
            f"at least {PAPER_ACCURACY:g}",
            found >= PAPER_ACCURACY,
        )
    ]


def _findings(row: Row) -> list[Line]:
    """Return the findings of the pairs that may mislead."""
    return [
        Line(
            f"the pairs of {result.embedder or result.kind} in {row.covers}, seed {result.seed}, are in order",
            found.sentence,
            "no such finding",
            False,
        )
        for result in row.results
        for found in result.findings
        if found.severity != "note"
    ]


def _trained(result: TrialResult) -> int:
    """Return the lines on covers and stegos."""
    return 2 * result.pairs[0]
