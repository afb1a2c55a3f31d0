"""Show the whole story on one page: fresh covers, a message in one, a warden that looks, and the game of the paper."""

from __future__ import annotations

from ssgan.experiments.demo.result import FULL, QUICK, DemoResult, DemoSize
from ssgan.experiments.demo.story import MESSAGE, tell

__all__ = ["FULL", "MESSAGE", "QUICK", "DemoSize", "DemoResult", "tell"]
