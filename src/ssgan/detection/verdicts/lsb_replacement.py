"""Detect LSB replacement in the useful blocks of a picture: three attacks must agree, each by twice its deviation.

Where all three of RS, sample pairs and weighted stego answer, the score is the least of their estimates, each divided by its
own standard deviation. A photograph may deceive one of them; all three at once hardly ever.
"""

from __future__ import annotations

import numpy as np

from ssgan.detection.verdicts.blocks import UsefulBlocks, has_made_histogram, useful
from ssgan.detection.verdicts.trace import Attacks, Trace
from ssgan.steganalysis.attacks.structural import BY_NAME, NotEnoughData
from ssgan.steganalysis.detector import Calibration

DECIDING = ("rs", "sample-pairs", "weighted-stego")
# Deviations, which hardly any cover reaches, and what the scores mean, by `python benchmarks/bundled_detectors.py attacks
# PHOTOGRAPHS`: 150 covers, none of which scores above 1.78, and stegos of them by LSB replacement at 0.05 to 1 bit per sample.
ATTACKS = Attacks("lsb-replacement", "LSB replacement", 2.0, Calibration(slope=2.625, offset=-2.801))


def trace(image: np.ndarray) -> Trace:
    """Return the traces of LSB replacement in an image uint8 (C, H, W)."""
    blocks = useful(image)
    if blocks.mosaic is None:
        return _silent(*_unusable(blocks))
    if has_made_histogram(blocks.mosaic):
        return _silent("only some gray values occur, as after a change of contrast or with a palette", "few gray values")
    seen = blocks.mosaic[None]
    found = {name: attack(seen) for name, attack in BY_NAME.items()}
    estimates = {name: one[0] for name, one in found.items()}
    scores = [float(found[name].raw[0] / found[name].deviation[0]) for name in DECIDING]
    if not np.isfinite(scores).all():
        return Trace(ATTACKS, None, estimates, "hardly any neighbors differ", obstacle="flat")
    payload = max(0.0, min(float(found[name].raw[0]) for name in DECIDING))
    words = f"RS, sample pairs and weighted stego all see LSB replacement: {payload:.2f} bits per sample at least."
    return Trace(ATTACKS, min(scores), estimates, seen=words)


def _silent(reason: str, obstacle: str) -> Trace:
    return Trace(ATTACKS, None, {name: NotEnoughData(reason) for name in BY_NAME}, reason, obstacle=obstacle)


def _unusable(blocks: UsefulBlocks) -> tuple[str, str]:
    """Return why the blocks cannot be asked, as a sentence goes on and in a word or two."""
    if not blocks.share and not blocks.saturated and not blocks.flat:
        return "it is too small", "too small"
    if blocks.saturated > blocks.flat:
        return f"{blocks.saturated:.0%} of its blocks are saturated: too light or too dark", "saturated"
    return f"{blocks.flat:.0%} of its blocks are flat, as in drawings and screenshots", "flat"
