"""Hide the nonce in lowest bits: a syndrome of the first plane, written without any bias (docs/drawn.md, 5).

The lowest bits of the plane times a public matrix are the nonce, for any reader and in every picture of this shape. To write
one, 128 samples whose lowest bits are exactly uniform, the pivots, are drawn last: their lowest bits solve the equation.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NONCE_BYTES = 16
PIVOTS = 8 * NONCE_BYTES
_MOST = 4096  # samples looked at: in a larger plane every floor(n / 4096)-th
_LABEL = b"ssgan/2/header"


class GivenUp(Exception):
    """A draw that cannot be completed, by a rule that honest covers obey as well: it is begun again with a new nonce."""


@functools.lru_cache(maxsize=16)
def header_places(samples: int) -> NDArray[np.int64]:
    """Return the places of the header within a plane of `samples` samples, int64 (n',), ascending. Read-only."""
    return _constant(np.arange(0, samples, max(1, samples // _MOST), dtype=np.int64))


@functools.lru_cache(maxsize=16)
def matrix(rows: int) -> NDArray[np.int64]:
    """Return the public matrix, int64 (rows, 2): row i is the bytes 16 i to 16 i + 15 of SHAKE-256's output. Read-only."""
    stream = hashlib.shake_256(_LABEL).digest(NONCE_BYTES * rows)
    return _constant(np.frombuffer(stream, dtype="<i8").reshape(rows, 2).astype(np.int64))


def read_nonce(plane: NDArray[np.uint8]) -> bytes:
    """Return the 16 bytes in the lowest bits of `plane` uint8 (n,); they have a meaning only with the key."""
    bits = plane[header_places(len(plane))] & np.uint8(1)
    return _as_bytes(_sum(matrix(len(bits)), bits))


@dataclass(frozen=True, eq=False)
class Pivots:
    """The 128 samples of a plane that are drawn last, and how their lowest bits follow from all others and the nonce."""

    places: NDArray[np.int64]  # (128,), ascending
    _basis: NDArray[np.int64]  # (128, 2): the one with leading bit i in row i
    _sums: NDArray[np.int64]  # (128, 2): of which pivots it is the sum, a bit each

    def solve(self, plane: NDArray[np.uint8], nonce: bytes) -> NDArray[np.uint8]:
        """Return the pivots' lowest bits, uint8 (128,), with which `plane` uint8 (n,) spells `nonce`.

        What the plane holds at the pivots' places does not count.
        """
        from ssgan.drawn.header_loops import reduce_row

        others = plane.copy()
        others[self.places] = 0
        looked_at = header_places(len(plane))
        bits = others[looked_at] & np.uint8(1)
        rest = _as_row(nonce) ^ _sum(matrix(len(bits)), bits)
        solution = np.zeros(2, np.int64)
        leading = reduce_row(rest, solution, self._basis, np.ones(PIVOTS, np.bool_), self._sums)
        assert leading < 0, "a basis of all rows leaves no rest"
        return np.unpackbits(solution.astype("<i8").view(np.uint8), bitorder="little")


def find_pivots(dry: NDArray[np.bool_]) -> Pivots:
    """Return the pivots of a plane in which the samples with `dry` bool (n,) have exactly uniform lowest bits.

    They are the first 128 linearly independent rows of the matrix among the dry ones, in order. Raises GivenUp where there
    are fewer.
    """
    from ssgan.drawn.header_loops import independent

    looked_at = header_places(len(dry))
    candidates = np.flatnonzero(dry[looked_at])
    chosen, basis, sums = np.empty(PIVOTS, np.int64), np.zeros((PIVOTS, 2), np.int64), np.zeros((PIVOTS, 2), np.int64)
    if independent(matrix(len(looked_at)), candidates, chosen, basis, sums) < PIVOTS:
        raise GivenUp(f"{len(candidates)} samples can carry the header, and {PIVOTS} independent ones are needed")
    return Pivots(looked_at[chosen], basis, sums)


def _sum(rows: NDArray[np.int64], bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return int64 (2,): the sum modulo 2 of the rows (n, 2) whose bit is 1."""
    return np.bitwise_xor.reduce(rows[bits.view(np.bool_)], axis=0)


def _as_row(nonce: bytes) -> NDArray[np.int64]:
    assert len(nonce) == NONCE_BYTES
    return np.frombuffer(nonce, dtype="<i8").astype(np.int64)


def _as_bytes(row: NDArray[np.int64]) -> bytes:
    return row.astype("<i8").tobytes()


def _constant(array: NDArray[np.int64]) -> NDArray[np.int64]:
    array.setflags(write=False)
    return array
