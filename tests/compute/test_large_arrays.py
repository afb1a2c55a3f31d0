from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ssgan.compute.large_arrays import LEAST, large_empty


@pytest.mark.parametrize("size", [0, 5, LEAST, LEAST + 8])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64])
def test_arrays_of_any_size_can_be_written(size: int, dtype: type[np.generic]) -> None:
    made = large_empty(size // np.dtype(dtype).itemsize, dtype)
    made[:] = 3
    assert made.dtype == dtype
    assert made.shape == (size // np.dtype(dtype).itemsize,)
    assert (made == made.dtype.type(3)).all()


def test_an_array_that_cannot_be_had_is_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError):
        large_empty(1 << 58, np.uint8)


@pytest.mark.skipif(sys.platform != "linux", reason="the resident size is asked of Linux's kernel")
def test_freed_arrays_go_back_to_the_system() -> None:
    """Also where others that were made later are still held."""
    import resource

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    before = resident()
    first, second = large_empty(3 << 20, np.float64), large_empty(1 << 20, np.float64)
    first[:], second[:] = 1, 2
    assert resident() - before > 30 << 20
    del first
    assert resident() - before < 12 << 20
    assert (second == 2).all()
