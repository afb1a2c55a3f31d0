"""Which blocks of a picture say something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.detection.verdicts import lsb_replacement
from ssgan.detection.verdicts.blocks import FEWEST_BLOCKS, SIDE, has_made_histogram, useful


def texture(rows: int, columns: int, seed: int = 1) -> np.ndarray:
    """uint8 (1, rows SIDE, columns SIDE), without a sample at the ends."""
    return np.random.default_rng(seed).integers(40, 200, (1, rows * SIDE, columns * SIDE), dtype=np.uint8)


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([0, 128, 255]), st.integers(0, 31), st.integers(0, 31), st.data())
def test_flat_and_saturated_blocks_are_left_out_and_edges_not_looked_at(
    rows: int, columns: int, value: int, below: int, right: int, data: st.DataObject
) -> None:
    image = texture(rows, columns)
    spoiled = data.draw(st.sets(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))))
    for row, column in spoiled:
        image[:, row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = value
    whole = np.pad(image, ((0, 0), (0, below), (0, right)), constant_values=255)
    found = useful(whole)
    kept = [(r, c) for r in range(rows) for c in range(columns) if (r, c) not in spoiled]
    assert found.share == pytest.approx(len(kept) / (rows * columns))
    if len(kept) < FEWEST_BLOCKS:
        assert found.mosaic is None
        return
    assert found.mosaic is not None
    blocks = [image[:, r * SIDE : (r + 1) * SIDE, c * SIDE : (c + 1) * SIDE] for r, c in kept]
    np.testing.assert_array_equal(found.mosaic, np.concatenate(blocks, axis=1))


def test_values_that_never_occur_between_others_make_a_histogram_a_made_one() -> None:
    image = texture(4, 4)
    assert not has_made_histogram(image)
    assert has_made_histogram(image & 254)
    assert has_made_histogram((image // 16 * 16).astype(np.uint8))
    assert has_made_histogram(np.clip((image.astype(int) - 100) * 2 + 100, 0, 255).astype(np.uint8))
    assert has_made_histogram(np.full((1, 64, 64), 7, np.uint8))


def test_a_message_in_every_last_bit_is_found_where_the_rest_is_saturated() -> None:
    rng = np.random.default_rng(2)
    smooth = np.clip(120 + rng.normal(0, 2, (1, 256, 256)).cumsum(-1).cumsum(-2) / 12, 60, 190).astype(np.uint8)
    cover = np.concatenate([smooth, np.full_like(smooth, 255)], axis=2)
    stego = cover & 254 | rng.integers(0, 2, cover.shape, dtype=np.uint8)
    assert not lsb_replacement.trace(cover).is_alarm
    found = lsb_replacement.trace(stego)
    assert found.is_alarm
    assert float(found.seen.partition("LSB replacement: ")[2].split()[0]) > 0.7
