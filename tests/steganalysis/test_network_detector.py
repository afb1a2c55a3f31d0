from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.errors import InvalidSetting, RefusedModel, TrainingDiverged
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error import p_e
from ssgan.steganalysis.network_detector import NetworkDetector, NetworkSettings, _batch
from ssgan.steganalysis.recipes import RECIPES, Recipe

QUICK = Recipe("adamax", 2e-3, batch_pairs=16, duration_images=640, evaluate_images=160)


def gross_pairs(count: int, seed: int, size: int = 32, share: float = 0.5) -> Pairs:
    """Smooth covers, and stegos with a change on a share of their samples."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(60, 180, size)[None, :] + rng.normal(0, 20, (count, 1, 1))
    covers = (ramp + rng.normal(0, 0.6, (count, size, size))).round().clip(1, 254).astype(np.uint8)[:, None]
    changes = rng.choice([-1, 1], covers.shape) * (rng.random(covers.shape) < share)
    return Pairs(torch.from_numpy(covers), torch.from_numpy((covers + changes).astype(np.uint8)))


def test_every_network_has_a_recipe() -> None:
    assert set(RECIPES) == set(NETWORKS)


def test_it_learns_a_gross_embedding_and_says_so_of_single_images() -> None:
    train, validate, test = gross_pairs(200, 1), gross_pairs(40, 2), gross_pairs(60, 3)
    detector = NetworkDetector(NetworkSettings.of("xunet", train, recipe=QUICK))
    detector.fit(train, validate)
    covers, stegos = detector.scores(test.covers), detector.scores(test.stegos)
    assert covers.shape == (60,)
    assert covers.dtype == np.float64
    assert p_e(covers, stegos)[0] < 0.15
    np.testing.assert_allclose(detector.scores(test.covers.flip(0)), covers[::-1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(detector.scores(test.covers[:1]), covers[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", ["gncnn", "xunet"])
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path, network: str) -> None:
    train, validate = gross_pairs(40, 1, share=0.05), gross_pairs(10, 2, share=0.05)
    settings = NetworkSettings.of(network, train, recipe=QUICK)
    straight = NetworkDetector(settings)
    straight.fit(train, validate, run=tmp_path / "straight")

    def stop(images_seen: int, figures: dict[str, float]) -> None:
        if images_seen >= 320:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        NetworkDetector(settings).fit(train, validate, run=tmp_path / "stopped", report=stop)
    resumed = NetworkDetector(settings)
    resumed.fit(train, validate, run=tmp_path / "stopped")
    np.testing.assert_array_equal(resumed.scores(train.covers), straight.scores(train.covers))


def test_what_is_saved_scores_the_same_when_loaded(tmp_path: Path) -> None:
    train = gross_pairs(32, 1)
    detector = NetworkDetector(NetworkSettings.of("gncnn", train, recipe=QUICK.with_(duration_images=64)))
    detector.fit(train, train)
    detector.save(tmp_path / "detector")
    loaded = NetworkDetector.load(tmp_path / "detector")
    assert loaded.settings == detector.settings
    np.testing.assert_array_equal(loaded.scores(train.covers), detector.scores(train.covers))


def test_a_cover_and_its_stego_come_together_and_equally_turned() -> None:
    rng = np.random.default_rng(1)
    covers = torch.from_numpy(rng.integers(1, 255, (12, 1, 8, 8), dtype=np.uint8))
    train = Pairs(covers, covers + 1)
    seen = []
    for start in range(0, 24, 6):
        batch_covers, batch_stegos = _batch(train, 3, start, 6)
        assert torch.equal(batch_stegos, batch_covers + 1)
        seen += [tuple(sorted(cover.flatten().tolist())) for cover in batch_covers]
    everyone = sorted(tuple(sorted(cover.flatten().tolist())) for cover in covers)
    assert sorted(seen[:12]) == everyone  # an epoch shows every pair once
    assert sorted(seen[12:]) == everyone
    assert seen[:12] != seen[12:]


def test_a_loss_that_is_no_number_ends_it() -> None:
    train = gross_pairs(16, 1)
    settings = NetworkSettings.of("srnet", train, recipe=Recipe("sgd", 1e30, batch_pairs=8, duration_images=320))
    with pytest.raises(TrainingDiverged):
        NetworkDetector(settings).fit(train, train)


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    train = gross_pairs(4, 1)
    with pytest.raises(InvalidSetting, match="no network"):
        NetworkSettings.of("resnet", train, recipe=QUICK)
    with pytest.raises(InvalidSetting, match="square"):
        NetworkSettings.of("xunet", Pairs(train.covers[..., :20], train.stegos[..., :20]))
    with pytest.raises(InvalidSetting, match="trained"):
        NetworkDetector(NetworkSettings.of("xunet", train)).scores(train.covers)
    with pytest.raises(InvalidSetting, match="at least 1"):
        QUICK.with_(batch_pairs=0)
    with pytest.raises(RefusedModel):
        NetworkDetector.load(tmp_path)
