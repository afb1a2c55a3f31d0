"""What every feature set and every detector of the catalog must fulfil, whichever comes next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.steganalysis import detectors
from ssgan.steganalysis.catalog import CLASSIFIERS, DETECTORS, FEATURES, NETWORKS
from ssgan.steganalysis.detector import PairDetector, Pairs

SETS = sorted(name for name, found in FEATURES.items() if found.domain == "pixels")
OF_PIXELS = [name for name, entry in DETECTORS.items() if entry.domain == "pixels"]
BATCH = 32  # pairs a network is trained on at a time, in its recipe


def covers_of(count: int, channels: int, height: int, width: int, *, seed: int) -> np.ndarray:
    """Walks along rows: neighbors differ by little, as in a photograph."""
    rng = np.random.default_rng(seed)
    walk = 128 + rng.normal(0, 4, (count, channels, height, width)).cumsum(-1)
    return walk.clip(20, 235).astype(np.uint8)


def extract(name: str, images: np.ndarray | torch.Tensor, *, threads: int | None = 1) -> np.ndarray:
    """With change probabilities that depend on nothing but the image itself."""
    found = FEATURES[name]
    if not found.needs_probabilities:
        return found.extract(images, threads=threads)
    return found.extract(images, (np.asarray(images) % 7) / 10, threads=threads)


@pytest.mark.parametrize("name", SETS)
def test_features_are_as_many_finite_numbers_as_have_names(name: str) -> None:
    found = FEATURES[name]
    assert len(found.names()) == len(set(found.names())) == found.dimension
    for channels in found.channels:
        features = extract(name, covers_of(2, channels, 16, 20, seed=1))
        assert features.shape == (2, found.dimension)
        assert features.dtype == np.float64
        assert np.isfinite(features).all()
        assert (features != 0).any(axis=1).all()


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=5)
@given(st.data())
def test_neither_order_nor_neighbors_nor_threads_change_features(name: str, data: st.DataObject) -> None:
    size = st.integers(8, 24)
    images = covers_of(4, FEATURES[name].channels[-1], data.draw(size), data.draw(size), seed=data.draw(st.integers(0, 99)))
    together, order = extract(name, images), data.draw(st.permutations(range(4)))
    np.testing.assert_array_equal(extract(name, images[order]), together[order])
    np.testing.assert_array_equal(extract(name, images[2:3]), together[2:3])
    for threads in (None, 2, 3):
        np.testing.assert_array_equal(extract(name, images, threads=threads), together)
    np.testing.assert_array_equal(extract(name, torch.from_numpy(images)), together)


@pytest.mark.parametrize("name", SETS)
def test_a_changed_sample_changes_features(name: str) -> None:
    images = covers_of(1, FEATURES[name].channels[0], 16, 16, seed=2)
    changed = images.copy()
    changed[0, 0, 8, 8] += 1
    assert (extract(name, changed) != extract(name, images)).any()


@pytest.mark.parametrize("name", SETS)
def test_images_of_other_kinds_are_refused_and_it_is_said_why(name: str) -> None:
    channels = FEATURES[name].channels[-1]
    images = covers_of(2, channels, 16, 16, seed=3)
    others = [count for count in (1, 2, 3, 4) if count not in FEATURES[name].channels]
    wrong = [images.astype(np.float32), images.astype(np.int64), images[0], images[None]]
    for given_images in [*wrong, *(np.repeat(images[:, :1], count, axis=1) for count in others)]:
        with pytest.raises(InvalidSetting) as caught:
            extract(name, given_images)
        assert caught.value.hint
    with pytest.raises(RefusedImage) as refused:
        extract(name, images[..., :3])
    assert refused.value.hint
    with pytest.raises(InvalidSetting, match="threads"):
        extract(name, images, threads=0)


@pytest.mark.parametrize("name", SETS)
def test_no_image_has_no_features(name: str) -> None:
    assert extract(name, covers_of(0, FEATURES[name].channels[0], 16, 16, seed=4)).shape == (0, FEATURES[name].dimension)


def gross_pairs(count: int, channels: int, *, seed: int) -> Pairs:
    """Stegos with strong noise on every third sample, and change probabilities."""
    rng = np.random.default_rng(seed)
    covers = covers_of(count, channels, 32, 32, seed=seed)
    noise = rng.integers(-20, 21, covers.shape) * (rng.random(covers.shape) < 1 / 3)
    stegos = (covers.astype(int) + noise).clip(0, 255).astype(np.uint8)
    maps = [torch.from_numpy(rng.random(covers.shape)) for _ in range(2)]
    return Pairs(torch.from_numpy(covers), torch.from_numpy(stegos), maps[0], maps[1])


def scores(detector: PairDetector, pairs: Pairs) -> np.ndarray:
    """Of covers and then of stegos."""
    covers = detector.scores(pairs.covers, probabilities=pairs.cover_probabilities)
    return np.concatenate((covers, detector.scores(pairs.stegos, probabilities=pairs.stego_probabilities)))


def test_the_catalog_has_every_network_and_every_feature_set_with_every_classifier() -> None:
    assert len(DETECTORS) == len(NETWORKS) + len(FEATURES) * len(CLASSIFIERS)
    for entry in DETECTORS.values():
        assert entry.built_on in (NETWORKS if entry.kind == "network" else FEATURES)
        assert all((entry.title, entry.summary, entry.paper, entry.channels))


@pytest.mark.parametrize("name", OF_PIXELS)
def test_what_is_not_trained_gives_no_score_and_no_file(name: str, tmp_path: Path) -> None:
    pairs = gross_pairs(2, DETECTORS[name].channels[-1], seed=1)
    detector = detectors.make(name, pairs)
    assert isinstance(detector, PairDetector)
    for call in (lambda: scores(detector, pairs), lambda: detector.save(tmp_path / "folder")):
        with pytest.raises(InvalidSetting) as caught:
            call()
        assert caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", OF_PIXELS)
def test_a_detector_scores_each_image_for_itself_and_is_the_same_when_loaded(name: str, tmp_path: Path) -> None:
    channels = DETECTORS[name].channels[0]
    train, validate, test = (gross_pairs(count, channels, seed=seed) for seed, count in enumerate((BATCH, 6, 5)))
    detector = detectors.make(name, train, seed=1, duration_images=2 * BATCH, threads=1)
    detector.fit(train, validate)
    found = scores(detector, test)
    assert found.shape == (10,)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()
    # A network's sums take another order in another batch; nothing else may differ.
    close = 1e-4 if DETECTORS[name].kind == "network" else 1e-12
    np.testing.assert_allclose(scores(detector, test[np.arange(4, -1, -1)])[:5], found[4::-1], rtol=close, atol=close)
    np.testing.assert_allclose(scores(detector, test[1:2]), found[[1, 6]], rtol=close, atol=close)
    detector.save(tmp_path / "detector")
    np.testing.assert_array_equal(scores(detectors.load(tmp_path / "detector", threads=1), test), found)


@pytest.mark.parametrize("name", [name for name in OF_PIXELS if DETECTORS[name].kind == "features"])
def test_features_with_a_classifier_see_a_gross_change(name: str) -> None:
    channels = DETECTORS[name].channels[0]
    detector = detectors.make(name, gross_pairs(2, channels, seed=0), threads=1)
    detector.fit(gross_pairs(24, channels, seed=5), gross_pairs(6, channels, seed=6))
    found = scores(detector, gross_pairs(10, channels, seed=7))
    assert found[:10].max() < found[10:].min()


@pytest.mark.parametrize("name", [name for name, entry in DETECTORS.items() if entry.channels == (3,)])
def test_a_detector_of_color_images_refuses_gray_ones(name: str) -> None:
    with pytest.raises(InvalidSetting, match="color"):
        detectors.make(name, gross_pairs(2, 1, seed=0))


@pytest.mark.parametrize(("name", "hint"), [("srmm", "did you mean srm?"), ("zzz", "xunet")])
def test_an_unknown_name_is_answered_with_those_that_are_known(name: str, hint: str) -> None:
    with pytest.raises(InvalidSetting, match=name) as caught:
        detectors.make(name, gross_pairs(2, 1, seed=0))
    assert hint in caught.value.hint
