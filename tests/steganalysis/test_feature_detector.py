"""Features with a classifier keep the contract of a detector, and see a gross embedding."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import torch

from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.steganalysis.catalog import CLASSIFIERS, FEATURES
from ssgan.steganalysis.detector import PairDetector, Pairs
from ssgan.steganalysis.feature_detector import KIND, FeatureDetector, FeatureSettings
from ssgan.storage import weights

PLAIN = [name for name, found in FEATURES.items() if not found.needs_probabilities and found.domain == "pixels"]
SMALL = {(name, kind): FeatureSettings(name, kind, learners=15, subspace=40) for name in FEATURES for kind in CLASSIFIERS}


def pairs(count: int, channels: int = 1, *, seed: int = 1) -> Pairs:
    """Blurred noise, and LSB matching in every sample."""
    rng = np.random.default_rng(seed)
    shapes = scipy.ndimage.gaussian_filter(rng.normal(size=(count, channels, 32, 32)), (0, 0, 2, 2))
    covers = torch.from_numpy((128 + 30 * shapes + rng.normal(0, 0.3, shapes.shape)).round().clip(0, 255).astype(np.uint8))
    return Pairs(covers, Embedder("lsb", 1.0, coder="plain").simulate(covers, rng))


def fitted(features: str, classifier: str) -> FeatureDetector:
    channels = FEATURES[features].channels[0]
    detector = FeatureDetector(SMALL[features, classifier])
    detector.fit(pairs(24, channels), pairs(16, channels, seed=2))
    return detector


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("features", PLAIN)
def test_it_keeps_the_contract(features: str, classifier: str, tmp_path: Path) -> None:
    detector: PairDetector = fitted(features, classifier)
    test = pairs(20, FEATURES[features].channels[0], seed=3)
    covers, stegos = detector.scores(test.covers), detector.scores(test.stegos)
    assert covers.shape == (20,)
    assert covers.dtype == np.float64
    assert ((covers > 0).mean() + (stegos <= 0).mean()) / 2 < 0.2, "it sees a gross embedding"
    np.testing.assert_array_equal(detector.scores(test.covers.flip(0)), covers[::-1])
    np.testing.assert_array_equal(detector.scores(test.covers[3:4]), covers[3:4])
    detector.save(tmp_path)
    np.testing.assert_array_equal(type(detector).load(tmp_path).scores(test.stegos), stegos)


def test_the_number_of_threads_changes_no_score() -> None:
    one, two = (FeatureDetector(SMALL["spam", "ensemble"], threads=threads) for threads in (1, 2))
    for detector in (one, two):
        detector.fit(pairs(24), pairs(8))
    np.testing.assert_array_equal(one.scores(pairs(9).covers), two.scores(pairs(9).covers))


def test_what_has_not_learned_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="learned"):
        FeatureDetector().scores(pairs(2).covers)
    with pytest.raises(InvalidSetting, match="learned"):
        FeatureDetector().save(tmp_path)


def test_features_of_a_warden_who_knows_the_probabilities_need_them() -> None:
    detector, plain = FeatureDetector(FeatureSettings("maxsrmd2", learners=5, subspace=20)), pairs(12)
    with pytest.raises(InvalidSetting, match="change probabilities"):
        detector.fit(plain, plain)
    maps = torch.rand(plain.covers.shape, generator=torch.Generator().manual_seed(1))
    with_maps = Pairs(plain.covers, plain.stegos, maps, maps)
    detector.fit(with_maps, with_maps)
    one, other = (detector.scores(plain.covers, probabilities=maps**power) for power in (1, 4))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("settings", [("dctrr", "ensemble"), ("spam", "forest")])
def test_unknown_names_are_refused(settings: tuple[str, str]) -> None:
    with pytest.raises(InvalidSetting, match="Known|no"):
        FeatureSettings(*settings)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "network"},
        {"settings": None},
        {"settings": {"features": "spam"}},
        {"settings": asdict(SMALL["spam", "ensemble"]) | {"features": "spamm"}},
        {"settings": asdict(SMALL["spam", "ensemble"]) | {"features": ["spam"]}},
        {"settings": asdict(SMALL["spam", "ensemble"]) | {"seed": True}},
        {"settings": asdict(SMALL["spam", "ensemble"]) | {"more": 1}},
        {"settings": asdict(SMALL["spam", "ridge"])},
        {"classifier": 1},
        {"classifier": {"kind": "fld ensemble", "features": 5}},
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    fitted("spam", "ensemble").save(tmp_path)
    tensors, manifest = weights.load(tmp_path)
    assert manifest["kind"] == KIND
    weights.save(tmp_path, tensors, manifest | changed)
    with pytest.raises(RefusedModel):
        FeatureDetector.load(tmp_path)
