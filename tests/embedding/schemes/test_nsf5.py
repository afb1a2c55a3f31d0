from __future__ import annotations

import numpy as np

from ssgan.embedding.schemes import nsf5
from tests.embedding.jpeg_covers import component


def test_only_nonzero_ac_coefficients_change_and_only_toward_zero() -> None:
    part = component(40, 44)
    plus, minus = nsf5.costs(part, ())
    values = part.carriers.copy()
    assert values.shape == (5, 5, 8, 8)
    assert np.count_nonzero(values[:, :, 0, 0]) > 20
    values[:, :, 0, 0] = 0
    assert np.array_equal(np.where(values < 0, 1, np.inf), plus)
    assert np.array_equal(np.where(values > 0, 1, np.inf), minus)
