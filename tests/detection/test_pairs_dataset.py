"""Pairs for torch's DataLoader: the same in any order and process, drawn again by epoch, or given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import ssgan

COVERS = np.random.default_rng(1).integers(90, 120, (6, 3, 16, 20)).astype(np.uint8)


def test_pairs_are_the_same_in_any_order_and_any_number_of_workers() -> None:
    pairs = ssgan.PairsDataset(COVERS, "lsb@0.4", seed=1)
    stegos = [pairs[i][1] for i in (5, 0, 3, 1, 2, 4)]
    for workers in (0, 1):
        loader: Any = DataLoader(pairs, batch_size=3, num_workers=workers, multiprocessing_context="spawn" if workers else None)
        covers, drawn = (torch.cat(parts) for parts in zip(*loader, strict=True))
        assert torch.equal(covers, torch.from_numpy(COVERS))
        assert torch.equal(drawn[5], stegos[0])
        assert torch.equal(drawn[3], stegos[2])
    assert covers.dtype == drawn.dtype == torch.uint8
    assert 0.02 < float((covers != drawn).double().mean()) < 0.2
    assert torch.equal(pairs[-1][1], stegos[0])
    assert not torch.equal(pairs[0][1] - pairs[0][0], pairs[1][1] - pairs[1][0])


def test_another_epoch_draws_other_changes() -> None:
    pairs = ssgan.PairsDataset(list(COVERS), "lsb@0.4", seed=1)
    first = pairs[2][1]
    pairs.set_epoch(1)
    assert not torch.equal(pairs[2][1], first)
    pairs.set_epoch(0)
    assert torch.equal(pairs[2][1], first)
    assert not torch.equal(ssgan.PairsDataset(COVERS, "lsb@0.4", seed=2)[2][1], first)


def test_files_and_given_stegos_are_pairs_too(tmp_path: Path) -> None:
    stegos = ssgan.simulate(COVERS, "lsb@0.4", seed=1)
    for number, cover in enumerate(COVERS):
        ssgan.write(tmp_path / f"{number}.png", cover)
    pairs = ssgan.PairsDataset(
        [tmp_path / f"{number}.png" for number in range(6)], stegos, transform=lambda pair: pair.flip(-1)
    )
    cover, stego = pairs[4]
    assert torch.equal(cover.flip(-1), torch.from_numpy(COVERS[4]))
    assert torch.equal(stego.flip(-1), torch.from_numpy(stegos[4]))
    with pytest.raises(IndexError):
        pairs[6]


@pytest.mark.parametrize(
    ("covers", "stegos", "words"),
    [
        (COVERS[0], "lsb@0.4", "no batch"),
        ([], "lsb@0.4", "no batch"),
        (COVERS, "lsb", "not an embedder"),
        (COVERS, COVERS[:4], "6 covers and 4 stegos"),
    ],
)
def test_what_are_no_pairs_is_refused_in_words(covers: Any, stegos: Any, words: str) -> None:
    with pytest.raises(ssgan.InvalidSetting, match=words):
        ssgan.PairsDataset(covers, stegos)


def test_a_pair_of_two_sizes_is_named() -> None:
    with pytest.raises(ssgan.InvalidSetting, match="cover 1 is"):
        ssgan.PairsDataset(COVERS, COVERS[:, :, :8])[1]
