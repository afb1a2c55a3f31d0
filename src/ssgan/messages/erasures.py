"""Code spread messages by Reed-Solomon matrices over GF(2^8): parity from shares, and shares from parity.

A share is multiplied by a coefficient through a table of 256 bytes, all of it in one call, so a byte takes about a nanosecond
for each share that it is a sum of. Code and field are those of docs/format.md, 9: polynomial 0x11d, generator element 2.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_POLYNOMIAL = 0x11D


@functools.cache
def products() -> Bytes:
    """Return uint8 (256, 256): the product of every two elements of the field."""
    powers = [1]
    while len(powers) < 255:
        doubled = powers[-1] << 1
        powers.append(doubled ^ _POLYNOMIAL if doubled > 255 else doubled)
    logarithms = np.zeros(256, dtype=np.int64)
    logarithms[powers] = np.arange(255)
    table = np.array(powers, dtype=np.uint8)[(logarithms[:, None] + logarithms) % 255]
    table[0], table[:, 0] = 0, 0
    return table


@functools.cache
def _tables() -> list[bytes]:
    """Return for each coefficient the table of its product with each byte."""
    return [row.tobytes() for row in products()]


def parity_matrix(needed: int, count: int) -> Bytes:
    """Return uint8 (count - needed, needed): the parity shares as sums of the `needed` message shares.

    Column j is x^(count - 1 - j) modulo the generator polynomial, its highest power first.
    """
    checks, times = count - needed, products()
    generator, root = np.array([1], dtype=np.uint8), 1  # highest power first
    for _ in range(checks):
        generator = np.append(generator, np.uint8(0)) ^ np.insert(times[root][generator], 0, 0)
        root = int(times[root, 2])
    matrix = np.empty((checks, needed), dtype=np.uint8)
    if not checks:
        return matrix
    remainder = generator[1:]  # x^checks modulo the generator
    for j in range(needed - 1, -1, -1):
        matrix[:, j] = remainder
        remainder = np.append(remainder[1:], np.uint8(0)) ^ times[remainder[0]][generator[1:]]
    return matrix


def repair_matrix(needed: int, count: int, taken: Sequence[int], missing: Sequence[int]) -> Bytes:
    """Return uint8 (len(missing), needed): the message shares `missing` as sums of the shares `taken`, which are `needed`
    others.
    """
    parity, times = parity_matrix(needed, count), products()
    checks = parity[[share - needed for share in taken if share >= needed]]
    held = [share for share in taken if share < needed]
    # checks[:, missing] * missing shares = parity shares + checks[:, held] * held shares
    system = np.concatenate([checks[:, list(missing)], checks[:, held], np.eye(len(checks), dtype=np.uint8)], axis=1)
    for i in range(len(checks)):  # Gauss and Jordan
        pivot = i + int(np.flatnonzero(system[i:, i])[0])
        system[[i, pivot]] = system[[pivot, i]]
        inverse = int(np.flatnonzero(times[system[i, i]] == 1)[0])
        system[i] = times[inverse][system[i]]
        factors = system[:, i].copy()
        factors[i] = 0
        system ^= times[factors[:, None], system[i]]
    solved = system[:, len(missing) :]
    places = {share: column for column, share in enumerate([*held, *(share for share in taken if share >= needed)])}
    return solved[:, [places[share] for share in taken]]


def combine(matrix: Bytes, shares: Sequence[bytes]) -> list[bytes]:
    """Return for each row of a matrix uint8 (rows, shares) the sum of the shares, of one length, times its coefficients."""
    tables, sums = _tables(), []
    for coefficients in matrix.tolist():
        terms = (share.translate(tables[c]) for share, c in zip(shares, coefficients, strict=True) if c)
        first = next(terms, bytes(len(shares[0])))
        total = np.frombuffer(first, dtype=np.uint8)
        for term in terms:
            total = total ^ np.frombuffer(term, dtype=np.uint8)
        sums.append(first if len(shares) == 1 else total.tobytes())
    return sums
