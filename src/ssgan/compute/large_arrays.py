"""Allocate large arrays whose memory goes back to the system as soon as they are freed.

The C library of most Linux systems keeps freed blocks of up to 32 MB for later requests (mallopt(3), M_MMAP_THRESHOLD), and
what it keeps seldom fits the next one. Where one large array follows another, this would be as much as the arrays themselves.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

LEAST = 1 << 20  # bytes; smaller arrays are NumPy's
HUGE = 1 << 22  # bytes, from which huge pages are asked for, as NumPy does
MANY = 1 << 20  # samples


def large_empty(count: int, dtype: type[T] | np.dtype[T]) -> NDArray[T]:
    """Return an array (count,) with arbitrary values."""
    kind = np.dtype(dtype)
    size = count * kind.itemsize
    if size < LEAST:
        return np.empty(count, kind)
    private: dict[str, Any] = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    try:
        block = mmap.mmap(-1, size, **private)
    except OSError as error:
        raise MemoryError(f"{size} bytes cannot be allocated") from error
    if size >= HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        block.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(block, kind)


def give_back(samples: int) -> None:
    """Give all other freed memory back to the system before an operation on `samples` samples, from MANY on.

    That is malloc_trim(3) of the C library of most Linux systems; elsewhere it does nothing.
    """
    if samples >= MANY and sys.platform == "linux":
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
