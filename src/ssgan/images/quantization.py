"""Keep a JPEG's quantization table in settings, and name it by the quality of libjpeg."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting
from ssgan.images.coefficients import SIDE
from ssgan.images.new_jpeg import LUMA_STEPS, steps

Table: TypeAlias = NDArray[np.uint16]  # (8, 8): the quantization steps, as [vertical, horizontal frequency]
Steps: TypeAlias = tuple[int, ...]  # the same 64 in row order, as settings hold them

MOST_STEP = 2**16 - 1


def steps_of(table: NDArray[np.integer[Any]]) -> Steps:
    """Return the 64 steps of a table (8, 8) in row order."""
    return tuple(int(step) for step in table.reshape(-1))


def table_of(given: Any) -> Table:
    """Return the table uint16 (8, 8) of 64 steps in row order. Raises InvalidSetting for anything else."""
    sound = isinstance(given, list | tuple) and len(given) == SIDE * SIDE and all(type(step) is int for step in given)
    if not sound or not all(1 <= step <= MOST_STEP for step in given):
        raise InvalidSetting("a quantization table is not 64 whole numbers from 1 on", hint="give the steps in row order")
    return np.array(given, np.uint16).reshape(SIDE, SIDE)


def settings_with_table(record: dict[str, Any]) -> dict[str, Any]:
    """Return settings as a manifest holds them with their table, if there is one, as a tuple. Raises InvalidSetting."""
    return record if "table" not in record else {**record, "table": steps_of(table_of(record["table"]))}


def nearest_quality(table: NDArray[np.integer[Any]]) -> int:
    """Return the quality 1...100 whose luma table of libjpeg is nearest, by the mean difference of the logarithms."""
    distances = np.abs(_logarithms() - np.log2(table.astype(np.float64))).mean((1, 2))
    return int(np.argmin(distances)) + 1


def table_name(table: NDArray[np.integer[Any]]) -> str:
    """Return the table in words: by its quality where it is libjpeg's luma table, else by the nearest one."""
    quality = nearest_quality(table)
    if np.array_equal(table, steps(LUMA_STEPS, quality)):
        return f"quality {quality}"
    return f"a table of its own near quality {quality}"


@cache
def _logarithms() -> NDArray[np.float64]:
    """Return float64 (100, 8, 8): the logarithms of libjpeg's luma tables of all qualities."""
    return np.log2(np.stack([steps(LUMA_STEPS, quality) for quality in range(1, 101)]).astype(np.float64))
