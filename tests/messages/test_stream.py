"""What an observer without the key could look for: structure in the stream, and places that change again and again.

The statistics are those of A. Rukhin et al., "A statistical test suite for random and pseudorandom number generators", NIST SP
800-22 rev. 1a, 2010 (frequency, runs, serial), and Pearson's chi-square on bytes. Keys and messages are fixed, so a p-value is
the same at every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import special, stats

from ssgan.messages import container
from ssgan.messages.container import OVERHEAD, SPLITS, KeyedLayout, max_plaintext_bytes
from ssgan.messages.hide import hide
from ssgan.messages.keys import KeyFile, Subkeys, final_root
from ssgan.messages.order import public_count
from ssgan.messages.reveal import reveal

LEAST_P = 1e-4
MEGABIT = 1 << 20
KEY = KeyFile(bytes(range(32)))
TEXT = b"It was a bright cold day in April, and the clocks were striking thirteen. "


def monobit(bits: np.ndarray) -> float:
    """SP 800-22, 2.1: as many ones as zeros."""
    return float(special.erfc(abs(2 * int(bits.sum()) - len(bits)) / np.sqrt(2 * len(bits))))


def runs(bits: np.ndarray) -> float:
    """SP 800-22, 2.3: neither too many changes of value nor too few."""
    share, changes = bits.mean(), np.count_nonzero(bits[1:] != bits[:-1]) + 1
    spread = 2 * share * (1 - share)
    return float(special.erfc(abs(changes - len(bits) * spread) / (np.sqrt(2 * len(bits)) * spread)))


def serial(bits: np.ndarray, length: int = 8) -> float:
    """SP 800-22, 2.11: all overlapping patterns of `length` bits equally often, given those one shorter (the first p)."""

    def psi2(m: int) -> float:
        wrapped = np.concatenate([bits, bits[: m - 1]]).astype(np.int64)
        words = sum(wrapped[i : len(bits) + i] << (m - 1 - i) for i in range(m))
        return float((np.bincount(words, minlength=1 << m).astype(float) ** 2).sum() * 2**m / len(bits) - len(bits))

    return float(special.gammaincc(2 ** (length - 2), (psi2(length) - psi2(length - 1)) / 2))


def byte_values(bits: np.ndarray) -> float:
    """Pearson's chi-square on 256 values."""
    return float(stats.chisquare(np.bincount(np.packbits(bits), minlength=256)).pvalue)


TESTS: dict[str, Callable[[np.ndarray], float]] = {"monobit": monobit, "runs": runs, "serial": serial, "bytes": byte_values}


def bound(number: int, carrying: int) -> KeyedLayout:
    """The keys of an image of so many carrying samples."""
    root = final_root(KeyFile(number.to_bytes(32, "big")).first_root(b"salt"), b"salt")
    return KeyedLayout(b"ssgan/1 shape", carrying, np.empty(0, dtype=np.int64), Subkeys.of(root), max_plaintext_bytes(carrying))


def message(kind: str, size: int, number: int) -> bytes:
    return {
        "zeros": bytes(size),
        "ones": b"\xff" * size,
        "text": (TEXT * (size // len(TEXT) + 1))[:size],
        "counter": number.to_bytes(8, "big").rjust(size, b"\0")[:size],
    }[kind]


def streams(kind: str, size: int, count: int) -> Iterator[bytes]:
    """Streams of `count` images whose keys differ in a counter; splits and padding as they come."""
    for number in range(count):
        layout = bound(number, 16 * (size + OVERHEAD))
        body = message(kind, size - number % 2, number)
        yield container.seal(layout, *_sealed(body, size, number))


def _sealed(body: bytes, size: int, number: int) -> tuple[bytes, int, int]:
    plaintext, padding = container.padded(body, size)
    return plaintext, number % len(SPLITS), padding


def bits_of(made: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(made, dtype=np.uint8))


@pytest.mark.parametrize("kind", ["zeros", "ones", "text", "counter"])
@pytest.mark.parametrize(("size", "count"), [(20, 3600), (990, 131), (16_000, 9)])
def test_streams_are_uniform_whatever_is_said(kind: str, size: int, count: int) -> None:
    """12 megabits in all, a megabit each: short, middle and long streams of the plainest messages there are."""
    bits = bits_of(b"".join(streams(kind, size, count)))
    assert len(bits) > MEGABIT
    for name, test in TESTS.items():
        assert test(bits) > LEAST_P, name


def test_eight_megabits_together_are_uniform() -> None:
    made = b"".join(
        b"".join(streams(kind, size, count)) for kind in ("zeros", "text") for size, count in ((20, 14_000), (990, 520))
    )
    bits = bits_of(made)
    assert len(bits) > 8 * MEGABIT
    for name, test in TESTS.items():
        assert test(bits) > LEAST_P, name


@pytest.mark.parametrize("kind", ["zeros", "counter"])
def test_no_place_in_the_stream_leans_to_a_value(kind: str) -> None:
    """Each of 304 bits of 6,000 streams, probe and tag among them, and its neighbor; the least p, times 304, is above 1e-4."""
    table = np.stack([bits_of(stream) for stream in streams(kind, 20, 6000)])
    for ones in (table.sum(axis=0, dtype=np.int64), (table[:, :-1] ^ table[:, 1:]).sum(axis=0, dtype=np.int64)):
        p = 2 * stats.norm.sf(np.abs(ones - 3000) / np.sqrt(1500))
        assert p.min() * len(p) > LEAST_P


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("monobit", lambda bits, rng: bits | (rng.random(len(bits)) < 0.01).astype(np.uint8)),
        ("runs", lambda bits, rng: np.where(rng.random(len(bits)) < 0.01, np.roll(bits, 1), bits)),
        ("serial", lambda bits, rng: np.where(np.arange(len(bits)) % 40 == 0, np.roll(bits, 5), bits)),
        (
            "bytes",
            lambda bits, rng: bits & np.unpackbits(np.where(rng.random(len(bits) // 8) < 0.1, 0x7F, 0xFF).astype(np.uint8)),
        ),
    ],
)
def test_the_statistics_see_a_flaw_of_a_few_percent(name: str, flaw: Callable[..., np.ndarray]) -> None:
    """And none in NumPy's random bits."""
    rng = np.random.default_rng(6)
    bits = rng.integers(0, 2, MEGABIT, dtype=np.uint8)
    assert TESTS[name](bits) > LEAST_P
    assert TESTS[name](flaw(bits, rng)) < LEAST_P


def changed_places(scheme: str, message_bytes: int, keys: list[KeyFile]) -> tuple[list[np.ndarray], int]:
    """Which samples change in covers of one size, one for each key, and how many may.

    The covers are noise, so that no texture draws changes to the same places, and the messages all zeros.
    """
    rng = np.random.default_rng(12)
    changed, places = [], 64 * 64
    for key in keys:
        cover = rng.integers(40, 216, (1, 64, 64), dtype=np.uint8)
        hidden = hide(cover, bytes(message_bytes), key, scheme=scheme)
        assert reveal(hidden.stego, key) == bytes(message_bytes)
        changed.append(np.sort(np.flatnonzero(hidden.changes.reshape(-1))))
    return changed, places - public_count(places) if len(set(keys)) == 1 else places


def excess(sets: list[np.ndarray], places: int) -> float:
    """How many standard deviations the overlaps of all pairs, together, are above chance; chance is hypergeometric."""
    together = mean = variance = 0.0
    for i, one in enumerate(sets):
        for other in sets[:i]:
            together += len(np.intersect1d(one, other, assume_unique=True))
            law = stats.hypergeom(places, len(one), len(other))
            mean, variance = mean + law.mean(), variance + law.var()
    return (together - mean) / np.sqrt(variance)


@pytest.mark.parametrize("message_bytes", [20, 60, 180])
def test_one_key_over_fifty_covers_changes_other_places_each_time(message_bytes: int) -> None:
    """Among the samples that may change: the frozen ones are one set for one key file and one size (docs/security.md)."""
    assert abs(excess(*changed_places("lsb", message_bytes, [KEY] * 50))) < 3


def test_an_adaptive_scheme_meets_its_own_places_no_more_often_with_one_key_than_with_fifty() -> None:
    """HILL prefers some places in every image (its means are mirrored at the border), with any key: that much is its own."""
    own = excess(*changed_places("hill", 60, [KeyFile(bytes([i]) * 32) for i in range(50)]))
    assert abs(excess(*changed_places("hill", 60, [KEY] * 50)) - own) / np.sqrt(2) < 3


def test_the_overlap_of_a_tool_with_a_fixed_region_would_be_seen() -> None:
    """A tenth of the changes in the same 400 places, as with a header at places that the key alone decides."""
    rng = np.random.default_rng(4)
    sets = []
    for _ in range(50):
        fixed = rng.choice(400, 20, replace=False)
        sets.append(np.union1d(fixed, rng.choice(4000, 180, replace=False)))
    assert excess(sets, 4000) > 6


def test_one_message_in_fifty_covers_gives_fifty_unrelated_streams() -> None:
    """Bits that any two of 50 streams have in common: half, within 4.5 standard deviations for the worst of 1,225 pairs."""
    table = np.stack([bits_of(stream) for stream in streams("zeros", 990, 50)]).astype(int)
    length = table.shape[1]
    agreeing = np.array([(table[i] == table[j]).sum() for i in range(50) for j in range(i)])
    assert np.abs(agreeing - length / 2).max() < 4.5 * np.sqrt(length) / 2
