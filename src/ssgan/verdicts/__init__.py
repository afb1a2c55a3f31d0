"""What the detectors that come with the package say of a picture, and of a stego before it is sent."""

from __future__ import annotations

from ssgan.verdicts.judging import judge
from ssgan.verdicts.risk import Risk, risk
from ssgan.verdicts.verdict import FALSE_ALARMS, Verdict, at_base_rate, share_of_true_alarms

__all__ = ["FALSE_ALARMS", "Risk", "Verdict", "at_base_rate", "judge", "risk", "share_of_true_alarms"]
