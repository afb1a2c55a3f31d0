"""Detect LSB replacement in the useful blocks of a picture: three attacks must agree, each by twice its deviation.

Where all three of RS, sample pairs and weighted stego answer, the score is the least of their estimates, each divided by its
own standard deviation. A photograph may deceive one of them; all three at once hardly ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssgan.detection.verdicts.blocks import UsefulBlocks, has_made_histogram, useful
from ssgan.images import to_images
from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData, chi_square, rs, sample_pairs, weighted_stego
from ssgan.steganalysis.detector import Calibration

NAME = "lsb-replacement"
ATTACKS = {"rs": rs, "sample-pairs": sample_pairs, "weighted-stego": weighted_stego, "chi-square": chi_square}
DECIDING = ("rs", "sample-pairs", "weighted-stego")
THRESHOLD = 2.0  # deviations, which hardly any cover reaches: see CALIBRATION and docs/detect.md


@dataclass(frozen=True)
class Trace:
    """The `score` of the attacks in deviations, or None with the `reason` why they do not apply.

    `payload` is the least estimate of the three, in bits per sample.
    """

    score: float | None
    payload: float
    reason: str
    estimates: dict[str, Estimate | NotEnoughData]

    @property
    def is_alarm(self) -> bool:
        """Whether the score is an alarm for LSB replacement."""
        return self.score is not None and self.score > THRESHOLD


def trace(image: np.ndarray) -> Trace:
    """Return the traces of LSB replacement in an image uint8 (C, H, W)."""
    blocks = useful(image)
    if blocks.mosaic is None:
        return _silent(_unusable(blocks))
    if has_made_histogram(blocks.mosaic):
        return _silent("only some gray values occur, as after a change of contrast or with a palette")
    seen = to_images(blocks.mosaic)
    found = {name: attack(seen) for name, attack in ATTACKS.items()}
    estimates = {name: one[0] for name, one in found.items()}
    scores = [float(found[name].raw[0] / found[name].deviation[0]) for name in DECIDING]
    if not np.isfinite(scores).all():
        return Trace(None, 0.0, "hardly any neighbors differ", estimates)
    return Trace(min(scores), max(0.0, min(float(found[name].raw[0]) for name in DECIDING)), "", estimates)


def _silent(reason: str) -> Trace:
    return Trace(None, 0.0, reason, {name: NotEnoughData(reason) for name in ATTACKS})


def _unusable(blocks: UsefulBlocks) -> str:
    if not blocks.share and not blocks.saturated and not blocks.flat:
        return "it is too small"
    if blocks.saturated > blocks.flat:
        return f"{blocks.saturated:.0%} of its blocks are saturated: too light or too dark"
    return f"{blocks.flat:.0%} of its blocks are flat, as in drawings and screenshots"


# Of these scores, by `python benchmarks/bundled_detectors.py attacks PHOTOGRAPHS`: 150 covers, none of which scores above 1.78,
# and stegos of them by LSB replacement at 0.05 to 1 bit per sample.
CALIBRATION = Calibration(slope=2.625, offset=-2.801)
