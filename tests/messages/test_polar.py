"""The polar code: as published, decoded as well as by trying everything, and near capacity where that cannot be tried."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan.messages import polar


def noisy(coded: NDArray[np.uint8], deviation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Ratios of bits sent as +1 and -1 over a channel with normal noise."""
    received = 1 - 2.0 * coded + rng.normal(0, deviation, len(coded))
    return np.asarray(2 * received / deviation**2)


def test_encoding_is_the_matrix_of_arikan() -> None:
    """The m-th power of [[1, 0], [1, 1]] by the Kronecker product."""
    matrix = np.ones((1, 1), np.uint8)
    for _ in range(5):
        matrix = np.kron(matrix, np.array([[1, 0], [1, 1]], np.uint8))
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, 13).astype(np.uint8)
    word = np.zeros(32, np.uint8)
    word[polar.information_places(32, 13)] = bits
    np.testing.assert_array_equal(polar.encode(bits, 32), word @ matrix % 2)


@pytest.mark.parametrize(("length", "size"), [(8, 4), (12, 5), (16, 7), (23, 8)])
def test_the_list_finds_the_likeliest_word(length: int, size: int) -> None:
    """With as long a list as there are words, the first candidate is the best of all, with its exact order behind it."""
    rng = np.random.default_rng(length)
    every = np.unpackbits(np.arange(1 << size, dtype=">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 16 - size :]
    words = np.array([polar.encode(bits, length) for bits in every])
    for _ in range(20):
        ratios = noisy(words[rng.integers(len(words))], 1.2, rng)
        scores = np.where(words, -ratios, ratios).sum(1)
        found = polar.decode(ratios, size, candidates=1 << size)
        np.testing.assert_array_equal(found[0], every[scores.argmax()])
        np.testing.assert_array_equal(found, every[np.argsort(-scores, kind="stable")])


def test_long_words_come_through_near_capacity_and_no_further() -> None:
    """2,496 bits that tell 0.47 each, as an album's do: 600 come through; more than the channel tells do not."""
    rng = np.random.default_rng(7)
    failures = {600: 0, 1300: 0}
    for size in failures:
        for _ in range(6):
            bits = rng.integers(0, 2, size).astype(np.uint8)
            found = polar.decode(noisy(polar.encode(bits, 2496), 1.02, rng), size)
            failures[size] += not (found == bits).all(axis=1).any()
    assert failures == {600: 0, 1300: 6}


def test_lost_bits_are_borne() -> None:
    rng = np.random.default_rng(8)
    bits = rng.integers(0, 2, 200).astype(np.uint8)
    ratios = np.where(polar.encode(bits, 900), -6.0, 6.0)
    ratios[rng.permutation(900)[:500]] = 0
    assert (polar.decode(ratios, 200)[0] == bits).all()


@pytest.mark.parametrize("length", [2, 3, 5, 64, 100, 960, 4992])
def test_punctured_and_information_places(length: int) -> None:
    whole, missing = polar.whole_length(length), polar.punctured(length)
    assert whole >= length > whole // 2 or whole == 2
    assert len(set(missing.tolist())) == whole - length
    places = polar.information_places(length, length // 2)
    assert (np.diff(places) > 0).all()
