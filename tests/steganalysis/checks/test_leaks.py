from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.steganalysis.checks.leaks import _grid_hashes, _hashes, counterparts, leaks
from ssgan.steganalysis.detector import Pairs


def noise(count: int, size: int = 32, seed: int = 1, channels: int = 1) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    made = 120 + rng.normal(0, 20, (count, channels, 1, 1)) + rng.normal(0, 5, (count, channels, size, size))
    return torch.from_numpy(made.round().clip(1, 254).astype(np.uint8))


def pairs_of(covers: torch.Tensor, seed: int = 9) -> Pairs:
    rng = np.random.default_rng(seed)
    changes = torch.from_numpy(rng.choice([-1, 0, 1], covers.shape, p=[0.1, 0.8, 0.1]))
    return Pairs(covers, (covers.short() + changes).to(torch.uint8))


def test_parts_that_have_nothing_in_common_give_no_alarm() -> None:
    parts = {name: pairs_of(noise(30, seed=seed)) for seed, name in enumerate(("train", "validate", "test"))}
    assert leaks(parts, {name: [f"{name} {k}" for k in range(30)] for name in parts}) == []


def test_images_that_stand_in_two_parts_are_found_and_many_are_refused() -> None:
    train, test = noise(60), noise(40, seed=2)
    test[7] = train[11]
    one = leaks({"train": pairs_of(train), "test": pairs_of(test, 8)}, names={"test": [f"n{k}" for k in range(40)]})
    assert [(f.severity, f.sentence) for f in one] == [
        ("warn", "1 of 40 covers of the part test are in the part train as well, first n7")
    ]
    test[:5] = train[:5]
    assert leaks({"train": pairs_of(train), "test": pairs_of(test, 8)})[0].severity == "refuse"


def test_a_cover_here_with_its_stego_there_is_found() -> None:
    train = pairs_of(noise(60))
    test = pairs_of(train.stegos[:20])
    found = leaks({"train": train, "test": test})
    assert [f.severity for f in found] == ["refuse"]
    assert "20 of 20 covers of the part test are an image of the part train up to changes by 1" in found[0].sentence


@given(st.integers(1, 16), st.integers(1, 16))
def test_overlapping_crops_are_found_at_any_shift(down: int, right: int) -> None:
    scene = noise(3, size=80)
    train = torch.cat([scene[:, :, :48, :48], noise(20, size=48, seed=3)])
    test = torch.cat([noise(10, size=48, seed=4), scene[:, :, down : down + 48, right : right + 48]])
    found = leaks({"train": pairs_of(train), "test": pairs_of(test, 8)})
    assert [f.severity for f in found] == ["warn"]
    assert found[0].sentence.startswith("3 of 13 covers share blocks of 16 x 16 samples")
    assert "first number 10" in found[0].sentence


def test_small_images_are_compared_in_small_blocks_and_color_too() -> None:
    scene = noise(2, size=44, channels=3)
    train, test = scene[..., :32, :32], torch.cat([noise(4, seed=5, channels=3), scene[..., 5:37, 3:35]])
    found = leaks({"train": pairs_of(torch.cat([train, noise(9, seed=6, channels=3)])), "test": pairs_of(test, 8)})
    assert found[0].sentence.startswith("2 of 6 covers share blocks of 8 x 8")


def test_flat_images_and_borders_coincide_by_themselves() -> None:
    train, test = noise(20), noise(20, seed=2)
    for part in (train, test):
        part[:5] = 200
        part[5:, :, :, :10] = 7
    assert leaks({"train": pairs_of(train), "test": pairs_of(test, 8)}) == []


def test_a_group_on_both_sides_is_refused() -> None:
    parts = {"train": pairs_of(noise(4)), "test": pairs_of(noise(3, seed=2))}
    found = leaks(parts, {"train": ["ann", "bob", "cy", "cy"], "test": ["dan", "bob", "cy"]})
    assert [f.severity for f in found] == ["refuse"]
    assert "2 groups are in the part train and in the part test, first bob" in found[0].sentence


@given(st.permutations(range(12)), st.integers(0, 2**32))
def test_each_image_finds_its_own_among_others(order: list[int], seed: int) -> None:
    covers = noise(12, size=16)
    np.testing.assert_array_equal(counterparts(pairs_of(covers, seed).stegos[order], covers), order)
    assert (counterparts(noise(5, size=16, seed=3), covers) == -1).all()


def test_the_hash_of_a_block_does_not_depend_on_its_place_and_others_differ() -> None:
    image = noise(1, size=24)[0, 0].numpy()
    moved = np.roll(image, (3, 5), (0, 1))
    assert _hashes(image[None], 8)[0, 2, 4] == _hashes(moved[None], 8)[0, 5, 9]
    every = _hashes(image[None], 8)
    assert len(np.unique(every)) == every.size
    np.testing.assert_array_equal(np.sort(_grid_hashes(image[None], 8)), np.sort(every[0, ::8, ::8].ravel()))
