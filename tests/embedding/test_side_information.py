"""Senders that have the uncompressed original of a JPEG."""

from __future__ import annotations

import numpy as np
import pytest

from ssgan.embedding.catalog import COEFFICIENT_SCHEMES
from ssgan.embedding.coefficient_costs import by_component, coefficient_costs
from ssgan.embedding.coefficient_embedder import change_probabilities, simulate_coefficients
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.entry import Prices
from ssgan.errors import InvalidSetting
from ssgan.images.new_jpeg import NewJpeg, new_jpeg
from tests.embedding.jpeg_covers import picture


def made(height: int = 60, width: int = 76) -> NewJpeg:
    """A new color JPEG at quality 90."""
    return new_jpeg(np.stack([picture(height, width, seed) for seed in (1, 2, 3)]).astype(np.uint8), 90, layout="chw")


@pytest.mark.parametrize("scheme", [name for name, row in COEFFICIENT_SCHEMES.items() if not row.needs_errors])
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


def test_siuniward_is_juniward_of_a_side_informed_sender() -> None:
    new = made()
    for named, expected in zip(
        coefficient_costs(new.cover, "siuniward", 0.4, errors=new.errors),
        coefficient_costs(new.cover, "juniward", 0.4, errors=new.errors),
        strict=True,
    ):
        assert np.array_equal(named, expected)
    stegos = [simulate_coefficients(new.cover, f"{scheme}@0.4", 3, errors=new.errors) for scheme in ("siuniward", "juniward")]
    for one, other in zip(*(stego.components for stego in stegos), strict=True):
        assert np.array_equal(one.blocks, other.blocks)


def test_siuniward_expects_to_change_at_lower_cost_and_nearer_to_the_original_than_juniward() -> None:
    """The costs of all possible changes, weighted by their probabilities, at the same payload."""
    new = made(96, 128)
    plain = coefficient_costs(new.cover, "juniward", 0.4)
    informed = coefficient_costs(new.cover, "siuniward", 0.4, errors=new.errors)
    pairs = zip(new.errors, new.cover.components, strict=True)
    e = np.concatenate([part[: own.whole[0], : own.whole[1]].ravel() for part, own in pairs])

    def expected(beta: Prices, prices: Prices) -> float:
        pairs = zip(beta, prices, strict=True)
        return float(sum(np.where(probability > 0, probability * rho, 0)[np.isfinite(rho)].sum() for probability, rho in pairs))

    beta = change_probabilities(new.cover, Embedder("juniward", 0.4))
    informed_beta = change_probabilities(new.cover, Embedder("siuniward", 0.4), errors=new.errors)
    assert expected(informed_beta, informed) < 0.5 * expected(beta, plain)
    # The squared distance from the original, in steps, grows by 1 - 2 e with +1 and by 1 + 2 e with -1.
    growth = [float((b.plus * (1 - 2 * e) + b.minus * (1 + 2 * e)).sum()) for b in (beta, informed_beta)]
    assert growth[1] < 0.5 * growth[0]


def test_siuniward_needs_the_errors() -> None:
    for attempt in (
        lambda: coefficient_costs(made().cover, "siuniward", 0.4),
        lambda: simulate_coefficients(made().cover, "siuniward@0.4", 1),
    ):
        with pytest.raises(InvalidSetting, match="what rounding took") as refused:
            attempt()
        assert "juniward" in refused.value.hint
        assert "--jpeg" in refused.value.hint
