"""What spreading a message and gathering it take, in CPU-seconds a megabyte of message, for any k of n.

`python benchmarks/spreading.py [BYTES]`. Parts that are lost are the first ones, as many as may be, so that all parity counts.
Bars: 0.5 to gather, and 0.5 to spread for a megabyte of all parts together (1 of 255 are 255 times the message).
"""

from __future__ import annotations

import sys
import time

import numpy as np

from ssgan.messages.spread import gather, split

BAR = 0.5  # CPU-seconds a megabyte
CASES = [
    (1, 2), (2, 3), (3, 5), (10, 20), (1, 255), (2, 255), (5, 255), (20, 255), (64, 128), (64, 255), (85, 255), (100, 200),
    (127, 255), (128, 255), (170, 255), (200, 255), (254, 255), (255, 255),
]  # fmt: skip


def seconds(needed: int, count: int, message: bytes) -> tuple[float, float]:
    """CPU-seconds a megabyte of message to spread and to gather."""
    begun = time.process_time()
    parts = split(message, count=count, needed=needed)
    spread = time.process_time()
    assert gather(parts[count - needed :]) == message
    megabytes = len(message) / 1e6
    return (spread - begun) / megabytes, (time.process_time() - spread) / megabytes


def main() -> int:
    """Print a line a case; 1 if any misses the bar."""
    message = np.random.default_rng(1).bytes(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    seconds(2, 3, message[:1000])  # tables
    worst = 0.0
    for needed, count in CASES:
        taken = seconds(needed, count, message)
        print(f"any {needed:>3} of {count:>3}: spread {taken[0]:.3f}, gather {taken[1]:.3f} CPU-s/MB", flush=True)
        worst = max(worst, taken[0] * needed / count, taken[1])
    print(f"worst by its bar {worst:.3f}, bar {BAR}")
    return 0 if worst <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
