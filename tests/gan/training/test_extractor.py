"""The extractor learns latents from damaged pictures, is calibrated, and goes on exactly where it stopped."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.drawn import extractor as latent_reader
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.gan.backbones.extractor import Extractor
from ssgan.gan.covers.generators import save_generator
from ssgan.gan.training import extractor as training
from ssgan.gan.training.extractor import folded, train_extractor
from ssgan.gan.training.extractor_settings import ExtractorConfig
from ssgan.storage import weights
from tests.drawn.models import untrained

SMALL = ExtractorConfig(channel="jpeg75", width=4, batch=8, duration_images=64, showings=2)


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generators") / "mine"
    net, card, _ = untrained()
    save_generator(folder, net, card.config)
    return folder


def states(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((run / "checkpoints").rglob("*.safetensors"))[-1:]}


def test_what_is_read_by_numpy_is_what_torch_says(tmp_path: Path) -> None:
    """Normalizations folded, weights in half precision: the same means within their rounding."""
    torch.manual_seed(1)
    network = Extractor(16, 3, 7, 8)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2)
        for _ in range(3):
            network(torch.randn(16, 3, 16, 16))
    network.eval()
    rng = np.random.default_rng(2)
    copies = [rng.integers(0, 256, (size, size, 3)).astype(np.uint8) for size in (32, 48, 64, 16)]
    given = torch.from_numpy(latent_reader.inputs(copies, 16).transpose(0, 3, 1, 2))
    with torch.no_grad():
        means, log_variances = (part.numpy() for part in network(given))
    latent_reader.save(tmp_path, folded(network), strides=training._strides(network), shape=(32, 32, 3), about={})
    found = latent_reader.load(tmp_path).moments(copies)
    assert np.abs(means).max() > 0.1
    np.testing.assert_allclose(found[0], means, atol=0.02 * np.abs(means).max())
    np.testing.assert_allclose(found[1], log_variances, atol=0.02 * np.abs(log_variances).max() + 1e-3)


def test_a_stopped_training_goes_on_exactly(generator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train_extractor(generator, SMALL, tmp_path / "whole")
    step, steps = training._step, []

    def stopping(*given: object) -> dict[str, float]:
        steps.append(1)
        if len(steps) == 3:
            signal.raise_signal(signal.SIGINT)
        return step(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train_extractor(generator, SMALL, tmp_path / "parts")
    monkeypatch.setattr(training, "_step", step)
    again = train_extractor(generator, SMALL, tmp_path / "parts")
    assert again["channels"] == whole["channels"]
    assert states(tmp_path / "parts") == states(tmp_path / "whole")
    assert train_extractor(generator, SMALL, tmp_path / "parts") == again


def test_it_learns_to_read_signs(generator: Path, tmp_path: Path) -> None:
    """Within a few hundred steps the likelihood is below that of knowing nothing, on pictures never shown."""
    config = replace(SMALL, channel="none", width=12, batch=32, duration_images=32 * 200)
    done = train_extractor(generator, config, tmp_path / "run")
    assert done["channels"]["none"]["signs_right"] > 0.55
    assert done["channels"]["none"]["bits_per_picture"] > 0
    reader = latent_reader.load(tmp_path / "run" / latent_reader.FOLDER)
    assert reader.about["images_seen"] == config.duration_images


def test_ratios_are_those_of_the_normal_law() -> None:
    means, variances = np.array([[0.0, 0.5, -1.0, 40.0]]), np.array([[1.0, 0.25, 0.5, 0.1]])
    found = latent_reader.ratios(means, np.log(variances))[0]
    assert found[0] == 0
    assert found[1] == pytest.approx(np.log(0.8413447460685429 / 0.15865525393145707))
    assert found[2] < 0
    assert np.isfinite(found).all()
    assert latent_reader.bits(np.zeros((3, 128))) == 0
    assert latent_reader.bits(np.full((3, 128), 60.0)) == pytest.approx(128)


@pytest.mark.parametrize("change", [{"channel": "blur"}, {"batch": 1}, {"width": 0}, {"showings": 0}, {"learning_rate": 2.0}])
def test_settings_out_of_range_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_a_damaged_extractor_is_refused(generator: Path, tmp_path: Path) -> None:
    train_extractor(generator, replace(SMALL, duration_images=8), tmp_path / "run")
    folder = tmp_path / "run" / latent_reader.FOLDER
    arrays, manifest = weights.load(folder)
    for change in ({"strides": [2, 2, 2]}, {"shape": [30, 30, 3]}, {"kind": "generator"}, {"strides": "none"}):
        weights.save(tmp_path / "odd", arrays, {**manifest, **change})
        with pytest.raises(RefusedModel):
            latent_reader.load(tmp_path / "odd")
    weights.save(tmp_path / "odd", {**arrays, "last.weights": arrays["last.weights"][:, :-1]}, manifest)
    with pytest.raises(RefusedModel):
        latent_reader.load(tmp_path / "odd")
