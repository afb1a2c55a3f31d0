"""Detect jsteg by the halves of the histogram; estimate what F5 and OutGuess would have changed.

Jsteg alone is called by its attack: screenshots of JPEGs, and JPEGs compressed twice, deceive those on F5 and OutGuess, so that
trained detectors look for these, and the attacks only say how much would have been changed.
"""

from __future__ import annotations

from ssgan.detection.verdicts.trace import Attacks, Trace
from ssgan.steganalysis.attacks.coefficients import BY_NAME, SuspectLuma
from ssgan.steganalysis.attacks.structural import Estimate
from ssgan.steganalysis.detector import Calibration

# In deviations, by `python benchmarks/bundled_jpeg_detectors.py NATURAL --attacks`: of 1,539 covers, four in ten of them once
# JPEGs, 0.13 % score more, and of stegos by jsteg at half of its capacity nine of ten at least 9.8.
ATTACKS = Attacks("jsteg", "jsteg", 3.8, Calibration(slope=1.973, offset=-4.64))


def trace(suspect: SuspectLuma) -> Trace:
    """Return the traces of jsteg in the luma of a JPEG, with the estimates of all attacks."""
    estimates = {name: attack(suspect) for name, attack in BY_NAME.items()}
    found = estimates[ATTACKS.name]
    if not isinstance(found, Estimate):
        obstacle = "JPEG too small or flat"
        return Trace(ATTACKS, None, estimates, f"it has {found.reason}", obstacle=obstacle)
    seen = f"As after jsteg or a tool like it, last bits of {found.payload:.0%} of the coefficients that it uses are random."
    return Trace(ATTACKS, found.payload / found.deviation, estimates, seen=seen)
