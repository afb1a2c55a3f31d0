"""Changing the channels of a color pixel together: with every scheme and every coder that can."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.embedding.catalog import CODERS, SCHEMES
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting

JOINING = [name for name, coder in CODERS.items() if coder.joins_channels and not coder.takes_pictures]


def _covers(channels: int = 3) -> torch.Tensor:
    noise = np.random.default_rng(3).normal(scale=6, size=(2, channels, 24, 40))
    ramp = np.linspace(-20, 275, 40)[None, None, None, :] + noise  # with pixels at both ends
    return torch.from_numpy(ramp.clip(0, 255).astype(np.uint8))


def _embedder(scheme: str, coder: str) -> Embedder:
    if SCHEMES[scheme].adaptive and not CODERS[coder].adaptive:
        pytest.skip("the coder ignores costs")
    return Embedder(scheme, 0.3, coder, joins_channels=True)


@pytest.mark.parametrize("coder", JOINING)
@pytest.mark.parametrize(
    "scheme", [name for name, row in SCHEMES.items() if row.joins_channels and row.unit in (None, "gray value")]
)
def test_all_channels_of_a_pixel_change_alike(scheme: str, coder: str) -> None:
    covers, embedder = _covers(), _embedder(scheme, coder)
    change = embedder.simulate(covers, 1).int() - covers.int()
    assert 0.01 < change.ne(0).float().mean() < 0.25
    assert change.abs().max() == 1
    assert torch.equal(change[:, :1].expand_as(change), change)
    ends = ((covers == 0) | (covers == 255)).any(dim=1)
    assert not change[:, 0][ends].any()


@pytest.mark.parametrize("coder", ["bound", "plain"])
def test_changes_follow_the_probabilities(coder: str) -> None:
    covers, embedder = _covers(), Embedder("lsb", 0.4, coder, joins_channels=True)
    probabilities = torch.add(*embedder.change_probabilities(covers))
    assert probabilities.shape == covers.shape
    many = torch.stack([embedder.simulate(covers, seed) for seed in range(40)])
    changed = (many != covers).double().mean(dim=(0, 2, 3, 4))
    assert changed.allclose(probabilities.double().mean(dim=(1, 2, 3)), atol=0.01)


def test_payload_counts_bits_per_pixel() -> None:
    covers = _covers()
    plus, minus = Embedder("hill", 0.4, joins_channels=True).change_probabilities(covers)
    plus, minus = plus[:, 0], minus[:, 0]
    bits = -sum(torch.special.xlogy(p, p).sum() for p in (plus, minus, 1 - plus - minus)) / np.log(2)
    assert float(bits) / covers[:, 0].numel() == pytest.approx(0.4, rel=1e-3)


@pytest.mark.parametrize("name", ["lsb@0.4/plain", "hill@0.4", "hill@0.4/stc:h=7"])
def test_gray_images_are_embedded_as_without_it(name: str) -> None:
    covers, plain = _covers(1), Embedder.parse(name)
    joined = Embedder.parse(name + (",luma" if ":" in name else ":luma"))
    assert torch.equal(joined.simulate(covers, 5), plain.simulate(covers, 5))
    assert Embedder.parse(str(joined)) == joined


def test_one_image_by_itself_as_in_a_batch() -> None:
    covers, embedder = _covers(), Embedder.parse("hill@0.4:luma")
    seeds = np.array([7, 8], dtype=np.uint64)
    both = embedder.simulate_seeded(covers, seeds)
    assert torch.equal(both[1:], embedder.simulate_seeded(covers[1:], seeds[1:]))


@pytest.mark.parametrize("name", ["hill@0.4/drawn:luma", "lsbr@0.4:luma", "hugo2010@0.4/stc:luma"])
def test_coder_that_cannot_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match="by themselves"):
        Embedder.parse(name)
