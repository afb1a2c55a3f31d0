"""The detail network learns the laws of samples, says how many bits they carry, and goes on exactly where it stopped."""

from __future__ import annotations

import json
import math
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.gan.backbones.detail import Detail, Law, bits, planes_of
from ssgan.gan.training import detail as training
from ssgan.gan.training.detail import half_size, load_detail, train_detail
from ssgan.gan.training.detail_settings import DetailConfig
from ssgan.storage import weights

SMALL = DetailConfig(image_size=16, channels=1, width=6, batch=4, duration_images=48, train_share=0.8)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty smooth pictures in gray."""
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(3)
    rows, columns = np.mgrid[0:16, 0:16]
    for number in range(40):
        slope = rng.normal(size=2) * 5
        picture = 128 + slope[0] * (rows - 8) + slope[1] * (columns - 8) + rng.normal(size=(16, 16))
        images.write(folder / f"{number:02d}.png", np.clip(np.rint(picture), 0, 255).astype(np.uint8)[None])
    return folder


@pytest.mark.parametrize("mean", [-3.0, 0.0, 17.3, 128.0, 254.9, 300.0])
@pytest.mark.parametrize("log2_scale", [-2.0, 0.0, 3.0])
def test_the_bits_of_all_values_are_those_of_one_law(mean: float, log2_scale: float) -> None:
    """Against the formula in double precision, and: the probabilities of 0...255 add up to 1."""
    values = torch.arange(256.0).view(1, 1, 16, 16)
    law = Law(torch.full_like(values, mean), torch.full_like(values, log2_scale))
    found = 2.0 ** -bits(law, values).double().numpy().ravel()
    scale = 2.0**log2_scale

    def cumulative(x: float) -> float:
        z = (x - mean) / scale
        return 1 / (1 + math.exp(-z)) if z > -700 else 0.0

    exact = [(1.0 if v == 255 else cumulative(v + 0.5)) - (0.0 if v == 0 else cumulative(v - 0.5)) for v in range(256)]
    assert abs(sum(exact) - 1) < 1e-12
    np.testing.assert_allclose(found, np.maximum(exact, 2.0**-20), rtol=2e-3, atol=2e-6)


def test_a_law_knows_only_what_was_drawn_before() -> None:
    """A later plane, and a later sample of the same plane, do not move the mean; nor does one of the header's plane."""
    torch.manual_seed(1)
    network = Detail(3, 8)
    y, planes = torch.rand(1, 3, 6, 6) * 255, torch.rand(1, 4, 3, 6, 6) * 255
    before = [[law.mean for law in row] for row in network.laws(y, planes)]
    for phase in range(4):
        for plane in range(3):
            changed = planes.clone()
            changed[0, phase, plane, 3, 3] += 40
            for other_phase, row in enumerate(network.laws(y, changed)):
                for other, law in enumerate(row):
                    moved = (law.mean - before[other_phase][other]).abs()[0, 0] > 1e-4
                    if (other_phase, other) < (phase, plane):
                        assert not moved.any()
                    elif (other_phase, other) == (phase, plane):
                        rows, columns = torch.nonzero(moved, as_tuple=True)
                        assert not (rows * 6 + columns <= 3 * 6 + 3).any()
                        assert len(rows) == (0 if phase == plane == 0 else 4)


def test_half_the_size_is_in_quarters() -> None:
    pictures = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    without = half_size(pictures, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(without, torch.nn.functional.avg_pool2d(pictures.float(), 2))
    noisy = half_size(pictures, 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(noisy * 4, (noisy * 4).round())
    assert planes_of(pictures).shape == (2, 4, 3, 4, 4)


def test_training_knows_photographs_better_and_says_how_well(photographs: Path, tmp_path: Path) -> None:
    first = train_detail(photographs, SMALL, tmp_path / "short")
    longer = train_detail(photographs, replace(SMALL, duration_images=1200), tmp_path / "long")
    assert longer["bits_per_sample"] < first["bits_per_sample"] - 1
    assert 1.5 < longer["bits_per_sample"] < 5
    assert np.shape(longer["bits_by_plane"]) == np.shape(longer["uniformity"]) == (4, 1)
    assert longer["held_back"] == 8
    network, config, about = load_detail(tmp_path / "long")
    assert config.duration_images == 1200
    assert about["images_seen"] == 1200
    assert isinstance(network, Detail)
    assert train_detail(photographs, replace(SMALL, duration_images=1200), tmp_path / "long") == longer


@pytest.mark.parametrize("stop_after", [1, 5, 11])
def test_an_interrupted_training_goes_on_exactly(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    whole = train_detail(photographs, SMALL, tmp_path / "whole")
    steps, usual = [0], training._step

    def interrupting(*arguments: object) -> float:
        steps[0] += 1
        if steps[0] == stop_after:
            signal.raise_signal(signal.SIGINT)
        return usual(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "_step", interrupting)
    with pytest.raises(KeyboardInterrupt):
        train_detail(photographs, SMALL, tmp_path / "parts")
    parts = train_detail(photographs, SMALL, tmp_path / "parts")
    assert steps[0] == 12
    assert {**parts, "seconds": 0} == {**whole, "seconds": 0}
    for one, other in zip(
        load_detail(tmp_path / "whole")[0].parameters(), load_detail(tmp_path / "parts")[0].parameters(), strict=True
    ):
        assert torch.equal(one, other)
    lines = [json.loads(line)["images_seen"] for line in (tmp_path / "parts" / "stats.jsonl").read_text().splitlines()]
    assert lines == list(range(4, 52, 4))


def test_other_settings_on_a_run_are_refused(photographs: Path, tmp_path: Path) -> None:
    train_detail(photographs, SMALL, tmp_path / "run")
    with pytest.raises(InvalidSetting, match="other settings"):
        train_detail(photographs, replace(SMALL, width=7), tmp_path / "run")


@pytest.mark.parametrize(
    "changes",
    [{"image_size": 15}, {"image_size": 4}, {"channels": 2}, {"noise": 0.3}, {"width": 0}, {"batch": 0}, {"train_share": 1.0}],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        replace(SMALL, **changes)  # type: ignore[arg-type]


def test_what_is_no_detail_network_is_refused(photographs: Path, tmp_path: Path) -> None:
    train_detail(photographs, SMALL, tmp_path)
    tensors, manifest = weights.load(tmp_path)
    weights.save(tmp_path / "kind", tensors, {**manifest, "kind": "generator"})
    weights.save(tmp_path / "width", tensors, {**manifest, "config": {**manifest["config"], "width": 9}})
    weights.save(tmp_path / "more", tensors, {**manifest, "config": {**manifest["config"], "depth": 9}})
    for name in ("kind", "width", "more", "nothing"):
        with pytest.raises(RefusedModel):
            load_detail(tmp_path / name)
