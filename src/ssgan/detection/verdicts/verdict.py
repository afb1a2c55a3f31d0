"""Define a verdict on one picture: the answer, its certainty, and its meaning where stegos are rare.

A probability without a base rate means nothing. All of them here are for covers and stegos equally many, the stegos as mixed as
those that the detectors were calibrated on; `at_base_rate` carries one over to another world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ssgan.errors import InvalidSetting
from ssgan.steganalysis.attacks.structural import Estimate, NotEnoughData

Word: TypeAlias = Literal["cover", "stego", "inconclusive", "out of domain"]

FALSE_ALARMS = 0.05  # share of covers called stego, at which the thresholds were set, all detectors of a picture together
BASE_RATE = 0.001  # share of images that carry something, in the note on alarms, unless another one is given
CLEAR = 0.25  # probability up to which a picture is called a cover


@dataclass(frozen=True)
class Verdict:
    """The answer for one picture, with the probability and the reasons behind it.

    verdict      "stego" above the threshold of 5 % false alarms; "cover" where the probability is at most CLEAR, which means
                 only that these detectors find nothing; "inconclusive" between; "out of domain" where no detector may judge,
                 or those that may find nothing and others would be needed
    probability  of a stego where covers and stegos are equally many, in [0, 1]; None where no detector may judge
    reasons      whole sentences, the deciding one first
    estimates    the result of each structural attack, a key of ATTACKS, on LSB replacement
    answered     the detectors that judged
    alarms       those of them that call it a stego, at 5 % false alarms together
    obstacle     where none judged, why in a word or two, such as "saturated"; for counting
    """

    verdict: Word
    probability: float | None
    reasons: tuple[str, ...]
    estimates: dict[str, Estimate | NotEnoughData]
    answered: tuple[str, ...]
    alarms: tuple[str, ...]
    obstacle: str = ""


def at_base_rate(probability: float, base_rate: float) -> float:
    """Return the probability where a share `base_rate` of all pictures are stegos, by Bayes' rule: the odds are multiplied."""
    if not 0 < base_rate < 1:
        raise InvalidSetting(f"the base rate is {base_rate}; it must lie between 0 and 1", hint="give 0.001 for one in 1,000")
    hit, miss = probability * base_rate, (1 - probability) * (1 - base_rate)
    return hit / (hit + miss)


def share_of_true_alarms(base_rate: float, *, found: float = 1.0, false_alarms: float = FALSE_ALARMS) -> float:
    """Return the fraction of alarms that are stegos, where a fraction `found` of stegos is found."""
    if not 0 < base_rate < 1:
        raise InvalidSetting(f"the base rate is {base_rate}; it must lie between 0 and 1", hint="give 0.001 for one in 1,000")
    true, false = found * base_rate, false_alarms * (1 - base_rate)
    return true / (true + false)
