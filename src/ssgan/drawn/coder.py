"""Code bits as samples and back by an exact sampler of 128 bits (docs/drawn.md, 4).

    state = begin_draw(words, samples)          state, words = begin_put(samples)
    value = draw(state, words, row, mean16)     put(state, words, row, mean16, value)
    interval = end_draw(state, words)           interval = end_put(state, words)

`draw` and `put`, and those for samples whose lowest bit is given, are in `coder_loops.py`: a loop over samples is compiled as
well. If the bits are uniform, every value has exactly the probability in its table. Both sides end with the same
interval: the streams that draw this picture, and no other stream does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.drawn.coder_loops import IMPOSSIBLE, STATE_LENGTH, USED

WORD_BITS = 32
_FIRST_WORDS = 3  # V begins with 96 bits
_LIMBS = 4


@dataclass(frozen=True)
class Interval:
    """The streams that draw one picture: as integers of `used` words, those from `low` on that are less than `low + size`."""

    low: int
    size: int
    used: int  # words of 32 bits
    is_possible: bool  # False: a sample has a value that its law cannot give, so no stream draws the picture

    @property
    def determined(self) -> int:
        """Number of words that all streams begin with, which a reader gets for sure."""
        if not self.is_possible:
            return 0
        return (WORD_BITS * self.used - (self.low ^ (self.low + self.size - 1)).bit_length()) // WORD_BITS

    @property
    def words(self) -> NDArray[np.uint32]:
        """uint32 (used,): the least of the streams; the first `determined` words are those of all."""
        return np.frombuffer(self.low.to_bytes(4 * self.used, "big"), dtype=">u4").astype(np.uint32)

    def holds(self, words: NDArray[np.uint32]) -> bool:
        """Return whether the stream `words` uint32 (at least used,) draws this very picture."""
        return self.is_possible and 0 <= _number(words[: self.used]) - self.low < self.size


def most_words(samples: int) -> int:
    """Return how many words the draw of `samples` samples can use at most: each carries up to 16 bits, and about four words
    remain.
    """
    return samples // 2 + _LIMBS


def begin_draw(words: NDArray[np.uint32], samples: int) -> NDArray[np.int64]:
    """Return the state before the first of `samples` draws by `words` uint32 (at least most_words(samples),)."""
    assert words.dtype == np.uint32
    assert len(words) >= most_words(samples), f"{len(words)} words cannot draw {samples} samples"
    state = _state()
    state[_LIMBS - _FIRST_WORDS : _LIMBS] = words[:_FIRST_WORDS]
    return state


def begin_put(samples: int) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return (state, words) before the first of `samples` is put: words uint32 (most_words(samples),), all zero."""
    return _state(), np.zeros(most_words(samples), np.uint32)


def end_draw(state: NDArray[np.int64], words: NDArray[np.uint32]) -> Interval:
    """Return the streams that would have drawn the same samples as `words` did."""
    used = int(state[USED])
    low = _number(words[:used]) - _number(state[:_LIMBS])
    return Interval(low, _number(state[_LIMBS : 2 * _LIMBS]), used, is_possible=True)


def end_put(state: NDArray[np.int64], words: NDArray[np.uint32]) -> Interval:
    """Return the streams that draw the samples put."""
    used = int(state[USED])
    return Interval(_number(words[:used]), _number(state[_LIMBS : 2 * _LIMBS]), used, is_possible=not state[IMPOSSIBLE])


def _state() -> NDArray[np.int64]:
    """Return the initial state: V = 0, R = 2^96."""
    state = np.zeros(STATE_LENGTH, np.int64)
    state[_LIMBS] = 1
    state[USED] = _FIRST_WORDS
    return state


def _number(limbs: NDArray[np.uint32] | NDArray[np.int64]) -> int:
    return int.from_bytes(limbs.astype(">u4").tobytes(), "big")
