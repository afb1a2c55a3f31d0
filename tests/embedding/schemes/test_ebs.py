from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan.embedding.schemes import ebs
from ssgan.images.coefficients import planes
from tests.embedding.jpeg_covers import LUMA_TABLE, component, of_plane, references


def test_costs_follow_the_entropy_of_the_block() -> None:
    part = component(40, 56, table=LUMA_TABLE // 4)
    rho = ebs.costs(part, ()).plus
    for r, c in np.ndindex(*part.whole):
        values = part.blocks[r, c].reshape(-1)[1:]
        counts = np.unique(values[values != 0], return_counts=True)[1]
        shares = counts / counts.sum()
        entropy = -(shares * np.log(shares)).sum()
        dry = np.abs(part.blocks[r, c]) < 1023
        for mode in ebs.WET_MODES:
            dry[mode] = False
        assert np.array_equal(np.isfinite(rho[r, c]), dry & (len(counts) > 1))
        if len(counts) > 1:
            np.testing.assert_allclose(rho[r, c][dry], (part.table.astype(float) ** 2 / entropy**2 + 1e-4)[dry], rtol=1e-12)


@pytest.mark.parametrize("value", [0, 5, -32768, 32767])
def test_a_block_of_one_value_is_wet(value: int) -> None:
    cover = of_plane(np.full((8, 8), value, np.int16), LUMA_TABLE)
    assert np.isinf(ebs.costs(cover.components[0], ()).plus).all()


def test_small_covers_cost_what_the_authors_program_says(shared: Path) -> None:
    """R. Cogranne's program in GNU Octave 7.3: 1e13 is wet."""
    for name, arrays in references(shared).items():
        cover = of_plane(arrays["coefficients"].astype(np.int16), arrays["quantization"])
        rho, expected = planes(ebs.costs(cover.components[0], ()).plus), arrays["ebs_rho"]
        np.testing.assert_array_equal(np.isinf(rho), expected >= 1e13, err_msg=name)
        np.testing.assert_allclose(rho[expected < 1e13], expected[expected < 1e13], rtol=1e-10, err_msg=name)
