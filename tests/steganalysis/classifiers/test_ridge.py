"""The linear baseline solves its equation, chooses on other pairs, and tells apart what a line can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.steganalysis.classifiers import ridge
from ssgan.steganalysis.classifiers.ridge import Ridge, fit
from ssgan.steganalysis.error_rate import p_e
from ssgan.storage import weights

Part = tuple[np.ndarray, np.ndarray]


def pairs(count: int, dims: int, shift: float, seed: int) -> Part:
    rng = np.random.default_rng(seed)
    covers = 5 + rng.normal(size=(count, dims)) * np.geomspace(1e-3, 1e3, dims)
    stegos = covers + 0.3 * rng.normal(size=(count, dims)) * np.geomspace(1e-3, 1e3, dims)
    stegos[:, : dims // 2] += shift * np.geomspace(1e-3, 1e3, dims)[: dims // 2]
    return covers, stegos


@pytest.mark.parametrize(("count", "dims"), [(60, 20), (20, 60)], ids=["more images", "more features"])
def test_each_penalty_solves_its_equation(count: int, dims: int) -> None:
    x = np.random.default_rng(1).normal(size=(count, dims))
    labels = np.sign(np.random.default_rng(2).normal(size=count))
    unit = np.linalg.eigvalsh(x @ x.T if dims > count else x.T @ x).mean()
    solutions = ridge._solutions(x, labels, ridge.PENALTIES)
    assert len(solutions) == len(ridge.PENALTIES)
    for penalty, w in solutions:
        np.testing.assert_allclose(x.T @ (x @ w) + penalty * unit * w, x.T @ labels, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("count", "dims"), [(300, 20), (60, 200)])
def test_a_line_tells_shifted_features_apart(count: int, dims: int) -> None:
    made = fit(pairs(count, dims, 0.8, 1), pairs(100, dims, 0.8, 2))
    covers, stegos = (made.scores(part) for part in pairs(400, dims, 0.8, 3))
    assert made.error < 0.25
    assert (np.mean(covers > 0) + np.mean(stegos <= 0)) / 2 < 0.3


def test_a_penalty_that_was_chosen_before_can_be_given() -> None:
    train, validate = pairs(30, 300, 0.15, 1), pairs(200, 300, 0.15, 2)
    chosen = fit(train, validate)
    again = fit(train, validate, penalties=[chosen.penalty])
    assert (again.penalty, again.error) == (chosen.penalty, chosen.error)
    np.testing.assert_array_equal(again.w, chosen.w)


def test_the_penalty_is_the_best_on_the_other_pairs() -> None:
    """With more features than images, the noise asks for a strong penalty."""
    made = fit(pairs(30, 300, 0.15, 1), pairs(200, 300, 0.15, 2))
    assert made.penalty > min(ridge.PENALTIES)
    assert made.error == pytest.approx(p_e(*(made.scores(part) for part in pairs(200, 300, 0.15, 2)))[0], abs=0.006)


def test_constant_features_have_no_weight() -> None:
    covers, stegos = pairs(50, 10, 0.5, 1)
    covers[:, 3], stegos[:, 3] = 0.1, 0.1
    made = fit((covers, stegos), (covers, stegos))
    assert made.w[3] == 0
    assert np.isfinite(made.w).all()


def test_an_image_gets_the_same_score_in_any_batch() -> None:
    part = pairs(50, 30, 0.5, 1)
    made = fit(part, part)
    np.testing.assert_array_equal(made.scores(part[0]), [made.scores(row[None])[0] for row in part[0]])


def test_what_is_saved_is_given_back(tmp_path: Path) -> None:
    part = pairs(50, 30, 0.5, 1)
    made = fit(part, part)
    made.save(tmp_path)
    found = Ridge.load(tmp_path)
    np.testing.assert_array_equal(found.scores(part[1]), made.scores(part[1]))
    assert (found.penalty, found.error) == (made.penalty, made.error)
    weights.save(tmp_path, weights.load(tmp_path)[0], {"kind": "other"})
    with pytest.raises(RefusedModel):
        Ridge.load(tmp_path)


def test_what_cannot_be_trained_on_is_refused() -> None:
    part = pairs(20, 10, 0.5, 1)
    for wrong in (pairs(20, 9, 0.5, 1), (part[0], part[1] * np.nan), (part[0][:0], part[1])):
        with pytest.raises(InvalidSetting):
            fit(wrong, part)
    with pytest.raises(InvalidSetting, match="features"):
        fit(part, part).scores(part[0][:, :9])
