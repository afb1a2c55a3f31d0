from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssgan.compute import seeds
from ssgan.embedding import catalog
from ssgan.embedding.coders.reference_formulas import SIMULATORS
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting

SCHEMES = (*(name for name in SIMULATORS if name in catalog.SCHEMES), "mipod", "mg")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_seed_for_all_gives_every_image_what_it_would_get_alone(scheme: str, textured: torch.Tensor) -> None:
    embedder = Embedder.parse(f"{scheme}@0.4/authors:seed=7")
    stegos = embedder.simulate(textured, seeds.generator(1))
    assert 0.02 < float((stegos != textured).double().mean()) < 0.3
    assert torch.equal(stegos[2:3], embedder.simulate(textured[2:3], seeds.generator(2)))


def test_without_it_each_image_has_its_own(textured: torch.Tensor) -> None:
    twice = textured[:1].repeat(2, 1, 1, 1)
    first, second = Embedder.parse("hill@0.4/authors").simulate(twice, seeds.generator(1))
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("scheme", "seed"), [("hugo", 139187), ("wow", 139187), ("suniward", 1), ("mipod", 1)])
def test_the_published_stego_comes_out(shared: Path, scheme: str, seed: int) -> None:
    """Reference: MATLAB's stego of seal1 at 0.4 bpp, from conseal's test assets (dcb24ca)."""
    folder = shared / "reference" / "embedding" / "conseal_matlab"
    cover = torch.from_numpy(np.array(Image.open(folder / "cover" / "seal1.png")))[None, None]
    published = np.array(Image.open(folder / "stego" / f"{scheme}_seal1_alpha0.4_seed{seed}.png"))
    made = Embedder.parse(f"{scheme}@0.4/authors:seed={seed}").simulate(cover, seeds.generator(1))
    np.testing.assert_array_equal(made[0, 0].numpy(), published)


def test_what_they_never_wrote_is_refused(textured: torch.Tensor) -> None:
    with pytest.raises(InvalidSetting, match="gray"):
        Embedder.parse("hill@0.4/authors").simulate(textured[:3].permute(1, 0, 2, 3).contiguous(), seeds.generator(1))
    with pytest.raises(InvalidSetting, match="simulator"):
        Embedder.parse("lsb@0.4/authors").simulate(textured, seeds.generator(1))
