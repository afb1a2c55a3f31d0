from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.embedding.stc import layers, trellis
from ssgan.embedding.stc.layers import PricedSamples
from ssgan.embedding.stc.trellis import Code
from ssgan.images.samples import pixels

CODE = Code(8, b"sixteen bytes or more")


def draw(seed: int, samples: int, length: int) -> tuple[PricedSamples, np.ndarray]:
    rng = np.random.default_rng(seed)
    costs = rng.exponential(1, samples)
    cover = pixels(rng.integers(1, 255, samples, dtype=np.uint8))
    return PricedSamples(cover, costs, costs), rng.integers(0, 2, length, dtype=np.uint8)


@given(st.integers(0, 5000))
def test_strides_visit_every_sample_once(samples: int) -> None:
    order = layers.strides(samples)
    assert np.array_equal(np.sort(order), np.arange(samples))
    stride = next((s for s in range(samples * 610 // 987, samples + 2) if math.gcd(s, samples) == 1), 1)
    assert order.tolist() == [k * stride % samples for k in range(samples)]


def test_strides_take_neighbors_apart() -> None:
    place = np.argsort(layers.strides(4096))
    for distance in range(1, 20):
        apart = np.abs(place[distance:] - place[:-distance])
        assert np.minimum(apart, 4096 - apart).min() > 50


def test_the_message_begins_in_the_second_layer() -> None:
    samples, message = draw(0, 2000, 800)
    written = layers.write(samples, 6.0, 1e-9, message, CODE)
    assert written is not None
    assert 0 < written.second < 800
    changed_ahead = np.concatenate([1 - message[:1], message[1:]])
    other = layers.write(samples, 6.0, 1e-9, changed_ahead, CODE)
    assert other is not None
    assert not np.array_equal(other.stego >> 1 & 1, written.stego >> 1 & 1)
    changed_behind = np.concatenate([message[:-1], 1 - message[-1:]])
    other = layers.write(samples, 6.0, 1e-9, changed_behind, CODE)
    assert other is not None
    assert np.array_equal(other.stego >> 1 & 1, written.stego >> 1 & 1)


def test_bits_move_where_a_layer_has_no_room() -> None:
    """Near samples only: a lambda far too small for the payload asks the second layer for bits it cannot hold."""
    samples, message = draw(1, 1000, 900)
    even = samples.cover & 1 == 0
    lowers = ~even | (np.arange(1000) % 50 == 0)
    one_way = PricedSamples(samples.samples, np.where(even, samples.plus, np.inf), np.where(lowers, samples.minus, np.inf))
    written = layers.write(one_way, 0.01, 1e-9, message, CODE)
    assert written is not None
    assert written.second <= np.isfinite(np.where(even, one_way.minus, one_way.plus)).sum()
    assert np.array_equal(layers.read(written.stego, written.first, written.second, CODE), message)


def test_without_any_path_nothing_is_written() -> None:
    samples, message = draw(2, 100, 50)
    wet = np.full(100, np.inf)
    assert layers.write(PricedSamples(samples.samples, wet, wet), 1.0, 1e-9, message, CODE) is None
    assert layers.write_one(PricedSamples(samples.samples, wet, wet), message, CODE, np.random.default_rng(0)) is None


@given(st.integers(0, 2**32), st.integers(0, 4000), st.sampled_from([128, 136, 1000]))
def test_sums_in_strips_are_numpys_own(seed: int, count: int, strip: int) -> None:
    values = np.exp(np.random.default_rng(seed).normal(0, 9, count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trellis, "STRIP", strip)
        assert layers.summed(count, lambda part: values[part]) == float(values.sum())


@pytest.mark.parametrize(("count", "bits"), [(700, 200), (5000, 40)])
def test_a_message_in_strips_is_that_of_the_whole(count: int, bits: int) -> None:
    """One array of costs for both ways, too: what may not leave 0...255 does not."""
    rng = np.random.default_rng(count)
    cover = rng.choice([0, 1, 7, 100, 254, 255], count).astype(np.uint8)
    rho = np.exp(rng.normal(0, 1, count))
    priced = PricedSamples(pixels(cover), np.where(cover == 255, np.inf, rho), np.where(cover == 0, np.inf, rho))
    message = rng.integers(0, 2, bits, dtype=np.uint8)
    whole = layers.write(priced, 6.0, 1e-9, message, CODE)
    assert whole is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trellis, "STRIP", 128)
        parted = layers.write(PricedSamples(pixels(cover), rho, rho), 6.0, 1e-9, message, CODE)
    assert parted is not None
    assert np.array_equal(parted.stego, whole.stego)
    assert np.abs(parted.stego.astype(int) - cover).max() == 1
