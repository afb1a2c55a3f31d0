"""Decide whether work is long enough to start Numba for it.

Numba takes a quarter of a second until its first loop runs, longer than finding a message of a picture in NumPy.
"""

from __future__ import annotations

import sys

FEW = 1 << 20  # samples: from here on compiled loops save more time than Numba takes to start


def loops_pay(samples: int) -> bool:
    """Return whether to work by compiled loops and not in NumPy: where Numba is there already, and where samples are many."""
    return "numba" in sys.modules or samples > FEW
