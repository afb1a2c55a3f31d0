"""The ensemble against a reference discriminant, a published ensemble, plain second forms, and what it must tell apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.compute import seeds
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.steganalysis.classifiers import ensemble
from ssgan.steganalysis.classifiers.ensemble import Ensemble, EnsembleSettings, best_subspace, discriminant, fit, from_learners
from ssgan.storage import weights


def pairs(count: int, dims: int, shift: float, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features of covers, and of stegos that differ by their own noise and a shift of the first ten."""
    rng = np.random.default_rng(seed)
    covers = rng.normal(size=(count, dims)) @ np.random.default_rng(0).normal(size=(dims, dims)) / dims**0.5
    stegos = covers + 0.3 * rng.normal(size=(count, dims))
    stegos[:, :10] += shift
    return covers, stegos


def error(scores: np.ndarray, others: np.ndarray) -> float:
    """(P_FA + P_MD) / 2 at the threshold 0; a score of 0 is half an error."""
    return float((1 + np.sign(scores).mean()) / 2 + (1 - np.sign(others).mean()) / 2) / 2


def test_a_discriminant_is_the_reference(shared: Path) -> None:
    """Reference made with sealwatch 2025.9 by the makers of the reference data, on features of 160 pairs."""
    with np.load(shared / "reference" / "detection" / "fld" / "fld_reference.npz") as known:
        learner = discriminant(known["Xc_train"], known["Xs_train"])
        np.testing.assert_allclose(learner.w, known["w"], rtol=1e-6, atol=1e-12)
        assert learner.b == pytest.approx(float(known["b"]), rel=1e-6)
        features = np.concatenate([known["Xc_test"], known["Xs_test"]])
        np.testing.assert_allclose(features @ learner.w - learner.b, known["test_projection_minus_b"], rtol=1e-6)


@pytest.fixture(scope="module")
def published(shared: Path) -> Ensemble:
    """Trained in MATLAB by D. Lerch (aletheia, 2017) on SRM of BOSSbase, LSB matching at 0.4."""
    name = "e4s_srm_bossbase_lsbm0.40_gs.mat"
    cells = scipy.io.loadmat(shared / "reference" / "detection" / "aletheia_e4s" / name)["clf"].ravel()
    learners = [tuple(cell[0, 0][part] for part in ("subspace", "w", "b")) for cell in cells]
    return from_learners(learners, features=34671, first=1)


def test_a_published_ensemble_gives_its_votes(published: Ensemble, shared: Path) -> None:
    """On the authors' MATLAB features of three photographs; the votes were counted by the makers of the reference data."""
    folder = shared / "reference" / "detection"
    order = json.loads((folder / "srm_matlab_order.json").read_text())["order"]
    expected = json.loads((folder / "aletheia_e4s" / "expected_votes_on_matlab_srm.json").read_text())["lsbm0.40"]
    for name, row in expected.items():
        submodels = scipy.io.loadmat(folder / "sealwatch" / "features_matlab" / "srm" / f"{name}.mat")
        features = np.concatenate([submodels[part].ravel() for part in order])
        assert published.votes(features[None])[0] == row["sum_votes"]
        assert len(published.b) == row["L"]
        assert abs(published.scores(features[None])[0]) < 10


@given(
    st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8), st.integers(1, 3)), min_size=2, max_size=12),
)
def test_the_threshold_makes_the_fewest_errors(drawn: list[tuple[int, int, int]]) -> None:
    """Small whole numbers, so that there are ties: between equal values no threshold is better than the best that counts."""
    covers, stegos, times = (np.array(column, dtype=np.float64) for column in zip(*drawn, strict=True))
    values = np.unique(np.concatenate((covers, stegos)))
    if len(values) < 2 * len(covers):
        covers, stegos = covers + np.arange(len(covers)) / 100, stegos + np.arange(len(covers)) / 100 + 0.005
        values = np.unique(np.concatenate((covers, stegos)))

    def errors(threshold: float, sign: float) -> float:
        return float(times @ (sign * covers > sign * threshold) + times @ (sign * stegos <= sign * threshold))

    threshold, sign = ensemble.best_threshold((covers, times), (stegos, times))
    best = min(errors(t, s) for t in (values[1:] + values[:-1]) / 2 for s in (1.0, -1.0))
    assert errors(threshold, sign) == best


def test_a_learner_weighs_redrawn_images_by_how_often_they_were_drawn() -> None:
    """The same, by the definition: the redrawn images written out, NumPy's covariances and solver."""
    covers, stegos = pairs(60, 12, 0.5)
    rng = np.random.default_rng(2)
    times = np.bincount(rng.integers(0, 60, 60), minlength=60)
    drawn, subspace = np.flatnonzero(times), np.array([0, 3, 4, 11])
    columns = ensemble._columns(covers, stegos)
    workspace = ensemble._Workspace(4, 60)
    learner, projected = ensemble._learned(columns, subspace, drawn, times[drawn].astype(float), workspace)
    x, y = (np.repeat(part[:, subspace], times, axis=0) for part in (covers, stegos))
    scatter = np.cov(x.T, bias=True) + np.cov(y.T, bias=True) + 1e-10 * np.eye(4)
    w = np.linalg.solve(scatter, y.mean(axis=0) - x.mean(axis=0))
    np.testing.assert_allclose(np.abs(learner.w), np.abs(w), rtol=1e-9)
    np.testing.assert_allclose(projected, np.concatenate((covers, stegos))[:, subspace] @ learner.w, rtol=1e-9, atol=1e-12)
    spread = np.sqrt((np.var(x @ w) + np.var(y @ w)) / 2)
    assert learner.sigma == pytest.approx(spread, rel=1e-6)


def test_an_ensemble_tells_shifted_features_apart() -> None:
    made = fit(*pairs(300, 60, 0.4), seed=3)
    covers, stegos = pairs(600, 60, 0.4, seed=9)
    assert made.error < 0.2
    assert error(made.votes(covers), made.votes(stegos)) == pytest.approx(made.error, abs=0.05)
    assert error(made.scores(covers), made.scores(stegos)) < made.error + 0.05
    assert len(np.unique(made.scores(covers))) == 600


def test_covers_against_covers_give_a_half() -> None:
    rng = np.random.default_rng(4)
    made = fit(rng.normal(size=(200, 40)), rng.normal(size=(200, 40)), settings=EnsembleSettings(learners=60))
    assert made.error == pytest.approx(0.5, abs=0.08)


def test_the_out_of_bag_error_is_that_of_the_learners_that_did_not_see_an_image() -> None:
    covers, stegos = pairs(80, 20, 0.3)
    made = fit(covers, stegos, settings=EnsembleSettings(learners=15, subspace=6), seed=5)
    votes = np.zeros((2, 80))
    for number in range(15):
        rng = seeds.generator(5, "ensemble", "6", str(number))
        rng.choice(20, 6, replace=False, shuffle=False)
        unseen = np.bincount(rng.integers(0, 80, 80), minlength=80) == 0
        for part, features in enumerate((covers, stegos)):
            votes[part] += unseen * np.sign(features[:, made.subspaces[number]] @ made.w[number] - made.b[number])
    assert made.error == pytest.approx(error(*votes))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads: int) -> None:
    covers, stegos = pairs(100, 30, 0.5)
    one, more = fit(covers, stegos, seed=6), fit(covers, stegos, seed=6, threads=threads)
    np.testing.assert_array_equal(one.w, more.w)
    np.testing.assert_array_equal(one.scores(covers), more.scores(covers, threads=threads))
    assert one.error == more.error


def test_a_seed_gives_one_ensemble_and_another_seed_another() -> None:
    covers, stegos = pairs(60, 20, 0.5)
    one, same, other = (fit(covers, stegos, settings=EnsembleSettings(5, 8), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.subspaces, same.subspaces)
    assert (one.subspaces != other.subspaces).any()


def test_an_image_gets_the_same_score_in_any_batch() -> None:
    covers, stegos = pairs(60, 20, 0.5)
    made = fit(covers, stegos, settings=EnsembleSettings(9, 8))
    together = made.scores(stegos)
    np.testing.assert_array_equal(together, [made.scores(row[None])[0] for row in stegos])
    np.testing.assert_array_equal(made.scores(stegos[::-1]), together[::-1])


def test_one_linear_function_gives_the_same_scores() -> None:
    covers, stegos = pairs(60, 20, 0.5)
    made = fit(covers, stegos, settings=EnsembleSettings(9, 8))
    linear = made.as_linear()
    np.testing.assert_allclose(linear.scores(stegos), made.scores(stegos), rtol=1e-12, atol=1e-12)
    assert linear.w.shape == (20,)


def test_constant_and_repeated_features_do_no_harm() -> None:
    covers, stegos = pairs(60, 20, 0.5)
    covers[:, 15:], stegos[:, 15:] = 0.25, 0.25
    covers[:, 14], stegos[:, 14] = covers[:, 0], stegos[:, 0]
    made = fit(covers, stegos, settings=EnsembleSettings(11, 20))
    assert np.isfinite(made.w).all()
    assert made.error < 0.4
    assert np.isfinite(fit(np.ones((9, 4)), np.ones((9, 4)), settings=EnsembleSettings(3, 2)).scores(np.ones((2, 4)))).all()


def test_more_features_than_images_still_give_a_learner() -> None:
    covers, stegos = pairs(12, 80, 1.0)
    assert np.isfinite(fit(covers, stegos, settings=EnsembleSettings(5, 80)).scores(covers)).all()


def test_single_precision_features_give_nearly_the_same_scores() -> None:
    covers, stegos = pairs(120, 30, 0.5)
    exact = fit(covers, stegos, settings=EnsembleSettings(15, 10))
    single = fit(covers.astype(np.float32), stegos.astype(np.float32), settings=EnsembleSettings(15, 10))
    np.testing.assert_allclose(single.scores(covers), exact.scores(covers), atol=0.05)


@given(st.integers(1, 900), st.floats(0, 1), st.integers(0, 9))
@settings(max_examples=60)
def test_the_search_ends_near_the_best_of_a_smooth_curve(dims: int, place: float, seed: int) -> None:
    """On a valley without noise it ends within a step of 5 % or where nothing more than the tolerance is to be gained."""
    valley = 1 + round(place * (dims - 1))
    errors: dict[int, float] = {}

    def curve(subspace: int) -> float:
        assert 1 <= subspace <= dims
        assert subspace not in errors, "nothing is tried twice"
        errors[subspace] = 0.1 + 0.3 * abs(subspace - valley) / dims + seed * 1e-3
        return errors[subspace]

    found = best_subspace(curve, dims)
    assert errors[found] == min(errors.values())
    assert errors[found] < 0.1 + seed * 1e-3 + 0.06
    assert len(errors) < 40


def test_the_search_stops_where_the_error_is_zero() -> None:
    assert best_subspace(lambda subspace: float(subspace < 300), 1000) == 400


def test_it_stops_growing_when_the_error_has_settled() -> None:
    assert not ensemble._enough([0.5] * (ensemble.FEWEST - 1), None)
    assert ensemble._enough([0.3] * ensemble.FEWEST, None)
    falling = list(np.linspace(0.5, 0.2, 60))
    assert not ensemble._enough(falling, None)
    assert ensemble._enough(falling * 9, None), "never more than the most"
    assert ensemble._enough(falling, 60)
    assert not ensemble._enough(falling, 61)


def test_what_is_saved_is_given_back(tmp_path: Path) -> None:
    covers, stegos = pairs(40, 20, 0.5)
    made = fit(covers, stegos, settings=EnsembleSettings(7, 5))
    made.save(tmp_path)
    found = Ensemble.load(tmp_path)
    np.testing.assert_array_equal(found.scores(stegos), made.scores(stegos))
    assert (found.error, found.features) == (made.error, 20)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("subspaces", np.full((7, 5), 20, np.int64)),
        ("subspaces", np.full((7, 5), -1, np.int64)),
        ("subspaces", np.zeros((7, 5), np.int32)),
        ("subspaces", np.zeros((0, 5), np.int64)),
        ("w", np.zeros((7, 4))),
        ("w", np.full((7, 5), np.nan)),
        ("b", np.zeros(6)),
        ("sigma", np.zeros(7)),
        ("error", np.zeros(1)),
    ],
)
def test_an_ensemble_that_points_outside_its_features_is_refused(tmp_path: Path, name: str, changed: np.ndarray) -> None:
    covers, stegos = pairs(40, 20, 0.5)
    fit(covers, stegos, settings=EnsembleSettings(7, 5)).save(tmp_path)
    tensors, manifest = weights.load(tmp_path)
    weights.save(tmp_path, tensors | {name: changed}, manifest)
    with pytest.raises(RefusedModel):
        Ensemble.load(tmp_path)


@pytest.mark.parametrize(
    "manifest", [{"kind": "network"}, {}, {"kind": ensemble.KIND}, {"kind": ensemble.KIND, "features": True}]
)
def test_a_model_of_another_kind_is_refused(tmp_path: Path, manifest: dict[str, object]) -> None:
    covers, stegos = pairs(40, 20, 0.5)
    fit(covers, stegos, settings=EnsembleSettings(3, 5)).save(tmp_path)
    weights.save(tmp_path, weights.load(tmp_path)[0], manifest)
    with pytest.raises(RefusedModel):
        Ensemble.load(tmp_path)


def test_what_cannot_be_trained_on_is_refused() -> None:
    covers, stegos = pairs(10, 8, 0.5)
    for wrong in (stegos[:9], stegos[:, :7], np.where(stegos > 0, stegos, np.nan), stegos[0]):
        with pytest.raises(InvalidSetting):
            fit(covers, wrong)
    with pytest.raises(InvalidSetting, match="features"):
        fit(covers, stegos, settings=EnsembleSettings(subspace=9))
    with pytest.raises(InvalidSetting, match="features"):
        fit(covers, stegos, settings=EnsembleSettings(3, 2)).scores(covers[:, :7])
    with pytest.raises(InvalidSetting):
        EnsembleSettings(learners=0)
    with pytest.raises(RefusedModel, match="length"):
        from_learners([(np.arange(3), np.ones(2), 0.0)], features=5)
