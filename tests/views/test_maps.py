"""What the maps promise to the eye: bright is cheap or likely, wet and changed samples have colors of their own."""

from __future__ import annotations

import numpy as np

from ssgan.views import maps


def brightness(color: np.ndarray) -> np.ndarray:
    return np.tensordot([0.2126, 0.7152, 0.0722], color.astype(float), axes=1)


def test_heat_grows_brighter_all_along() -> None:
    row = maps.heat(np.linspace(0, 1, 256)[None])
    assert (np.diff(brightness(row)[0]) > 0).all()


def test_cheap_is_brighter_than_dear_and_wet_is_neither() -> None:
    cost = np.array([[[1.0, 10.0, 100.0, np.inf]]])
    picture = maps.cost_map(cost, cost)
    cheap, middle, dear, wet = picture[:, 0].T
    assert brightness(cheap) > brightness(middle) > brightness(dear)
    assert wet.tolist() not in maps.heat(np.linspace(0, 1, 256)[None])[:, 0].T.tolist()


def test_a_cover_that_is_all_wet_and_one_that_is_flat_can_be_shown() -> None:
    wet, flat = np.full((1, 4, 5), np.inf), np.full((1, 4, 5), 2.0)
    for cost in (wet, flat):
        assert len(np.unique(maps.cost_map(cost, cost).reshape(3, -1), axis=1).T) == 1


def test_the_change_map_tells_up_from_down_from_neither() -> None:
    cover = np.array([[[10, 10, 10]]], np.uint8)
    stego = np.array([[[11, 9, 10]]], np.uint8)
    up, down, same = maps.change_map(cover, stego)[:, 0].T.astype(int)
    assert up[0] > up[2]
    assert down[0] < down[2]
    assert brightness(same) < min(brightness(up), brightness(down))


def test_bit_planes_add_up_to_the_samples() -> None:
    samples = np.random.default_rng(1).integers(0, 256, (3, 6, 10), dtype=np.uint8)
    sheet = maps.bit_planes(samples)
    assert sheet.shape == (3, 6 * 2 + 4, 10 * 4 + 4 * 3)
    total = np.zeros(samples.shape, np.uint8)
    for place in range(8):
        top, left = (place // 4) * (6 + 4), (place % 4) * (10 + 4)
        total += (sheet[:, top : top + 6, left : left + 10] // 255) << np.uint8(7 - place)
    assert np.array_equal(total, samples)


def test_channels_stand_side_by_side() -> None:
    plus = np.zeros((3, 4, 5))
    assert maps.probability_map(plus, plus).shape == (3, 4, 3 * 5 + 2 * 4)


def test_a_residual_is_gray_where_it_is_nothing_and_bright_above() -> None:
    none, above, below = maps.residual_map(np.array([[[0.0, 30.0, -30.0]]]))[:, 0].T
    assert set(none.tolist()) == {128}
    assert brightness(above) > 250
    assert brightness(below) < 5


def test_the_farthest_place_is_the_brightest() -> None:
    first, second = np.array([[[10, 10, 10]]], np.uint8), np.array([[[10, 14, 2]]], np.uint8)
    same, near, far = maps.distance_map(first, second)[:, 0].T
    assert brightness(same) < brightness(near) < brightness(far)


def test_a_label_stands_above_and_leaves_the_picture_as_it_is() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (3, 20, 60), dtype=np.uint8)
    shown = maps.labeled(picture, "HILL")
    assert np.array_equal(shown[:, -20:], picture)
    assert len(np.unique(shown[:, :-20])) > 1


def test_rows_are_filled_up_with_black() -> None:
    one = np.full((3, 5, 6), 200, np.uint8)
    sheet = maps.in_rows([one, one, one], 2)
    assert sheet.shape == (3, 2 * 5 + 4, 2 * 6 + 4)
    assert not sheet[:, -5:, -6:].any()


def test_bits_of_all_channels_are_one_map_with_a_legend() -> None:
    bits = np.zeros((3, 64, 64))
    bits[:, 5, 7] = 4.0
    seen = maps.bits_map(bits)
    assert seen.shape == (3, 192 + 4 + 10 + 18, 192)
    brightness = seen[:, :192].sum(axis=0)
    assert (brightness[15:18, 21:24] == brightness.max()).all()
    assert (brightness == brightness.max()).sum() == 9
    assert maps.bits_map(np.zeros((1, 8, 500))).shape[2] == 500


def test_few_changes_are_marked_so_that_each_is_seen_and_many_stay_in_their_places() -> None:
    cover = np.full((3, 96, 128), 100, dtype=np.uint8)
    stego = cover.copy()
    stego[0, 10, 20] += 1
    stego[2, 50, 60] -= 1
    stego[0, 80, 100] += 1
    stego[1, 80, 100] -= 1
    seen = maps.change_overlay(cover, stego)
    assert seen.shape == (3, 288, 384)  # three times as large
    for (y, x), color in {(10, 20): (255, 176, 64), (50, 60): (92, 178, 255), (80, 100): (255, 255, 255)}.items():
        assert {tuple(seen[:, 3 * y + 1, 3 * x + 1 + away]) for away in (0, 2)} == {color}  # a mark of 5, where a sample has 3
    assert (seen == 40).all(axis=0).sum() == 288 * 384 - 3 * 25  # the rest is the cover, dimmed
    many = cover.copy()
    many[:, ::2, ::2] += 1
    marked = (maps.change_overlay(cover, many) == np.array([255, 176, 64])[:, None, None]).all(axis=0)
    assert marked.mean() == 0.25
