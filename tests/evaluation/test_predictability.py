"""Which places count as easy to predict, and how many changes fall there."""

from __future__ import annotations

import numpy as np

from ssgan.evaluation.predictability import EASY, easiest, easy_share


def test_smooth_places_and_straight_edges_are_easy_and_noise_is_not() -> None:
    cover = np.full((1, 40, 40), 100, np.uint8)
    cover[:, :, 10:] = 200  # an edge, strong and straight
    noise = np.random.default_rng(0).integers(0, 256, (40, 20), dtype=np.uint8)
    cover[0, :, 20:] = noise
    easy = easiest(cover)
    assert easy.mean() == EASY
    assert easy[0, :, :17].all()
    assert not easy[0, :, 23:].any()


def test_changes_strewn_without_a_look_fall_there_one_time_in_two() -> None:
    rng = np.random.default_rng(1)
    cover = rng.integers(50, 200, (3, 40, 40), dtype=np.uint8)
    stego = cover + rng.integers(0, 2, cover.shape, dtype=np.uint8)
    assert 0.45 < easy_share(cover, stego) < 0.55
    assert easy_share(cover, cover) == 0
    easy = easiest(cover)
    assert easy_share(cover, np.where(easy, cover + 1, cover).astype(np.uint8)) == 1
