"""A small model of drawn covers for tests: laws from a hash, small pictures, and covers that are given up on demand.

It has the order of a real one: the header's plane first, its samples independent, the pivots last; then planes whose means
depend on what was drawn before, from sample to sample.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.drawn import coder, coder_loops, header
from ssgan.drawn.tables import is_dry, law_tables

TABLES = law_tables()


@dataclass(frozen=True)
class StandIn:
    """`widest` is the number of scales above 1/4 that its laws have; up to 12 no sample is dry."""

    name: str = "stand-in"
    shape: tuple[int, int, int] = (16, 24, 3)
    promise_bytes: int = 200
    widest: int = 24
    dark: bool = False
    deep: bool = True  # means depend on the samples before, within a plane as well

    @property
    def identity(self) -> bytes:
        return hashlib.sha256(repr(self).encode()).digest()

    def laws(self, latent: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(scales, means), int64 (C, H W), before what depends on samples."""
        height, width, channels = self.shape
        count = height * width * channels
        stream = np.frombuffer(hashlib.shake_256(self.identity + latent).digest(4 * count), "<u2").astype(np.int64)
        scales = self.widest - 1 - stream[:count] % min(8, self.widest)
        means = (0 if self.dark else 1000) + stream[count:] % 2000
        return scales.reshape(channels, -1), means.reshape(channels, -1)


@dataclass(frozen=True)
class Drawn:
    picture: NDArray[np.uint8]
    words_used: int


class Drawing:
    """The functions that a model's own module offers; `given_up` counts."""

    def __init__(self) -> None:
        self.given_up = 0
        self.draws = 0

    def draw(self, model: StandIn, latent: bytes, nonce: bytes, bits: NDArray[np.uint32]) -> Drawn:
        self.draws += 1
        scales, means = model.laws(latent)
        planes: NDArray[np.uint8] = np.empty((model.shape[2], scales[0].size), np.uint8)
        state = coder.begin_draw(bits, planes.size)
        try:
            pivots = header.find_pivots(is_dry(TABLES, scales[0], means[0]))
        except header.GivenUp:
            self.given_up += 1
            raise
        rest = np.setdiff1d(np.arange(planes.shape[1]), pivots.places)
        others, drawn = np.empty(len(rest), np.uint8), np.empty(header.PIVOTS, np.uint8)
        assert coder_loops.draw_many(state, bits, TABLES, scales[0, rest], means[0, rest], others)
        planes[0, rest] = others
        solved = pivots.solve(planes[0], nonce)
        s, m = scales[0, pivots.places], means[0, pivots.places]
        assert coder_loops.draw_many_with_parities(state, bits, TABLES, s, m, solved, drawn)
        planes[0, pivots.places] = drawn
        for i in range(1, len(planes)):
            for j in range(planes.shape[1]):
                mean = int(means[i, j]) + _seen(model, planes, i, j)
                planes[i, j] = coder_loops.draw(state, bits, TABLES[scales[i, j]], mean)
        height, width, channels = model.shape
        picture = np.roll(planes, 1, axis=0) if channels == 3 else planes  # the header's plane is green
        picture = np.ascontiguousarray(picture.reshape(channels, height, width).transpose(1, 2, 0))
        return Drawn(picture, coder.end_draw(state, bits).determined)

    def read_nonce(self, picture: NDArray[np.uint8]) -> bytes:
        return header.read_nonce(_planes(picture)[0])

    def read(self, model: StandIn, picture: NDArray[np.uint8], latent: bytes) -> coder.Interval:
        planes = _planes(picture)
        scales, means = model.laws(latent)
        state, words = coder.begin_put(planes.size)
        try:
            places = header.find_pivots(is_dry(TABLES, scales[0], means[0])).places
        except header.GivenUp:
            places = np.empty(0, np.int64)
        rest = np.setdiff1d(np.arange(planes.shape[1]), places)
        coder_loops.put_many(state, words, TABLES, scales[0, rest], means[0, rest], planes[0, rest])
        coder_loops.put_many_with_parities(state, words, TABLES, scales[0, places], means[0, places], planes[0, places])
        for i in range(1, len(planes)):
            for j in range(planes.shape[1]):
                mean = int(means[i, j]) + _seen(model, planes, i, j)
                coder_loops.put(state, words, TABLES[scales[i, j]], mean, int(planes[i, j]))
        return coder.end_put(state, words)

    def honest(self, model: StandIn) -> NDArray[np.uint8]:
        """A cover by the operating system's randomness."""
        size = coder.most_words(int(np.prod(model.shape)))
        while True:
            bits = np.frombuffer(secrets.token_bytes(4 * size), np.uint32)
            try:
                return self.draw(model, secrets.token_bytes(32), secrets.token_bytes(16), bits).picture
            except header.GivenUp:
                continue


def _planes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (C, H W): in color G first, then B and R."""
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1)).reshape(picture.shape[2], -1)
    return np.roll(planes, -1, axis=0) if len(planes) == 3 else planes


def _seen(model: StandIn, planes: NDArray[np.uint8], i: int, j: int) -> int:
    """Sixteenths by which the samples drawn before move the mean."""
    moved = 3 * int(planes[i - 1, j])
    return moved + (5 * int(planes[i, j - 1]) if model.deep and j else 0) - 8 * 128
