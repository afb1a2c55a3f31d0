"""Show the whole story on one page: fresh covers, a message in one, wardens that look, and what is claimed."""

from __future__ import annotations

from ssgan.experiments.demo.result import FULL, QUICK, DemoResult, DemoSize
from ssgan.experiments.demo.story import MESSAGE, tell

__all__ = ["FULL", "MESSAGE", "QUICK", "DemoSize", "DemoResult", "tell"]
