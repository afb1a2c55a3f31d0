"""The estimators keep scikit-learn's contract, and are the package's own extraction and training."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import ssgan
from ssgan.compute import seeds
from ssgan.errors import InvalidSetting
from ssgan.images.new_jpeg import gray_jpeg
from ssgan.steganalysis.catalog import FEATURES
from ssgan.steganalysis.classifiers import ensemble

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from ssgan.detection import estimators

TRANSFORMERS = [name for name in ssgan._ESTIMATORS if issubclass(getattr(ssgan, name), estimators._FeatureExtractor)]
CLASSIFIERS = [ssgan.RidgeClassifier(), ssgan.FLDEnsemble(learners=11), ssgan.FLDEnsemble(learners=7, random_state=None)]


def pairs(count: int = 24, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images uint8 (2 N, 3, H, W), covers first, with labels and the number of the pair."""
    covers = np.random.default_rng(seed).normal(128, 0.8, (count, 3, 32, 32)).round().astype(np.uint8)
    images = np.concatenate([covers, ssgan.simulate(covers, "lsb@1", seed=seed)])
    return images, np.repeat(["cover", "stego"], count), np.tile(np.arange(count), 2)


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *(getattr(ssgan, name)() for name in TRANSFORMERS)], ids=repr)
def test_check_estimator_passes_without_exceptions(estimator: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that are skipped: images are no table of numbers
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"] == []
    if estimator in CLASSIFIERS:
        assert sum(r["status"] == "passed" for r in results) > 45


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_transformer_gives_the_features_of_its_set_with_their_names(name: str) -> None:
    transformer = clone(getattr(ssgan, name)(threads=1))
    entry = FEATURES[transformer.feature_set]
    images: Any = pairs(1)[0][:, : max(entry.channels)]
    if entry.domain == "coefficients":
        planes = np.random.default_rng(1).integers(-3, 4, (2, 64, 64)).astype(np.int16)
        images = [gray_jpeg(plane, np.full((8, 8), 9, np.uint16)) for plane in planes]
    beside = {"embedder": "hill@0.4"} if entry.needs_probabilities else {}
    found = transformer.fit_transform(images)
    np.testing.assert_array_equal(found, ssgan.features(images, transformer.feature_set, **beside))  # type: ignore[arg-type]
    assert found.shape == (2, entry.dimension)
    assert list(transformer.get_feature_names_out()) == entry.names()


def test_there_is_a_transformer_for_every_feature_set() -> None:
    assert sorted(getattr(ssgan, name).feature_set for name in TRANSFORMERS) == sorted(FEATURES)


def test_the_ensemble_is_the_package_s_own() -> None:
    images, labels, _ = pairs()
    x = ssgan.features(images, "spam")
    found = ssgan.FLDEnsemble(random_state=3, learners=9).fit(x, labels)
    settings = ensemble.EnsembleSettings(learners=9)
    own = ensemble.fit(x[labels == "cover"], x[labels == "stego"], settings=settings, seed=3)
    np.testing.assert_array_equal(found.model_.w, own.w)
    np.testing.assert_array_equal(found.decision_function(x), own.scores(x))
    np.testing.assert_array_equal(ssgan.FLDEnsemble(random_state=3, learners=9, n_jobs=2).fit(x, labels).model_.w, own.w)
    assert list(found.classes_) == ["cover", "stego"]


def test_out_of_bag_scores_are_of_learners_that_did_not_draw_the_pair() -> None:
    rng = np.random.default_rng(1)
    covers, stegos = rng.normal(0, 1, (40, 12)), rng.normal(1, 1, (40, 12))
    made = ensemble.fit(covers, stegos, settings=ensemble.EnsembleSettings(30, 6), seed=5)
    first, second = ensemble.out_of_bag_scores(made, covers, stegos, seed=5)
    assert len(first) == len(second) == 40
    expected = []
    for i in range(40):
        apart = [k for k in range(30) if i not in _drawn(k)]
        expected.append(float(np.mean([(made.projections(covers[i : i + 1]) / made.sigma)[0, k] for k in apart])))
    np.testing.assert_allclose(first, expected)
    error = ((first > 0).mean() + (second <= 0).mean()) / 2
    within = ((made.scores(covers) > 0).mean() + (made.scores(stegos) <= 0).mean()) / 2
    assert abs(error - made.error) < 0.1
    assert error >= within


def _drawn(number: int) -> set[int]:
    rng = seeds.generator(5, "ensemble", "6", str(number))
    rng.choice(12, 6, replace=False, shuffle=False)
    return set(rng.integers(0, 40, 40).tolist())


@pytest.mark.parametrize("classifier", [ssgan.RidgeClassifier(), ssgan.FLDEnsemble(learners=15, subspace=60)], ids=repr)
def test_pipelines_and_searches_find_the_stegos(classifier: Any) -> None:
    images, labels, groups = pairs()
    line = make_pipeline(ssgan.SPAM(threads=1), StandardScaler(), classifier)
    found = cross_val_score(line, images, labels, groups=groups, cv=GroupKFold(3))
    assert found.mean() > 0.75
    assert cross_val_score(line, list(images), labels, groups=groups, cv=GroupKFold(3)).tolist() == found.tolist()
    setting: dict[str, list[Any]] = {"ridgeclassifier__penalty": [None, 1e-2]}
    if isinstance(classifier, ssgan.FLDEnsemble):
        setting = {"fldensemble__learners": [5, 15]}
    search = GridSearchCV(line, setting, cv=GroupKFold(3)).fit(images, labels, groups=groups)
    assert search.best_score_ > 0.75
    fresh, truth, _ = pairs(40, seed=2)
    chances = search.predict_proba(fresh)
    np.testing.assert_array_equal(search.predict(fresh), np.where(chances[:, 1] > 0.5, "stego", "cover"))
    assert search.score(fresh, truth) > 0.75
    # Calibrated on images that were not learned from: no more certain than right.
    assert -np.log(np.where(truth == "stego", chances[:, 1], chances[:, 0])).mean() < np.log(2)


@pytest.mark.parametrize("classifier", CLASSIFIERS[:2], ids=repr)
def test_what_cannot_be_learned_is_refused_in_words(classifier: Any) -> None:
    x = np.random.default_rng(1).normal(size=(12, 5))
    with pytest.raises(NotFittedError):
        clone(classifier).predict_proba(x)
    with pytest.raises(InvalidSetting, match="1 class"):
        clone(classifier).fit(x, np.zeros(12))
    with pytest.raises(InvalidSetting, match="Only binary"):
        clone(classifier).fit(x, np.arange(12) % 3)
    with pytest.raises(InvalidSetting, match="validation is 2"):
        ssgan.RidgeClassifier(validation=2).fit(x, np.arange(12) % 2)
    with pytest.raises(InvalidSetting, match="penalty is -1"):
        ssgan.RidgeClassifier(-1).fit(x, np.arange(12) % 2)
    with pytest.raises(InvalidSetting, match="reads color images only"):
        ssgan.CRM().fit_transform(np.zeros((2, 1, 16, 16), np.uint8))
    with pytest.raises(InvalidSetting, match="looks at JPEG files"):
        ssgan.DCTR().fit_transform(np.zeros((1, 16, 16), np.uint8))
