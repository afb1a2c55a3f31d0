"""What pairs of cover and stego teach a warden: are there places that one key never changes, and do they link two bundles?

`python benchmarks/pairs.py [PAIRS] [--side 128]`. All pairs are of one key file and one picture size, filled to the last byte,
with costs that are the same everywhere and covers of noise: the best that a warden can hope for. He counts, in every place, the
pairs in which it changed, and leaves out the places that docs/format.md makes public.

- *Places.* Those that never changed, of which chance leaves (1 - rate)^pairs; and how much the counts vary from place to place
  beyond a binomial law, in standard deviations (chi-square).
- *Bundles.* Of ten pairs each: how many places stay unchanged in both, in standard deviations above chance (hypergeometric).
  Bundles of one key are compared with each other, and with bundles of another key.

As a control the same is done to stegos of a construction that freezes all places by the key alone, as an earlier draft of the
format did. The run fails if the format shows anything, or the control does not.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import sys
from collections.abc import Callable
from unittest import mock

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from ssgan.messages import container
from ssgan.messages.container import KeyedLayout, capacity, max_plaintext_bytes
from ssgan.messages.hide import hide
from ssgan.messages.keys import Key, KeyFile, Subkeys
from ssgan.messages.order import FrozenDraw, frozen_count

BUNDLE = 10  # pairs
LIMIT = 4.0  # standard deviations
Construction = Callable[[bytes, np.ndarray, Key], KeyedLayout]
KEYS = [KeyFile(hashlib.sha256(name).digest()) for name in (b"one sender", b"another sender")]


def frozen_by_the_key_alone(shape: bytes, samples: np.ndarray, key: Key) -> KeyedLayout:
    """The control: every picture of one size has the same frozen places, and its salt is read off all of them."""
    assert isinstance(key, KeyFile)
    chosen = HKDF(SHA512(), 32, salt=None, info=b"control" + shape).derive(key.secret)
    frozen = FrozenDraw(len(samples)).take(chosen, frozen_count(len(samples)))
    keys = Subkeys.of(key.first_root(hashlib.sha256(shape + samples[frozen].tobytes()).digest()))
    carrying = len(samples) - len(frozen)
    return KeyedLayout(shape, carrying, frozen, keys, max_plaintext_bytes(carrying))


def changes(construct: Construction, key: Key, pairs: int, side: int, seed: int) -> NDArray[np.bool_]:
    """(pairs, side * side): which samples a message changed in each pair."""
    rng, changed = np.random.default_rng(seed), np.empty((pairs, side * side), dtype=bool)
    with mock.patch.object(container, "keyed_layout", construct):
        for row in changed:
            cover = rng.integers(40, 216, (1, side, side), dtype=np.uint8)
            row[:] = hide(cover, rng.bytes(capacity(cover)), key, scheme="lsb").changes.reshape(-1) != 0
    return changed


def spread_beyond_chance(changed: NDArray[np.bool_]) -> float:
    """Standard deviations by which the counts' chi-square over places exceeds its degrees of freedom."""
    pairs, places = changed.shape
    rates = changed.mean(axis=1)
    chi_square = ((changed.sum(axis=0) - rates.sum()) ** 2).sum() / (rates * (1 - rates)).sum()
    return float((chi_square - places) / np.sqrt(2 * places))


def link(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Standard deviations by which the places unchanged in both bundles are more than chance has it."""
    first, second = ~one.any(axis=0), ~other.any(axis=0)
    a, b, n = int(first.sum()), int(second.sum()), one.shape[1]
    variance = a * b * (n - a) * (n - b) / (n * n * (n - 1))
    return float((np.count_nonzero(first & second) - a * b / n) / np.sqrt(variance))


def together(scores: list[float]) -> float:
    """Standard deviations of their mean, where each has one and they are independent."""
    return float(np.sum(scores) / np.sqrt(len(scores)))


def attack(name: str, construct: Construction, pairs: int, side: int, *, shows: bool) -> bool:
    """Print what the warden sees. Return whether that is as it should be."""
    # What anybody knows is left out: it is no secret, and the same for all senders. The control has nothing public.
    secret = np.ones(side * side, dtype=bool)
    if construct is container.keyed_layout:
        shape = container.shape_of(np.empty((1, side, side), dtype=np.uint8), np.empty(side * side, dtype=np.uint8))
        secret[FrozenDraw(side * side).take_public(shape)] = False
    one, other = (changes(construct, key, pairs, side, seed)[:, secret] for seed, key in enumerate(KEYS))
    rate = one.mean()
    never, chance = np.count_nonzero(~one.any(axis=0)), (1 - rate) ** pairs * one.shape[1]
    spread = spread_beyond_chance(one)
    starts = range(0, pairs - BUNDLE + 1, BUNDLE)
    ours, theirs = ([whole[start : start + BUNDLE] for start in starts] for whole in (one, other))
    same = [link(a, b) for a, b in itertools.pairwise(ours)][::2]
    different = [link(a, b) for a, b in zip(ours, theirs, strict=True)]
    print(
        f"{name}: {pairs} pairs, {side} x {side}, change rate {rate:.3f}\n"
        f"  places never changed: {never}, by chance {chance:.1f}; counts vary by {spread:+.1f} sd beyond chance\n"
        f"  10 + 10 pairs of one key: {', '.join(f'{z:+.1f}' for z in same)} sd, together {together(same):+.1f}\n"
        f"  10 + 10 pairs of two keys: {', '.join(f'{z:+.1f}' for z in different)} sd, together {together(different):+.1f}"
    )
    found = (never > chance + LIMIT * max(1.0, np.sqrt(chance)), spread > LIMIT, together(same) > LIMIT)
    return (all(found) if shows else not any(found)) and together(different) < LIMIT


def main() -> int:
    """Attack the format, then the control; 1 if either does not come out as it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=int, nargs="?", default=120)
    parser.add_argument("--side", type=int, default=128)
    options = parser.parse_args()
    results = [
        attack("the format", container.keyed_layout, options.pairs, options.side, shows=False),
        attack("control, frozen by the key alone", frozen_by_the_key_alone, options.pairs, options.side, shows=True),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
