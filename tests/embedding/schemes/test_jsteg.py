from __future__ import annotations

import numpy as np
import pytest

from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.embedding.schemes import jsteg
from tests.embedding.jpeg_covers import color, component, gray


def test_the_last_bit_may_change_and_nothing_else() -> None:
    part = component(32, 40)
    plus, minus = jsteg.costs(part, ())
    values = part.carriers
    flipped = np.where(np.isfinite(plus), values + 1, np.where(np.isfinite(minus), values - 1, values))
    usable = (values != 0) & (values != 1)
    usable[:, :, 0, 0] = False
    assert np.array_equal(flipped, np.where(usable, values ^ 1, values))
    assert not (np.isfinite(plus) & np.isfinite(minus)).any()


@pytest.mark.parametrize("name", ["jsteg@0.2/plain", "jsteg@0.2/plain:raster", "jsteg@0.2", "jsteg@0.2/stc"])
def test_receivers_read_the_same_coefficients_that_the_sender_used(name: str) -> None:
    """Neither a 0 nor a 1 appears or vanishes."""
    cover = color(64, 80)
    stego = simulate_coefficients(cover, name, 3)
    moved = 0
    for before, after in zip(cover.components, stego.components, strict=True):
        assert np.array_equal((before.blocks == 0) | (before.blocks == 1), (after.blocks == 0) | (after.blocks == 1))
        moved += int(np.count_nonzero(before.blocks != after.blocks))
    assert 0.02 < moved / cover.num_nonzero_ac < (0.12 if "plain" in name else 0.1)


def test_jsteg_itself_goes_through_the_file_from_its_beginning() -> None:
    cover = gray(128, 128)
    stego = simulate_coefficients(cover, "jsteg@0.1/plain:raster", 3)
    changed = np.flatnonzero((cover.components[0].blocks != stego.components[0].blocks).any(axis=(1, 2, 3)))
    assert changed.max() < 8  # of sixteen rows of blocks
