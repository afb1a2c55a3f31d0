from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.images.coefficients import planes
from ssgan.images.idct import plane_pixels
from ssgan.images.new_jpeg import LUMA_STEPS, new_jpeg, steps
from ssgan.images.quantization import steps_of
from ssgan.steganalysis import detectors
from ssgan.steganalysis.checks.pairs import diagnose, keys
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings
from ssgan.steganalysis.features import spam
from ssgan.steganalysis.training.curriculum import Stage, batch
from ssgan.storage import weights
from tests.jpegs import texture

TABLE = steps(LUMA_STEPS, 75)


def jpeg_pairs(count: int, *, side: int = 32, seed: int = 0) -> Pairs:
    """Pairs of JPEGs of quality 75, whose stegos have one in ten AC coefficients changed."""
    rng = np.random.default_rng(seed)
    lumas = [new_jpeg(texture(side, side, 100 * seed + i), 75, layout="chw").cover.components[0].blocks for i in range(count)]
    covers = np.stack([planes(blocks) for blocks in lumas])[:, None]
    changes = rng.integers(-1, 2, covers.shape, dtype=np.int16) * (rng.random(covers.shape) < 0.1)
    return Pairs(torch.from_numpy(covers), torch.from_numpy((covers + changes).astype(np.int16)), table=TABLE)


def test_pairs_of_jpegs_are_coefficients_of_whole_blocks() -> None:
    pairs = jpeg_pairs(3)
    assert len(pairs[np.array([0, 2])]) == 2
    assert np.array_equal(pairs[:1].table, TABLE)  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting, match="int16 on cpu"):
        Pairs(pairs.covers, pairs.stegos)
    with pytest.raises(InvalidSetting, match="these are pixels"):
        Pairs(pairs.covers.to(torch.uint8), pairs.stegos.to(torch.uint8), table=TABLE)
    with pytest.raises(InvalidSetting, match="8 R, 8 C"):
        Pairs(pairs.covers[..., :12], pairs.stegos[..., :12], table=TABLE)
    with pytest.raises(InvalidSetting, match="table"):
        Pairs(pairs.covers, pairs.stegos, table=np.zeros((8, 8), np.uint16))


def test_their_pixels_are_those_of_a_decoder() -> None:
    pairs = jpeg_pairs(2)
    shown = pairs.as_pixels()
    assert np.array_equal(shown.stegos.numpy(), plane_pixels(pairs.stegos.numpy(), TABLE))
    assert shown.as_pixels() is shown


@pytest.mark.parametrize("name", ["spam/ridge", "xunet"])
def test_a_detector_is_bound_to_its_table(name: str, tmp_path: Path) -> None:
    train, validate = jpeg_pairs(40), jpeg_pairs(8, seed=1)
    detector = detectors.make(name, train, duration_images=128)
    detector.fit(train, validate)
    detector.save(tmp_path / "detector")
    loaded = detectors.load(tmp_path / "detector")
    assert loaded.settings.table == steps_of(TABLE)
    scores = loaded.scores(validate.stegos, table=TABLE)
    assert np.array_equal(scores, detector.scores(validate.stegos, table=TABLE))
    other = steps(LUMA_STEPS, 95)
    with pytest.raises(InvalidSetting, match="quality 75; these JPEGs have quality 95"):
        loaded.scores(validate.stegos, table=other)
    assert np.isfinite(loaded.scores(validate.stegos, table=other, mismatch=True)).all()
    with pytest.raises(InvalidSetting, match="asked about pixels"):
        loaded.scores(validate.as_pixels().stegos)
    with pytest.raises(InvalidSetting, match="learned from pixels"):
        detectors.make(name, train.as_pixels()).fit(train, validate)


def test_features_of_pixels_are_those_of_the_decompressed_luma() -> None:
    pairs = jpeg_pairs(3)
    detector = FeatureDetector(FeatureSettings("spam", table=tuple(TABLE.reshape(-1).tolist())))
    assert np.array_equal(
        detector.features(pairs.covers, table=TABLE), spam.features(plane_pixels(pairs.covers.numpy(), TABLE))
    )


@pytest.mark.parametrize("name", ["spam/ridge", "xunet"])
def test_settings_of_pixels_are_saved_as_ever(name: str, tmp_path: Path) -> None:
    covers = torch.from_numpy(np.stack([texture(32, 32, i) for i in range(40)])).clamp(1, 254)
    pixels = Pairs(covers, covers + torch.randint(0, 2, covers.shape).to(torch.uint8))
    detector = detectors.make(name, pixels, duration_images=64)
    detector.fit(pixels[:30], pixels[30:])
    detector.save(tmp_path)
    _, manifest = weights.load(tmp_path)
    assert "table" not in manifest["settings"]
    assert detectors.load(tmp_path).settings.table is None


def test_a_damaged_table_is_no_detector(tmp_path: Path) -> None:
    pairs = jpeg_pairs(40)
    detector = detectors.make("spam/ridge", pairs)
    detector.fit(pairs, pairs)
    detector.save(tmp_path / "sound")
    tensors, manifest = weights.load(tmp_path / "sound")
    manifest["settings"]["table"][5] = 0
    weights.save(tmp_path / "damaged", dict(tensors), manifest)
    with pytest.raises(RefusedModel):
        detectors.load(tmp_path / "damaged")


def test_training_views_keep_the_table() -> None:
    pairs = jpeg_pairs(4)
    shown = batch(Stage(pairs), range(64), seed=1, device=torch.device("cpu")).images
    assert shown.dtype == torch.uint8
    own = pairs.as_pixels().covers
    seen = set()
    for view in shown[:64]:
        kept = [own, own.flip(-1), own.flip(-2), own.flip(-1, -2)]
        (which,) = {k for k, views in enumerate(kept) if any(torch.equal(view, one) for one in views)}
        seen.add(which)
    assert seen == {0, 1, 2, 3}


def test_sound_pairs_of_jpegs_are_not_suspected() -> None:
    found = diagnose({"train": jpeg_pairs(60), "test": jpeg_pairs(30, seed=2)})
    assert [finding for finding in found if finding.severity != "note"] == []


def test_one_key_for_all_jpegs_is_found_and_own_keys_in_the_same_frequencies_are_not() -> None:
    rng = np.random.default_rng(1)
    covers = jpeg_pairs(80, side=64).covers
    low = torch.zeros(8, 8, dtype=torch.bool)
    low[:3, :3] = True
    mask = low.repeat(8, 8)
    own = torch.from_numpy(rng.integers(-1, 2, covers.shape, dtype=np.int16)) * mask
    assert keys(Pairs(covers, covers + own, table=TABLE)) == []
    same = own[:1].expand_as(covers)
    (finding,) = keys(Pairs(covers, covers + same, table=TABLE))
    assert finding.severity == "refuse"
