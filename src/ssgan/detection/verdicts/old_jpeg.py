"""Detect the old embedders of JPEGs, jsteg, F5 and OutGuess, by what each does to histograms or to the edges of blocks."""

from __future__ import annotations

from ssgan.detection.verdicts.trace import Attacks, Trace
from ssgan.images.coefficients import Component
from ssgan.steganalysis.attacks.coefficients import BY_NAME
from ssgan.steganalysis.attacks.structural import Estimate
from ssgan.steganalysis.detector import Calibration

# Deviations that hardly any clean JPEG reaches, for each attack, and the meaning of a score in these, by
# `python benchmarks/bundled_jpeg_detectors.py NATURAL --attacks`.
LIMITS = {"jsteg": 3.8, "f5": 2.8, "outguess": 2.4}
ATTACKS = Attacks("old-jpeg", "jsteg, F5 or OutGuess", 1.0, Calibration(slope=3.56, offset=-1.93))
_SEEN = {
    "jsteg": "As after jsteg or a tool like it, last bits of {share:.0%} of the coefficients that it uses are random.",
    "f5": "As after F5, about {share:.0%} of the coefficients that are not zero lost one of their magnitude.",
    "outguess": "As after OutGuess, last bits of {share:.0%} of the coefficients that it uses are random: blocks stand out.",
}


def trace(luma: Component) -> Trace:
    """Return the traces of the old embedders in the luma of a JPEG; the score counts each attack in its own limit."""
    estimates = {name: attack(luma) for name, attack in BY_NAME.items()}
    scores = {
        name: one.payload / one.deviation / LIMITS[name] for name, one in estimates.items() if isinstance(one, Estimate)
    }  # fmt: skip
    if not scores:
        refused = next(one for one in estimates.values() if not isinstance(one, Estimate))
        return Trace(ATTACKS, None, estimates, f"it has {refused.reason}")
    strongest = max(scores, key=lambda name: scores[name])
    found = estimates[strongest]
    assert isinstance(found, Estimate)
    return Trace(ATTACKS, scores[strongest], estimates, seen=_SEEN[strongest].format(share=found.payload))
