"""The nonce in lowest bits: read by everybody, written without bias."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ssgan.drawn.header import GivenUp, find_pivots, header_places, read_nonce
from tests.vectors import drawn_reader as twin


@pytest.mark.parametrize("samples", [128, 200, 1024, 4095, 4096, 8191, 8192, 12_289, 65_536])
def test_reading_agrees_with_the_plain_twin(samples: int) -> None:
    plane = np.random.default_rng(samples).integers(0, 256, samples, dtype=np.uint8)
    assert read_nonce(plane) == twin.nonce(plane.tolist())
    assert header_places(samples).tolist() == list(twin.usable(samples))


def test_only_the_lowest_bits_at_the_headers_places_count() -> None:
    rng = np.random.default_rng(1)
    plane = rng.integers(0, 256, 65_536, dtype=np.uint8)
    other: NDArray[np.uint8] = plane ^ (2 * rng.integers(0, 128, 65_536, dtype=np.uint8))
    assert read_nonce(other) == read_nonce(plane)
    other[1::16] ^= 1
    assert read_nonce(other) == read_nonce(plane)
    other[16] ^= 1
    assert read_nonce(other) != read_nonce(plane)


@pytest.mark.parametrize(("samples", "dry"), [(1024, 0.4), (1024, 1.0), (200, 0.9), (5000, 0.2), (65_536, 0.5)])
def test_a_plane_says_any_nonce_by_its_pivots_alone(samples: int, dry: float) -> None:
    rng = np.random.default_rng(samples)
    for _ in range(20):
        usable = rng.random(samples) < dry
        plane = rng.integers(0, 256, samples, dtype=np.uint8)
        pivots = find_pivots(usable)
        assert pivots.places.tolist() == twin.pivots(usable.tolist())
        assert usable[pivots.places].all()
        nonce = rng.bytes(16)
        bits = pivots.solve(plane, nonce)
        written = plane.copy()
        written[pivots.places] = plane[pivots.places] & 254 | bits
        assert read_nonce(written) == nonce
        # The solution is unique, and what stands at the pivots' places beforehand does not count.
        assert np.array_equal(pivots.solve(written, nonce), bits)
        for place in pivots.places[:3]:
            written[place] ^= 1
            assert read_nonce(written) != nonce
            written[place] ^= 1


@pytest.mark.parametrize("nonce", [bytes(16), b"\xff" * 16, bytes(15) + b"\x01", b"\x80" + bytes(15)])
def test_no_nonce_is_special(nonce: bytes) -> None:
    plane = np.zeros(1024, np.uint8)
    pivots = find_pivots(np.ones(1024, np.bool_))
    plane[pivots.places] = pivots.solve(plane, nonce)
    assert read_nonce(plane) == nonce


def test_uniform_nonces_give_uniform_solutions() -> None:
    """The system is invertible: 128 unit nonces give 128 independent solutions, and solving is linear in the nonce."""
    plane = np.random.default_rng(2).integers(0, 256, 1024, dtype=np.uint8)
    pivots = find_pivots(np.random.default_rng(3).random(1024) < 0.5)
    zero = pivots.solve(plane, bytes(16))
    units = np.stack([pivots.solve(plane, (1 << i).to_bytes(16, "little")) ^ zero for i in range(128)])
    solutions = [int.from_bytes(np.packbits(row).tobytes(), "big") for row in units]
    rank = 0
    while solutions:
        top = max(solutions)
        solutions = [min(one, one ^ top) for one in solutions if one != top]
        solutions = [one for one in solutions if one]
        rank += 1
    assert rank == 128
    nonce = bytes(range(16))
    together = zero.copy()
    for i in range(128):
        if int.from_bytes(nonce, "little") >> i & 1:
            together ^= units[i]
    assert np.array_equal(pivots.solve(plane, nonce), together)


@pytest.mark.parametrize("samples", [0, 1, 64, 127, 1024])
def test_fewer_than_128_independent_rows_are_given_up(samples: int) -> None:
    dry = np.zeros(samples, np.bool_)
    dry[:127] = True
    with pytest.raises(GivenUp, match="128"):
        find_pivots(dry)


def test_dependent_rows_do_not_count() -> None:
    """Exactly as many dry samples as the twin needs for 128 independent ones; one fewer is given up."""
    dry = np.zeros(1024, np.bool_)
    last = twin.pivots([True] * 1024)[-1]
    dry[: last + 1] = True
    assert find_pivots(dry).places[-1] == last
    dry[last] = False
    with pytest.raises(GivenUp):
        find_pivots(dry)


def test_dry_samples_off_the_headers_places_do_not_count() -> None:
    dry = np.ones(65_536, np.bool_)
    dry[::16] = False
    with pytest.raises(GivenUp):
        find_pivots(dry)
