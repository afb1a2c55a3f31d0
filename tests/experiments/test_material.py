from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.datasets import Geometry
from ssgan.detection.covers import CoverReading, read_covers
from ssgan.drawn.model import find, load
from ssgan.embedding.detectability import deflection
from ssgan.embedding.embedder import Embedder
from ssgan.experiments.material import CHOSEN_BY, ExperimentSize, Material
from ssgan.gan.covers.files import drawn_cover
from ssgan.gan.training.settings import PRESETS
from ssgan.images.grain import residual_median

TINY = ExperimentSize(40, {"width": 4, "batch": 4, "duration_images": 16})


@pytest.fixture
def material(data: Path, tmp_path: Path) -> Material:
    return Material(data, tmp_path)


def covers(folder: Path) -> torch.Tensor:
    return read_covers(CoverReading(folder, Geometry(), (), None)).images


def test_real_covers_keep_their_people(material: Material) -> None:
    folder = material.real(40)
    found = read_covers(CoverReading(folder, Geometry(), (), None))
    assert torch.equal(found.images, read_covers(CoverReading(material.data, Geometry(), (), 40)).images)
    groups = [found.group[name] for name in found.names]
    assert len(set(groups)) == 20
    assert groups[0::2] == groups[1::2]


def test_noise_moves_by_one_at_most(material: Material) -> None:
    moved = covers(material.noisy(40)).short() - covers(material.real(40)).short()
    assert set(moved.unique().tolist()) == {-1, 0, 1}
    assert float((moved != 0).double().mean()) == pytest.approx(2 / 3, abs=0.02)


def test_selected_covers_are_others_and_show_less(material: Material) -> None:
    real, selected = covers(material.real(30)), covers(material.selected(30))
    rest = read_covers(CoverReading(material.data, Geometry(), (), 120)).images[30:]
    assert len(selected) == 30 < len(rest)
    assert not {image.numpy().tobytes() for image in real} & {image.numpy().tobytes() for image in selected}
    shows = deflection(rest, Embedder.parse(CHOSEN_BY)).sort().values
    assert torch.equal(deflection(selected, Embedder.parse(CHOSEN_BY)).sort().values, shows[:30])


def test_noised_covers_are_as_rough_as_those_they_are_for(material: Material) -> None:
    smooth, rough = material.real(40), material.noisy(40)
    made = covers(material.noised("real-as-noisy", smooth, rough))
    assert residual_median(made) == pytest.approx(residual_median(covers(rough)), rel=0.05)
    assert float((made.double() - covers(smooth).double()).mean()) == pytest.approx(0, abs=0.1)
    assert material.noised("noisy-as-real", rough, smooth) == rough  # rougher already


def test_noise_of_a_deviation_is_as_strong(material: Material) -> None:
    moved = covers(material.with_noise_of(2.0, material.real(40))).double() - covers(material.real(40)).double()
    assert float(moved.square().mean().sqrt()) == pytest.approx(2.0, rel=0.05)


def test_what_stands_is_not_made_again(material: Material, data: Path, tmp_path: Path) -> None:
    notices: list[str] = []
    again = Material(data, tmp_path, notify=notices.append)
    first = again.real(40)
    (first / "000000.png").unlink()
    again.real(40)
    assert notices == ["making real"]
    assert not (first / "000000.png").exists()


def test_covers_are_drawn_by_seed_and_a_generator_is_trained_once(data: Path, tmp_path: Path) -> None:
    notices: list[str] = []
    material = Material(data, tmp_path, notify=notices.append)
    config = material.config("paper", TINY)
    assert (config.channels, config.image_size) == (1, 32)
    one = covers(material.generated("game", config, 30, seed=1))
    other = covers(material.generated("game+other", config, 30, seed=2))
    assert one.shape == other.shape == (30, 1, 32, 32)
    assert not np.array_equal(one.numpy(), other.numpy())
    assert len(list((material.out / "generators").iterdir())) == 1
    before = list(notices)
    material.generated("game", config, 30, seed=1)
    assert notices == before


def test_a_shorter_training_has_a_shorter_warm_up(material: Material) -> None:
    whole = PRESETS["tiny"]
    config = material.config("tiny", ExperimentSize(40, {"duration_images": whole.duration_images // 10}))
    assert config.warmup_images == whole.warmup_images // 10
    assert config.ema_images == whole.ema_images // 10
    assert material.config("tiny", ExperimentSize(40)) == material.config(
        "tiny", ExperimentSize(40), warmup_images=whole.warmup_images
    )


def test_drawn_covers_are_honest_ones_of_a_model_of_this_shape(material: Material, tmp_path: Path) -> None:
    assert material.drawn("faces64", 30) is None, "these images have another shape"
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    for number in range(30):
        samples = np.random.default_rng(number).integers(0, 256, (3, 64, 64), dtype=np.uint8)
        images.write(photographs / f"{number}.png", samples)
    large = Material(photographs, tmp_path / "large")
    folder = large.drawn("faces64", 30)
    assert folder is not None
    found = covers(folder)
    assert found.shape == (30, 3, 64, 64)
    model = load(find(Path("faces64")))
    assert np.array_equal(found[7].numpy(), drawn_cover(model, 7, 1))
    assert large.drawn("paper", 30) is None, "there is no such model"
