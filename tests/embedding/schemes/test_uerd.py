from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ssgan.embedding.schemes import uerd
from ssgan.images.coefficients import planes
from tests.embedding.jpeg_covers import LUMA_TABLE, component, of_plane, references


@given(height=st.integers(8, 50), width=st.integers(8, 50))
def test_costs_are_a_step_over_the_energies_around(height: int, width: int) -> None:
    """Blocks that show only some of the picture count as neighbors, and are not priced themselves."""
    part = component(height, width)
    energy = np.abs(part.blocks.astype(float)) * part.table
    energy[:, :, 0, 0] = 0
    around = np.pad(energy.sum((2, 3)), 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3))
    complexity = 0.75 * windows[:, :, 1, 1] + 0.25 * windows.sum((2, 3))
    steps = part.table.astype(float)
    steps[0, 0] = (steps[0, 1] + steps[1, 0]) / 2
    with np.errstate(divide="ignore"):
        expected = steps / complexity[: part.whole[0], : part.whole[1], None, None]
    plus, minus = uerd.costs(part, ())
    assert plus is minus
    np.testing.assert_allclose(plus, expected, rtol=1e-13)


def test_a_flat_picture_is_wet() -> None:
    cover = of_plane(np.zeros((24, 16), np.int16), LUMA_TABLE)
    assert np.isinf(uerd.costs(cover.components[0], ()).plus).all()


def test_the_largest_coefficients_and_steps_do_not_overflow() -> None:
    cover = of_plane(np.full((8, 8), -32768, np.int16), np.full((8, 8), 65535))
    np.testing.assert_allclose(uerd.costs(cover.components[0], ()).plus, 65535 / (3 * 63 * 32768 * 65535), rtol=1e-13)


def test_small_covers_cost_what_the_authors_program_says(shared: Path) -> None:
    """R. Cogranne's version 0.2 in GNU Octave 7.3: 1e13 is wet. Equal bit for bit."""
    for name, arrays in references(shared).items():
        cover = of_plane(arrays["coefficients"].astype(np.int16), arrays["quantization"])
        rho, expected = planes(uerd.costs(cover.components[0], ()).plus), arrays["uerd_rhoP1"]
        ends = np.abs(arrays["coefficients"]) >= 1023
        rho[ends & (expected >= 1e13)] = np.inf
        np.testing.assert_array_equal(np.isinf(rho), expected >= 1e13, err_msg=name)
        np.testing.assert_allclose(rho[expected < 1e13], expected[expected < 1e13], rtol=1e-12, err_msg=name)
