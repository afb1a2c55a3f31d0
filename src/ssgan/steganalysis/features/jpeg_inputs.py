"""Share the extraction of a feature set for JPEGs among threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import as_array
from ssgan.compute.threads import share_images
from ssgan.images.quantization import Table
from ssgan.steganalysis.jpegs import Planes, check_coefficients


def extracted(
    coefficients: Planes,
    table: NDArray[np.integer[Any]],
    fill: Callable[[NDArray[np.int16], Table, NDArray[np.float64]], None],
    *,
    title: str,
    dimension: int,
    threads: int | None,
) -> NDArray[np.float64]:
    """Return float64 (N, dimension) that `fill(planes (n, H, W), table, out (n, dimension))` has filled, some images a thread.

    Raises what `check_coefficients` raises.
    """
    steps = check_coefficients(coefficients, table, title=title)
    array = as_array(coefficients)
    planes = np.ascontiguousarray(array[:, 0])
    out = np.zeros((len(planes), dimension))

    def work(first: int, last: int) -> None:
        if first < last:
            fill(planes[first:last], steps, out[first:last])

    share_images(work, len(planes), threads=threads)
    return out
