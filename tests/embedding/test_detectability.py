"""The closed-form deflection, and the ranking of covers by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.detection.rank import rank_covers
from ssgan.embedding.detectability import VARIANCE_FLOOR, deflection, error_variance
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.images.filters import KV


def _rough(scale: float, shape: tuple[int, ...] = (2, 3, 24, 30), seed: int = 0) -> torch.Tensor:
    noise = np.random.default_rng(seed).normal(128, scale, shape)
    return torch.from_numpy(noise.clip(0, 255).astype(np.uint8))


def test_is_the_formula() -> None:
    covers, embedder = _rough(3, (1, 1, 9, 11)), Embedder.parse("lsb@0.4/plain")
    x = np.pad(covers[0, 0].numpy().astype(float), 2, mode="symmetric")
    residual = np.array([[(x[i : i + 5, j : j + 5] * KV).sum() for j in range(11)] for i in range(9)])
    square = np.pad(residual**2, 2, mode="symmetric")
    variance = np.array([[max(square[i : i + 5, j : j + 5].mean(), VARIANCE_FLOOR) for j in range(11)] for i in range(9)])
    assert error_variance(covers)[0, 0].numpy() == pytest.approx(variance)
    assert float(deflection(covers, embedder)) == pytest.approx(((0.2**2) / (2 * variance**2)).sum())


@pytest.mark.parametrize("name", ["lsb@0.4/plain", "hill@0.4", "hill@0.4:luma", "wow@0.2"])
def test_falls_with_roughness_and_rises_with_the_payload(name: str) -> None:
    embedder = Embedder.parse(name)
    found = [float(deflection(_rough(scale), embedder).mean()) for scale in (0.5, 2, 6, 20)]
    assert found == sorted(found, reverse=True)
    less = Embedder(embedder.scheme, embedder.payload / 2, embedder.coder, joins_channels=embedder.joins_channels)
    assert float(deflection(_rough(2), less).mean()) < found[1]


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8])
def test_small_and_flat_covers_have_one(side: int) -> None:
    for covers in (torch.zeros((1, 1, side, side), dtype=torch.uint8), _rough(9, (1, 1, side, 2 * side))):
        value = deflection(covers, Embedder.parse("lsb@0.4/plain"))
        assert value.shape == (1,)
        assert 0 < float(value) < np.inf


def test_order_of_images_and_symmetry_do_not_matter() -> None:
    covers, embedder = torch.cat([_rough(1), _rough(5)]), Embedder.parse("lsb@0.4")
    whole = deflection(covers, embedder)
    assert torch.equal(whole.flip(0), deflection(covers.flip(0), embedder))
    assert deflection(covers.transpose(2, 3), embedder).numpy() == pytest.approx(whole.numpy())


def test_safest_cover_comes_first_and_unusable_files_last(tmp_path: Path) -> None:
    for name, scale in (("b-rough", 9.0), ("a-smooth", 0.6), ("c-middle", 2.0)):
        images.write(tmp_path / f"{name}.png", _rough(scale)[0].numpy())
    (tmp_path / "0-broken.png").write_bytes(b"nothing")
    found = rank_covers([tmp_path], Embedder.parse("hill@0.4"))
    assert [Path(one.name).name for one in found] == ["b-rough.png", "c-middle.png", "a-smooth.png", "0-broken.png"]
    assert found[-1].deflection is None
    assert found[-1].error
    alone = rank_covers([tmp_path / "c-middle.png"], Embedder.parse("hill@0.4"))
    assert alone[0].deflection == found[1].deflection


def test_embedder_that_changes_no_cover_is_refused(tmp_path: Path) -> None:
    images.write(tmp_path / "a.png", _rough(2)[0].numpy())
    with pytest.raises(InvalidSetting, match="changes no cover"):
        rank_covers([tmp_path], Embedder.parse("drawn@0.4"))
