"""Choose by key which samples stay frozen, and in which order the others carry the message (docs/format.md, 2, 3 and 5).

All of it comes from the ChaCha20 keystream (RFC 8439) by a rule that is written down, so that no library's random stream, which
may change with its version, is part of a message.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.keystream import reader
from ssgan.compute.large_arrays import large_empty
from ssgan.compute.light_start import loops_pay

T = TypeVar("T", bound=np.generic)

_WORDS = 1 << 18  # of keystream made at a time


@dataclass(frozen=True)
class FrozenRule:
    """Which samples may be frozen, every `step`-th from the first, and how many of these M are: k, of them p public.

    k = min(most, max(least, M // share)), p = min(public_most, max(public_least, M // public_share)), both at most M.
    """

    step: int
    least: int
    most: int
    share: int
    public_least: int
    public_most: int
    public_share: int

    def candidates(self, samples: int) -> int:
        """Return M, of `samples` samples."""
        return samples // self.step

    def count(self, samples: int) -> int:
        """Return k, how many of `samples` samples are frozen."""
        among = self.candidates(samples)
        return min(self.most, max(self.least, among // self.share), among)

    def public_count(self, samples: int) -> int:
        """Return p, how many of the frozen samples are at public positions."""
        among = self.candidates(samples)
        return min(self.public_most, max(self.public_least, among // self.public_share), among)


PIXEL_RULE = FrozenRule(1, 64, 256, 32, 32, 64, 128)
# Most AC coefficients are zero and would tell no picture from another: the first of each block of 64, its DC, does.
COEFFICIENT_RULE = FrozenRule(64, 16, 256, 8, 16, 64, 32)


def frozen_count(samples: int, rule: FrozenRule = PIXEL_RULE) -> int:
    """Return how many of `samples` samples are frozen."""
    return rule.count(samples)


def public_count(samples: int, rule: FrozenRule = PIXEL_RULE) -> int:
    """Return how many of the frozen samples are at public positions."""
    return rule.public_count(samples)


class FrozenDraw:
    """A draw of the samples that are never changed, in steps with a key each; no position is drawn twice.

    It is the beginning of Fisher and Yates' exchange, of which only the places that moved are kept.
    """

    def __init__(self, samples: int, rule: FrozenRule = PIXEL_RULE) -> None:
        self._samples, self._rule = rule.candidates(samples), rule
        self._public = rule.public_count(samples)
        self._drawn = 0
        self._moved: dict[int, int] = {}

    def take(self, key: bytes, count: int) -> NDArray[np.int64]:
        """Return int64 (count,): the next positions, in the order in which they are drawn."""
        words, chosen = _words(key), []
        for i in range(self._drawn, self._drawn + count):
            j = i + _uniform(words, self._samples - i)
            chosen.append(self._moved.get(j, j))
            self._moved[j] = self._moved.get(i, i)
        self._drawn += count
        return np.array(chosen, dtype=np.int64) * self._rule.step

    def take_public(self, shape: bytes) -> NDArray[np.int64]:
        """Return int64 (p,): the positions that all images of this shape share. They are drawn first."""
        return self.take(hashlib.sha256(b"ssgan/1/public" + shape).digest(), self._public)


def carrying_places(key: bytes, samples: int, frozen: NDArray[np.int64]) -> NDArray[np.signedinteger[Any]]:
    """Return int32 (n,), or int64 from 2^31 samples on: positions of the samples that carry the message, in its order.

    `frozen` are left out.
    """
    kind: type[np.signedinteger[Any]] = np.int32 if samples < 1 << 31 else np.int64
    places = large_empty(samples - len(frozen), kind)
    filled = 0
    for first, last in _runs(samples, frozen):
        places[filled : filled + last - first] = np.arange(first, last)
        filled += last - first
    return shuffled(key, places)


def without(values: NDArray[T], frozen: NDArray[np.int64]) -> NDArray[T]:
    """Return a copy of `values` (N,) without those at the few positions `frozen`, each named once."""
    runs = [values[first:last] for first, last in _runs(len(values), frozen)]
    return np.concatenate(runs, out=large_empty(len(values) - len(frozen), values.dtype))


def _runs(samples: int, frozen: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the ends of the runs of samples that are not frozen."""
    ends = [-1, *np.sort(frozen).tolist(), samples]
    return [(end + 1, start) for end, start in itertools.pairwise(ends)]


def shuffled(key: bytes, values: NDArray[T]) -> NDArray[T]:
    """Return `values` (n,), the carrying samples in image order, permuted in place into the message's order."""
    left, following = len(values) - 1, reader(key)
    if not loops_pay(len(values)):
        values[:] = _exchanged(values, following)
        return values
    from ssgan.messages.order_loops import shuffle

    while left > 0:
        size = min(_WORDS, left + left // 2 + 64)
        left = shuffle(values, np.frombuffer(following(4 * size), dtype="<u4"), left)
    return values


def _exchanged(values: NDArray[T], following: Callable[[int], bytes]) -> NDArray[T]:
    """Return `values` (n,) permuted as `order_loops.shuffle` permutes them, in plain Python: an exchange needs the last one's
    outcome.
    """
    places: list[int] = []
    left = len(values) - 1
    while left > 0:
        words = np.frombuffer(following(4 * min(_WORDS, left + 64)), dtype="<u4").astype(np.int64)
        while left > 0 and len(words):
            bounds = np.arange(left + 1, max(left + 1 - len(words), 1), -1)
            unfair = np.flatnonzero(words[: len(bounds)] >= (1 << 32) - (1 << 32) % bounds)
            used = int(unfair[0]) if len(unfair) else len(bounds)
            places += (words[:used] % bounds[:used]).tolist()
            left, words = left - used, words[used + 1 if len(unfair) else used :]
    mixed: Any = bytearray(values) if values.dtype == np.uint8 else values.tolist()
    for i, j in zip(range(len(values) - 1, 0, -1), places, strict=True):
        mixed[i], mixed[j] = mixed[j], mixed[i]
    return np.frombuffer(mixed, values.dtype) if values.dtype == np.uint8 else np.array(mixed, values.dtype)


def _words(key: bytes) -> Iterator[int]:
    following = reader(key)
    while True:
        yield from np.frombuffer(following(4 * 512), dtype="<u4").tolist()


def _uniform(words: Iterator[int], bound: int) -> int:
    fair = 2**32 - 2**32 % bound
    return next(word for word in words if word < fair) % bound
