from __future__ import annotations

import numpy as np
import pytest

from ssgan.embedding import bands, rows
from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.embedder import Embedder
from ssgan.images import to_images


def image(shape: tuple[int, ...]) -> np.ndarray:
    """Noise on a slope, in part saturated at both ends."""
    rng = np.random.default_rng(shape[-1])
    slope = np.linspace(-40, 300, shape[-1]) + rng.normal(0, 9, shape)
    return np.clip(slope, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("shape", "height"), [((1, 61, 40), 7), ((3, 33, 35), 1), ((1, 5, 70), 2)])
def test_costs_in_bands_are_those_of_the_whole(
    scheme: str, shape: tuple[int, ...], height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit, in bands narrower than the filters reach, too."""
    cover = image(shape)
    whole = Embedder(scheme, 0.3).costs(to_images(cover))
    for limit in ("LEAST", "MOST"):
        monkeypatch.setattr(rows, limit, height * shape[-1])
    plus, minus = np.full(shape, np.nan), np.full(shape, np.nan)
    for band in bands.bands(cover, scheme, 0.3):
        part = slice(band.first, band.first + len(band.plus))
        plus[band.plane, part], minus[band.plane, part] = band.plus, band.minus
        assert len(band.plus) <= height
    assert np.array_equal(np.where(cover == 255, np.inf, plus), whole.plus[0].numpy())
    assert np.array_equal(np.where(cover == 0, np.inf, minus), whole.minus[0].numpy())
