"""Judge a picture, and a stego before it is sent, by the bundled detectors."""

from __future__ import annotations

from ssgan.detection.verdicts.judge import judge
from ssgan.detection.verdicts.risk import Risk, risk, risk_of_jpeg
from ssgan.detection.verdicts.verdict import FALSE_ALARMS, Verdict, at_base_rate, share_of_true_alarms

__all__ = ["FALSE_ALARMS", "Risk", "Verdict", "at_base_rate", "judge", "risk", "risk_of_jpeg", "share_of_true_alarms"]
