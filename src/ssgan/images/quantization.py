"""Keep a JPEG's quantization table in settings, and name it by the quality of libjpeg."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting
from ssgan.images.coefficients import SIDE
from ssgan.images.new_jpeg import LUMA_STEPS, steps

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Table: TypeAlias = NDArray[np.uint16]  # (8, 8): the quantization steps, as [vertical, horizontal frequency]
Steps: TypeAlias = tuple[int, ...]  # the same 64 in row order, as settings hold them

LARGEST_STEP = 2**16 - 1  # of a table of 16 bits


def steps_of(table: NDArray[np.integer[Any]]) -> Steps:
    """Return the 64 steps of a table (8, 8) in row order."""
    return tuple(int(step) for step in table.reshape(-1))


def table_of(given: Any) -> Table:
    """Return the table uint16 (8, 8) of 64 steps in row order. Raises InvalidSetting for anything else."""
    sound = isinstance(given, list | tuple) and len(given) == SIDE * SIDE and all(type(step) is int for step in given)
    if not sound or not all(1 <= step <= LARGEST_STEP for step in given):
        raise InvalidSetting("a quantization table is not 64 whole numbers from 1 on", hint="give the steps in row order")
    return np.array(given, np.uint16).reshape(SIDE, SIDE)


def settings_to_json(settings: DataclassInstance) -> dict[str, Any]:
    """Return settings that may have a `table` of 64 steps as plain values; a table only where there is one."""
    record = asdict(settings)
    table = record.pop("table")
    return record if table is None else {**record, "table": list(table)}


def settings_with_table(record: dict[str, Any]) -> dict[str, Any]:
    """Return settings as a manifest holds them with their table, if there is one, as a tuple. Raises InvalidSetting."""
    return record if "table" not in record else {**record, "table": steps_of(table_of(record["table"]))}


def nearest_quality(table: NDArray[np.integer[Any]]) -> int:
    """Return the libjpeg quality, 1...100, of a table of luma, (8, 8) or (64,) steps of at least 1, as [k, l].

    A table of libjpeg has its own quality. Of any other table it is the quality whose table has the smallest mean of
    |ln(step / step of libjpeg)| over the 64 steps, the higher one of two equally near.
    """
    distances = _distances(table)
    return len(distances) - int(distances[::-1].argmin())


def distance_to_libjpeg(table: NDArray[np.integer[Any]]) -> float:
    """Return the distance of a table of luma from the nearest of libjpeg's, in the measure of `nearest_quality`; 0: it is one.

    The quality next to it is 0.01 to 0.1 away, and more above 95.
    """
    return float(_distances(table).min())


def table_name(table: NDArray[np.integer[Any]]) -> str:
    """Return the table in words: by its quality where it is libjpeg's luma table, else by the nearest one."""
    quality = nearest_quality(table)
    if np.array_equal(table, steps(LUMA_STEPS, quality)):
        return f"quality {quality}"
    return f"a table of its own near quality {quality}"


def _distances(table: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return float64 (100,): how far the table is from that of each quality, 1 first."""
    return np.asarray(np.abs(_logarithms() - np.log(np.asarray(table, np.float64).reshape(-1))).mean(1))


@cache
def _logarithms() -> NDArray[np.float64]:
    """Return float64 (100, 64): the natural logarithms of libjpeg's steps, a row for each quality."""
    return np.log([steps(LUMA_STEPS, quality).reshape(-1).astype(np.float64) for quality in range(1, 101)])
