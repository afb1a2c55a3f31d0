from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.embedding.stc import submatrices

KEY = bytes(range(32))


def remainder(a: int, b: int) -> int:
    """Of polynomials over GF(2), the school way."""
    while a and a.bit_length() >= b.bit_length():
        a ^= b << (a.bit_length() - b.bit_length())
    return a


def divisor(a: int, b: int) -> int:
    return a if b == 0 else divisor(b, remainder(a, b))


def columns_as_specified(height: int, width: int, key: bytes, layer: int) -> list[int]:
    """A second reading of the specification in `submatrices.sequence`, word by word from one long stream."""
    stream = hashlib.shake_256(b"ssgan/stc/columns/2" + bytes([layer, height]) + key).digest(1 << 21)
    inner = height - 2
    columns: list[int] = []
    for place in range(0, len(stream), 2):
        word = int.from_bytes(stream[place : place + 2], "little")
        column = 1 + 2 * (word % 2**inner) + 2 ** (height - 1)
        if column not in columns:
            columns.append(column)
        if len(columns) == 2 and divisor(*columns) != 1:
            columns = []
        if len(columns) >= min(width, 2**inner) and len(columns) >= 2:
            return [columns[i % 2**inner] for i in range(width)]
    raise AssertionError("the stream is too short")


@given(st.integers(6, 11), st.integers(1, 80), st.binary(min_size=16, max_size=40), st.integers(1, 2))
def test_keyed_columns_follow_their_specification(height: int, width: int, key: bytes, layer: int) -> None:
    assert submatrices.keyed(height, width, key, layer).tolist() == columns_as_specified(height, width, key, layer)


def test_keyed_columns_never_change() -> None:
    """Part of a message's format: computed with `columns_as_specified` when the format was set."""
    assert submatrices.keyed(10, 5, KEY).tolist() == [777, 681, 671, 545, 945]
    assert submatrices.keyed(12, 2, KEY, 2).tolist() == [2841, 2213]


@pytest.mark.parametrize("height", [6, 10, 12, 15])
def test_every_column_stands_once_in_the_sequence(height: int) -> None:
    columns = submatrices.sequence(height, KEY).tolist()
    assert sorted(columns) == list(range(2 ** (height - 1) + 1, 2**height, 2))
    assert divisor(*columns[:2]) == 1


@given(st.integers(6, 15), st.integers(1, 600), st.booleans())
def test_columns_begin_and_end_with_a_set_bit_and_differ_as_long_as_they_can(height: int, width: int, keyed: bool) -> None:
    columns = submatrices.keyed(height, width, KEY) if keyed else submatrices.published(height, width)
    assert columns.shape == (width,)
    assert np.all(columns & 1 == 1)
    assert np.all(columns >> (height - 1) == 1)
    round_of = 2 ** (height - 2)
    for start in range(0, width, round_of):
        some = columns[start : start + round_of]
        assert len(set(some.tolist())) == len(some)


def test_another_key_layer_width_or_height_gives_other_columns() -> None:
    sets = [
        submatrices.keyed(12, 6, KEY),
        submatrices.keyed(12, 6, KEY[::-1]),
        submatrices.keyed(12, 6, KEY + b"\0"),
        submatrices.keyed(12, 6, KEY, 2),
        submatrices.keyed(13, 6, KEY) & 0xFFF | 0x800,
    ]
    assert len({tuple(columns.tolist()) for columns in sets}) == len(sets)


def test_no_published_set_has_a_common_divisor_either() -> None:
    for height in range(7, 13):
        for width in submatrices.WIDTHS:
            assert functools.reduce(divisor, submatrices.published(height, width).tolist()) == 1, (height, width)


def test_published_columns_are_those_of_the_reference_vectors(shared: Path) -> None:
    """`stc_vectors` were made with the DDE Lab library; each file lists the columns it used."""
    files = sorted((shared / "reference/embedding/stc_vectors").glob("*.npz"))
    assert files
    for file in files:
        data = np.load(file)
        for kind in ("short", "long"):
            ours = submatrices.published(int(data["h"]), int(data[f"width_{kind}"]))
            assert ours.tolist() == data[f"columns_{kind}"].tolist(), file.name


def test_columns_cannot_be_altered_by_their_users() -> None:
    with pytest.raises(ValueError, match="read-only"):
        submatrices.published(10, 4)[0] = 3
