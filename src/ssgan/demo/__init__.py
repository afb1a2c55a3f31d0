"""The whole story on one page: covers that nobody has seen, a message in one, a warden who looks, and the game of the paper."""

from __future__ import annotations

from ssgan.demo.story import MESSAGE, tell
from ssgan.demo.told import FULL, QUICK, Size, Told

__all__ = ["FULL", "MESSAGE", "QUICK", "Size", "Told", "tell"]
