"""Keep freed memory for the next call instead of returning it to the system page by page.

The C library of most Linux systems gives free memory at the end of its heap back once it is more than twice the largest block
that it has seen freed, up to 32 MB (mallopt(3), M_MMAP_THRESHOLD). Arrays of a few megabytes then cost more in page faults than
in arithmetic. One large block, allocated, never touched and freed, moves that limit to 62 MB; elsewhere it does nothing.
"""

from __future__ import annotations

import functools

import numpy as np

LARGEST_LEARNED = 31 << 20  # bytes


@functools.lru_cache(maxsize=1)
def keep_freed() -> None:
    """Configure the allocator, once a process."""
    np.empty(LARGEST_LEARNED, np.uint8)
