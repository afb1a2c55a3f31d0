"""Senders that have the uncompressed original of a JPEG."""

from __future__ import annotations

import numpy as np
import pytest

from ssgan.embedding.catalog import COEFFICIENT_SCHEMES
from ssgan.embedding.coefficient_costs import by_component, coefficient_costs
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.errors import InvalidSetting
from ssgan.images.new_jpeg import NewJpeg, new_jpeg
from tests.embedding.jpeg_covers import picture


def made(height: int = 60, width: int = 76) -> NewJpeg:
    """A new color JPEG at quality 90."""
    return new_jpeg(np.stack([picture(height, width, seed) for seed in (1, 2, 3)]).astype(np.uint8), 90, layout="chw")


@pytest.mark.parametrize("scheme", COEFFICIENT_SCHEMES)
def test_a_change_toward_the_original_is_cheaper_by_the_error(scheme: str) -> None:
    new = made()
    plain = coefficient_costs(new.cover, scheme, 0.3)
    informed = coefficient_costs(new.cover, scheme, 0.3, errors=new.errors)
    before, after = ([by_component(new.cover, rho) for rho in prices] for prices in (plain, informed))
    for k, (errors, part) in enumerate(zip(new.errors, new.cover.components, strict=True)):
        e = errors[: part.whole[0], : part.whole[1]]
        halves = np.abs(e) > 0.4999
        halves[:, :, np.arange(8) % 4 != 0] = halves[:, :, :, np.arange(8) % 4 != 0] = False
        for way, (old, new_costs) in enumerate(zip((before[0][k], before[1][k]), (after[0][k], after[1][k]), strict=True)):
            toward = e > 0 if way == 0 else e < 0
            expected = np.where(halves, np.inf, old * np.where(toward, 1 - 2 * np.abs(e), 1))
            np.testing.assert_allclose(new_costs, expected, rtol=1e-12)


def test_a_stego_is_nearer_to_the_original_than_without_side_information() -> None:
    new = made(96, 96)
    distances = []
    for errors in (None, new.errors):
        stego = simulate_coefficients(new.cover, "juniward@0.4", 1, errors=errors)
        moved = [a.blocks - b.blocks for a, b in zip(stego.components, new.cover.components, strict=True)]
        assert any(part.any() for part in moved)
        distances.append(sum(float(((e - m) ** 2 - e**2).sum()) for e, m in zip(new.errors, moved, strict=True)))
    assert distances[1] < distances[0] / 2


def test_errors_of_another_picture_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="rounding errors"):
        coefficient_costs(made().cover, "uerd", 0.4, errors=made(96, 96).errors)
