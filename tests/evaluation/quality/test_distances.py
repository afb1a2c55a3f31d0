"""The distances have their closed forms, and what is named without torchmetrics is said."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.linalg

from ssgan.errors import InvalidSetting
from ssgan.evaluation.quality.distances import frechet, kernel


def whitened(rng: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """Samples whose mean is exactly 0 and whose covariance is exactly 1."""
    drawn = rng.standard_normal((count, dimension))
    drawn -= drawn.mean(axis=0)
    return np.asarray(drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn, rowvar=False))).T)


@pytest.mark.parametrize("dimension", [2, 31])
def test_frechet_of_shifted_and_stretched_gaussians_has_its_closed_form(dimension: int) -> None:
    """Diagonal covariances: |shift|^2 + sum (1 - s)^2 (D. Dowson, B. Landau, J. Multivariate Analysis 12, 1982)."""
    rng = np.random.default_rng(1)
    drawn = whitened(rng, 400, dimension)
    shift, stretch = rng.standard_normal(dimension), rng.uniform(0.5, 2, dimension)
    expected = (shift**2).sum() + ((1 - stretch) ** 2).sum()
    assert frechet(drawn, drawn * stretch + shift) == pytest.approx(expected, rel=1e-9)


def test_frechet_of_correlated_features_is_that_of_the_matrix_square_root() -> None:
    rng = np.random.default_rng(2)
    first = rng.standard_normal((300, 6)) @ rng.standard_normal((6, 6))
    second = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6)) + 1
    means, covariances = [s.mean(axis=0) for s in (first, second)], [np.cov(s, rowvar=False) for s in (first, second)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet(first, second) == pytest.approx(float(expected), rel=1e-8)


def test_frechet_of_a_set_and_itself_is_zero() -> None:
    drawn = np.random.default_rng(3).standard_normal((100, 8))
    assert frechet(drawn, drawn) == pytest.approx(0, abs=1e-9)


def test_the_kernel_distance_is_the_unbiased_estimate_summed_pair_by_pair() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.standard_normal((12, 5)), rng.standard_normal((12, 5)) + 0.5

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 5 + 1) ** 3)

    within = [
        sum(k(s[i], s[j]) for i in range(12) for j in range(12) if i != j) / (12 * 11) for s in (first, second)
    ]  # fmt: skip
    across = sum(k(x, y) for x in first for y in second) / 144
    assert kernel(first, second) == pytest.approx(sum(within) - 2 * across, rel=1e-9)


def test_the_kernel_distance_of_one_law_is_zero_on_average_and_that_of_two_is_not() -> None:
    rng = np.random.default_rng(5)
    same = [kernel(*rng.standard_normal((2, 40, 8))) for _ in range(40)]
    error = np.std(same, ddof=1) / np.sqrt(len(same))
    assert abs(np.mean(same)) < 4 * error
    assert min(same) < 0 < max(same)
    other = [kernel(rng.standard_normal((40, 8)), rng.standard_normal((40, 8)) + 1) for _ in range(5)]
    assert min(other) > max(same)


def test_without_torchmetrics_the_line_that_installs_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("torchmetrics")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(InvalidSetting, match="torchmetrics") as caught:
        frechet(np.zeros((2, 2)), np.zeros((2, 2)))
    assert "pip install torchmetrics" in caught.value.hint
