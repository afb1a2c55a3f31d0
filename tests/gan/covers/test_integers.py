"""A generator in integers makes the picture of its floats, and what cannot be written in integers is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan.drawn import drawing
from ssgan.drawn.header import GivenUp
from ssgan.drawn.layers import EXACT, LARGEST, largest_sum
from ssgan.drawn.model import UNIT_OF_LATENTS, from_tensors, load
from ssgan.drawn.planes import split
from ssgan.errors import InvalidSetting, RefusedModel, StorageFailed
from ssgan.gan.backbones.dcgan import Generator
from ssgan.gan.backbones.detail import planes_of
from ssgan.gan.catalog import BACKBONES, generator_of
from ssgan.gan.covers.integers import LEAST_DRY, export_drawn, measured, to_integers
from tests.drawn.models import untrained, untrained_model


@pytest.mark.parametrize("colors", ["rgb", "luma"])
@pytest.mark.parametrize("backbone", ["dcgan", "dcgan-even", "dcgan4"])
def test_the_small_picture_is_that_of_the_floats(backbone: str, colors: str) -> None:
    _, card, details = untrained(size=32)
    card = card._replace(config=replace(card.config, backbone=backbone, colors=colors))  # type: ignore[arg-type]
    generator = generator_of(card.config).eval()
    assert isinstance(generator, Generator)
    with torch.no_grad():
        list(generator.ups.parameters())[-2].mul_(20)  # weights of the last layer, before its bias: colors of a trained one
    for norm in (generator.first_norm, *generator.norms):
        assert isinstance(norm, torch.nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.uniform_(-0.1, 0.1)
        norm.running_var.uniform_(0.5, 2)
    model = from_tensors(to_integers(generator, card, details), name="small", promise_bytes=1)
    words = np.random.default_rng(1).integers(0, 4096, 8)
    latents = torch.from_numpy(model.latents[words] / UNIT_OF_LATENTS).float()[None]
    with torch.no_grad():
        floats = ((generator(latents)[0] + 1) * 127.5).clamp(16, 239)
    expected = torch.nn.functional.avg_pool2d(floats, 2).permute(1, 2, 0).numpy()
    found = model.small_picture(words) / 1024 / 4
    assert np.abs(found - expected).mean() < 0.3
    assert np.abs(found - expected).max() < 3


def test_the_laws_are_those_of_the_floats() -> None:
    generator, card, details = untrained(size=32)
    model = from_tensors(to_integers(generator, card, details), name="small", promise_bytes=1)
    made = drawing.honest(model, np.random.default_rng(3).bytes)
    y = np.random.default_rng(4).integers(0, 1021, (16, 16, 3))
    planes = split(made.picture)
    laws = drawing._Laws(model, model.stages[0], y)
    with torch.no_grad():
        expected = details[0][0].laws(
            torch.from_numpy(y / 4).float().permute(2, 0, 1)[None],
            planes_of(torch.from_numpy(made.picture).permute(2, 0, 1)[None].float()),
        )
    for phase in range(4):
        laws.begin(phase, planes)
        for plane in range(3):
            scales, means, _ = laws.plane(plane)
            laws.drawn(plane, planes[phase, plane])
            if phase == plane == 0:  # the others have neighbors in their mean
                np.testing.assert_allclose(means / 16, expected[phase][plane].mean[0, 0], atol=0.15)
            np.testing.assert_allclose(scales / 6 - 2, expected[phase][plane].log2_scale[0, 0], atol=0.12)


def test_every_layer_keeps_its_bound() -> None:
    model = untrained_model()
    layers = [model.first, *model.doublings, *(layer for stage in model.stages for phase in stage.phases for layer in phase)]
    assert len(layers) == 1 + 3 + 16
    for layer in layers:
        assert largest_sum(layer.weights, layer.bias, LARGEST) < EXACT


def test_an_export_measures_its_promise_and_can_be_read(tmp_path: Path) -> None:
    generator, card, details = untrained()
    progressed: list[int] = []
    model, promise = export_drawn(generator, card, details, tmp_path, draws=20, progress=progressed.append)
    assert progressed == list(range(1, 21))
    assert promise.dry_least >= LEAST_DRY
    assert 0 < promise.promise_bytes <= 0.85 * promise.bytes_least
    assert promise.promise_bytes <= promise.bytes_mean - 8 * promise.bytes_deviation
    again = load(tmp_path / "drawn")
    assert (again.identity, again.promise_bytes, again.shape) == (model.identity, promise.promise_bytes, (32, 32, 3))
    with pytest.raises(StorageFailed, match="already"):
        export_drawn(generator, card, details, tmp_path, draws=2)
    export_drawn(generator, card, details, tmp_path, draws=2, overwrite=True)


def test_stages_are_stacked(tmp_path: Path) -> None:
    generator, card, details = untrained(size=16, stages=2)
    model, _ = export_drawn(generator, card, details, tmp_path, draws=5)
    assert model.shape == (32, 32, 3)
    with pytest.raises(InvalidSetting, match="is needed"):
        to_integers(generator, card, details[::-1])


def test_what_cannot_be_written_in_integers_is_refused() -> None:
    generator, card, details = untrained()
    with pytest.raises(InvalidSetting, match="no detail network"):
        to_integers(generator, card, [])
    with pytest.raises(InvalidSetting, match="is needed"):
        to_integers(generator, card, [(details[0][0], replace(details[0][1], image_size=64))])
    other = BACKBONES["r3gan"].generator(32, 3, latent=8, width=8)
    with pytest.raises(InvalidSetting, match="cannot be written in integers"):
        to_integers(other, card, details)


def test_a_model_whose_headers_may_fail_is_refused() -> None:
    """Laws at the end of the range, where few lowest bits are uniform: honest covers would be rare ones."""
    generator, card, details = untrained()
    with torch.no_grad():
        for phase in details[0][0].phases:
            phase.last.bias[:3] -= 20  # type: ignore[union-attr,index,operator]
    model = from_tensors(to_integers(generator, card, details), name="dark", promise_bytes=1)
    with pytest.raises(GivenUp):
        drawing.honest_once(model)
    with pytest.raises(RefusedModel, match="given up"):
        measured(model, 3)
