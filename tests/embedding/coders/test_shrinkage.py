from __future__ import annotations

import numpy as np
import pytest

from ssgan.embedding.coders import shrinkage
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, InvalidSetting
from tests.embedding.jpeg_covers import color, gray


def read(values: np.ndarray, places: np.ndarray, code: int, count: int) -> list[int]:
    """Read as a receiver of F5 does: groups of coefficients that are not zero, in the order of the key."""
    seen = [value for value in values[places] if value]
    bits = [value & 1 if value > 0 else 1 - (-value & 1) for value in seen]
    found = []
    for at in range(0, (2**code - 1) * -(-count // code), 2**code - 1):
        number = 0
        for place, bit in enumerate(bits[at : at + 2**code - 1], start=1):
            number ^= place * bit
        found += [number >> k & 1 for k in range(code)]
    return found[:count]


@pytest.mark.parametrize("code", range(1, 8))
@pytest.mark.parametrize("ones", [0.2, 0.8])
def test_a_receiver_reads_what_was_embedded(code: int, ones: float) -> None:
    """Also where most changes make a zero: then the same bits are embedded again."""
    rng = np.random.default_rng(code)
    values = (rng.choice([-1, 1], 4000) * np.where(rng.random(4000) < ones, 1, rng.integers(2, 6, 4000))).astype(np.int16)
    bits, places, before = rng.integers(0, 2, code * (900 // (2**code - 1) + 1)), rng.permutation(4000), values.copy()
    assert shrinkage._embed(values, places, bits, code)
    assert read(values, places, code, len(bits)) == bits.tolist()
    moved = np.abs(before) - np.abs(values)
    assert set(np.unique(moved)) <= {0, 1}
    assert (np.sign(before) * np.sign(values) >= 0).all()


@pytest.mark.parametrize("payload", [0.05, 0.2, 0.5])
def test_it_changes_more_than_nsf5_and_never_a_zero_or_dc(payload: float) -> None:
    cover = gray(128, 128)
    before = cover.components[0].blocks
    after = simulate_coefficients(cover, f"nsf5@{payload}/shrinkage", 7).components[0].blocks
    other = simulate_coefficients(cover, f"nsf5@{payload}", 7).components[0].blocks
    assert np.array_equal(before[:, :, 0, 0], after[:, :, 0, 0])
    assert not (after[before == 0]).any()
    assert np.count_nonzero(before != after) > np.count_nonzero(before != other)


def test_what_does_not_fit_or_belong_is_refused() -> None:
    with pytest.raises(DoesNotFit, match="F5 expects"):
        simulate_coefficients(gray(64, 64), "nsf5@0.95/shrinkage", 1)
    with pytest.raises(InvalidSetting, match="gray covers"):
        simulate_coefficients(color(64, 64), "nsf5@0.2/shrinkage", 1)
    for name in ("juniward@0.4/shrinkage", "lsb@0.4/shrinkage", "hill@0.4/shrinkage"):
        with pytest.raises(InvalidSetting, match="does not go with") as refused:
            Embedder.parse(name)
        assert "nsf5@0.4/shrinkage" in refused.value.hint
