from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan import images
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.training.curriculum import Batch, Stage, batch, checked_stages, easier_images, stage_at

CPU = torch.device("cpu")


def numbered(count: int, *, maps: bool = False) -> Pairs:
    """Pairs whose samples tell which pair it is, and where in it."""
    covers = torch.from_numpy(np.random.default_rng(1).integers(1, 255, (count, 1, 8, 8), dtype=np.uint8))
    probabilities = (covers / 255, (covers + 1) / 255) if maps else ()
    return Pairs(covers, covers + 1, *probabilities)


def embed(covers: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
    """Every seed leaves its mark on one sample of the image."""
    stegos = covers.clone()
    for stego, seed in zip(stegos, seeds, strict=True):
        stego.view(-1)[int(seed % np.uint64(64))] += 1
    return stegos


def shown(stage: Stage, start: int, count: int, seed: int = 3) -> Batch:
    return batch(stage, range(start, start + count), seed=seed, device=CPU)


@given(st.integers(1, 9), st.integers(0, 30), st.integers(1, 12), st.integers(0, 2**40))
def test_a_cover_and_its_stego_and_their_maps_come_together_and_equally_turned(
    pairs: int, start: int, count: int, seed: int
) -> None:
    made = shown(Stage(numbered(pairs, maps=True)), start, count, seed)
    assert torch.equal(made.images[count:], made.images[:count] + 1)
    assert made.probabilities is not None
    torch.testing.assert_close(made.probabilities, made.images / 255)


@given(st.integers(1, 9), st.integers(0, 30), st.integers(2, 12), st.integers(1, 11), st.booleans())
def test_a_batch_is_the_same_in_parts(pairs: int, start: int, count: int, cut: int, fresh: bool) -> None:
    stage = Stage(numbered(pairs), embed=embed if fresh else None)
    cut = min(cut, count - 1)
    whole, first, second = shown(stage, start, count), shown(stage, start, cut), shown(stage, start + cut, count - cut)
    assert torch.equal(whole.images[:count], torch.cat([first.images[:cut], second.images[: count - cut]]))
    assert torch.equal(whole.images[count:], torch.cat([first.images[cut:], second.images[count - cut :]]))


def test_an_epoch_shows_every_pair_once_in_an_order_of_its_own() -> None:
    stage = Stage(numbered(12))
    seen = [tuple(sorted(cover.flatten().tolist())) for cover in shown(stage, 0, 24).images[:24]]
    everyone = sorted(tuple(sorted(cover.flatten().tolist())) for cover in stage.pairs.covers)
    assert sorted(seen[:12]) == everyone
    assert sorted(seen[12:]) == everyone
    assert seen[:12] != seen[12:]


def test_fresh_changes_come_from_a_seed_for_each_pair_and_epoch() -> None:
    asked: list[int] = []

    def remember(covers: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
        assert seeds.dtype == np.uint64
        asked.extend(int(seed) for seed in seeds)
        return covers + 1

    stage = Stage(numbered(8), embed=remember)
    shown(stage, 0, 24)
    assert len(set(asked)) == 24
    again = asked.copy()
    asked.clear()
    shown(stage, 0, 24)
    assert asked == again
    asked.clear()
    shown(stage, 0, 24, seed=4)
    assert not set(asked) & set(again)


def test_fresh_changes_turn_with_their_cover() -> None:
    made = shown(Stage(numbered(6), embed=embed), 0, 18)
    assert ((made.images[18:].short() - made.images[:18].short()).flatten(1).sum(dim=1) == 1).all()


def test_the_maps_of_fresh_stegos_are_made_anew() -> None:
    with pytest.raises(InvalidSetting, match="other change probabilities"):
        Stage(numbered(4, maps=True), embed=embed)
    stage = Stage(numbered(4, maps=True), embed=embed, probabilities=lambda stegos: stegos / 255)
    made = shown(stage, 0, 8)
    assert made.probabilities is not None
    torch.testing.assert_close(made.probabilities, made.images / 255)


def test_all_eight_symmetries_are_shown() -> None:
    pairs = numbered(1)
    turned = {tuple(cover.flatten().tolist()) for cover in shown(Stage(pairs), 0, 200).images[:200]}
    assert turned == {tuple(images.symmetry(pairs.covers[0], k).flatten().tolist()) for k in range(8)}


@given(st.lists(st.integers(1, 50), max_size=4), st.integers(0, 300))
def test_a_lesson_lasts_as_long_as_it_says_and_the_last_one_to_the_end(lengths: list[int], seen: int) -> None:
    pairs = numbered(2)
    stages = checked_stages([*(Stage(pairs, length) for length in lengths), Stage(pairs)])
    assert easier_images(stages) == sum(lengths)
    number = stage_at(stages, seen)
    assert sum(lengths[:number]) <= seen
    assert number == len(lengths) or seen < sum(lengths[: number + 1])


def test_what_is_no_course_is_refused() -> None:
    pairs = numbered(2)
    assert checked_stages(pairs)[0].pairs is pairs
    for wrong in ([], [Stage(pairs, 5)], [Stage(pairs), Stage(pairs)]):
        with pytest.raises(InvalidSetting, match="last"):
            checked_stages(wrong)
    with pytest.raises(InvalidSetting, match="different images"):
        checked_stages([Stage(numbered(2, maps=True), 5), Stage(pairs)])
    with pytest.raises(InvalidSetting, match="at least 1"):
        Stage(pairs, 0)
