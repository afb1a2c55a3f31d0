"""What the detectors that come with the package say of a picture, and of a stego before it is sent."""

from __future__ import annotations

from ssgan.detection.verdicts.judge import judge
from ssgan.detection.verdicts.risk import Risk, risk
from ssgan.detection.verdicts.verdict import FALSE_ALARMS, Verdict, at_base_rate, share_of_true_alarms

__all__ = ["FALSE_ALARMS", "Risk", "Verdict", "at_base_rate", "judge", "risk", "share_of_true_alarms"]
