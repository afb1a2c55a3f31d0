"""Define the trace of an embedder that no training is needed for: what attacks on its formula find in one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData
from ssgan.steganalysis.detector import Calibration


@dataclass(frozen=True)
class Attacks:
    """A set of attacks that answer together: their name, the embedders that they look for, and what their score means.

    target       the embedders that they look for, such as "LSB replacement"
    threshold    the score above which they are an alarm
    calibration  score to probability of a stego, where covers and stegos by the targets are equally many
    """

    name: str
    target: str
    threshold: float
    calibration: Calibration


@dataclass(frozen=True)
class Trace:
    """The answer of `attacks` on one picture: a `score`, or None with the `reason` why they do not apply.

    `estimates` has the result of each attack; `seen` is a sentence on what an alarm is for; `obstacle` is the reason in a
    word or two.
    """

    attacks: Attacks
    score: float | None
    estimates: dict[str, Estimate | NotEnoughData]
    reason: str = ""
    seen: str = ""
    obstacle: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether the score is an alarm."""
        return self.score is not None and self.score > self.attacks.threshold

    @property
    def probability(self) -> float:
        """The probability of a stego, in [0, 1], of a trace that has a score."""
        return float(self.attacks.calibration.probabilities(np.array(self.score)))
