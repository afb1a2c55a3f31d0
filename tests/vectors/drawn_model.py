"""A second reader of the package's models: docs/format.md, 22, in int64, for the second reader of drawn covers.

From named arrays, a latent and a picture to the laws of its samples; what stages before the last draw is drawn by the
sampler of `drawn_writing`. It shares no code with the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from tests.vectors import drawn_reader
from tests.vectors.drawn_reader import Law, law, table
from tests.vectors.drawn_writing import Sender
from tests.vectors.reader import keystream

Ints = NDArray[np.int64]
Tensors = Mapping[str, NDArray[np.generic]]
PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))


def identity(tensors: Tensors) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        shape = tensors[name].shape or (1,)
        digest.update(f"{name} {tensors[name].dtype.str} {shape}\n".encode() + tensors[name].tobytes())
    return digest.digest()


def doubled(rows: list[list[int]]) -> list[list[int]]:
    """Four times the bilinear doubling of rows, the first and the last repeated outside."""
    last, made = len(rows) - 1, []
    for i, row in enumerate(rows):
        before, after = rows[max(i - 1, 0)], rows[min(i + 1, last)]
        made.append([a + 3 * b for a, b in zip(before, row, strict=True)])
        made.append([3 * b + c for b, c in zip(row, after, strict=True)])
    return made


def transposed(rows: list[list[int]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


class Reader:
    """The laws of one model's pictures."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = {name: np.asarray(array).astype(np.int64) for name, array in tensors.items()}
        self.identity = identity(tensors)
        _, _, self.channels, self.latents, self.doublings, self.stages, _, self.slope = self.tensors["about"][:8].tolist()
        self.noises = self.tensors["about"][8:].tolist()
        self.colors = (1, 0, 2) if self.channels == 3 else (0,)

    def layer(self, name: str, values: Ints) -> Ints:
        """A dense layer: (..., n) -> (..., m)."""
        return self.cut(name, values @ self.tensors[f"{name}.weights"])

    def cut(self, name: str, sums: Ints) -> Ints:
        shift = int(self.tensors[f"{name}.shift"])
        return np.clip((sums + self.tensors[f"{name}.bias"] + 2 ** (shift - 1)) // 2**shift, -(2**18), 2**18)

    def convolution(self, name: str, values: Ints) -> Ints:
        height, width = values.shape[:2]
        weights = self.tensors[f"{name}.weights"]
        sums = np.zeros((height, width, weights.shape[3]), np.int64)
        for r in range(height):
            for c in range(width):
                for i in range(3):
                    for j in range(3):
                        if 0 <= r + i - 1 < height and 0 <= c + j - 1 < width:
                            sums[r, c] += values[r + i - 1, c + j - 1] @ weights[i, j]
        return self.cut(name, sums)

    def doubling(self, name: str, values: Ints) -> Ints:
        height, width = values.shape[:2]
        weights = self.tensors[f"{name}.weights"]
        size, p = weights.shape[0], 2 if weights.shape[0] == 5 else 1
        if size == 3:
            rows = [[values[r // 2, c // 2] for c in range(2 * width)] for r in range(2 * height)]
            return self.convolution(name, np.array(rows))
        sums = np.zeros((2 * height, 2 * width, weights.shape[3]), np.int64)
        for r in range(height):
            for c in range(width):
                for i in range(size):
                    for j in range(size):
                        row, column = 2 * r + i - p, 2 * c + j - p
                        if 0 <= row < 2 * height and 0 <= column < 2 * width:
                            sums[row, column] += values[r, c] @ weights[i, j]
        return self.cut(name, sums)

    def y(self, latent: bytes) -> Ints:
        """(H / 2, W / 2, C) of the last stage."""
        stream = chain.from_iterable(keystream(latent))
        z = self.small(stream)
        for stage in range(self.stages):
            noise = self.tensors["noise"][indices(stream, z.size)].reshape(z.shape) * self.noises[stage]
            y = np.clip((z + noise + 512) // 1024, 0, 1020)
            if stage == self.stages - 1:
                break
            samples = 4 * y.size
            words = [bytes(islice(stream, 4))[::-1] for _ in range(samples // 2 + 4)]
            z = 4096 * self.drawn(stage, y, b"".join(words))
        return y

    def small(self, stream: Iterator[int]) -> Ints:
        values = leaky(self.layer("first", self.tensors["latents"][indices(stream, self.latents)]), self.slope)
        maps = self.tensors["up0.weights"].shape[2]
        side = round((values.size // maps) ** 0.5)
        values = values.reshape(maps, side, side).transpose(1, 2, 0)
        for number in range(self.doublings):
            values = self.doubling(f"up{number}", values)
            values = leaky(values, self.slope) if number < self.doublings - 1 else values
        grays = self.tensors["tanh"][np.clip(values, -8192, 8192) + 8192]
        if "luma" in self.tensors:
            grays = np.clip(self.slow_chroma(grays), self.tensors["tanh"].min(), self.tensors["tanh"].max())
        return grays[::2, ::2] + grays[::2, 1::2] + grays[1::2, ::2] + grays[1::2, 1::2]

    def slow_chroma(self, grays: Ints) -> Ints:
        height, width, _ = grays.shape
        luma = (grays @ self.tensors["luma"] + 32768) // 65536
        found = np.zeros_like(grays)
        for channel in range(3):
            chroma = grays[:, :, channel] - luma
            rows = [[int(chroma[r : r + 4, c : c + 4].sum()) for c in range(0, width, 4)] for r in range(0, height, 4)]
            for _ in range(2):
                rows = transposed(doubled(transposed(doubled(rows))))
            found[:, :, channel] = luma + (np.array(rows) + 2048) // 4096
        return found

    def drawn(self, stage: int, y: Ints, stream: bytes) -> Ints:
        """The picture that a stream draws from a stage, without a header."""
        sender = Sender(stream)
        picture = np.zeros((2 * y.shape[0], 2 * y.shape[1], self.channels), np.int64)
        for phase, plane, r, c, (scale, mean) in self.laws(stage, y, picture):
            value = sender.draw(law(table(scale), mean))
            assert value is not None
            picture[2 * r + PHASES[phase][0], 2 * c + PHASES[phase][1], self.colors[plane]] = value
        return picture

    def laws(self, stage: int, y: Ints, picture: Ints) -> Iterator[tuple[int, int, int, int, Law]]:
        """Phase, plane, row, column and law of every sample in order; what is before it in `picture` is looked at."""
        y = y[:, :, list(self.colors)]
        height, width, channels = y.shape
        inputs = [4 * (y - 512)]
        for phase, (row, column) in enumerate(PHASES):
            stem = f"stage{stage}.phase{phase}"
            values = np.concatenate(inputs, axis=2)
            for number in (0, 1):
                values = leaky(self.convolution(f"{stem}.{number}", values), 256)
            one = f"{stem}.2"
            values = leaky(self.cut(one, values @ self.tensors[f"{one}.weights"][0, 0]), 256)
            one = f"{stem}.3"
            values = self.cut(one, values @ self.tensors[f"{one}.weights"][0, 0])
            x = picture[row::2, column::2]  # a view: samples appear in it as they are drawn
            base = np.zeros_like(y)
            place = 2 * channels
            color_places = []
            for plane in range(channels):
                color_places.append(range(place, place + plane))
                place += plane
            for plane in range(channels):
                has_neighbors = phase > 0 or plane > 0
                around = range(place, place + 4 * has_neighbors)
                place += 4 * has_neighbors
                base[:, :, plane] = 4 * y[:, :, plane] + (values[:, :, plane] + 2) // 4
                for q, at in enumerate(color_places[plane]):
                    residual = 16 * x[:, :, self.colors[q]] - base[:, :, q]
                    base[:, :, plane] += (np.clip(values[:, :, at], -2048, 2048) * residual + 512) // 1024
                least = 12 if phase == plane == 0 else 0
                scales = np.clip((6 * values[:, :, channels + plane] + 12800) // 1024, least, 41)
                for r in range(height):
                    for c in range(width):
                        mean, total = int(base[r, c, plane]), 512
                        for at, (up, left) in zip(around, ((0, -1), (-1, 0), (-1, -1), (-1, 1)), strict=False):
                            if r + up >= 0 and 0 <= c + left < width:
                                residual = 16 * x[r + up, c + left, self.colors[plane]] - base[r + up, c + left, plane]
                                total += int(np.clip(values[r, c, at], -1024, 1024) * residual)
                        yield phase, plane, r, c, (int(scales[r, c]), mean + (total // 1024 if has_neighbors else 0))
            inputs.append(16 * (4 * x[:, :, list(self.colors)] - y))

    def picture(self, pixels: NDArray[np.uint8], latent: bytes) -> drawn_reader.Picture:
        """Its samples plane by plane with their laws."""
        height, width, channels = pixels.shape
        count = channels * len(PHASES)
        planes: list[list[int]] = [[] for _ in range(count)]
        laws: list[list[Law]] = [[] for _ in range(count)]
        for phase, plane, r, c, one in self.laws(self.stages - 1, self.y(latent), pixels.astype(np.int64)):
            number = phase * channels + plane
            planes[number].append(int(pixels[2 * r + PHASES[phase][0], 2 * c + PHASES[phase][1], self.colors[plane]]))
            laws[number].append(one)
        return drawn_reader.Picture(height, width, channels, planes, laws, self.identity)


def leaky(values: Ints, slope: int) -> Ints:
    return np.maximum(values, slope * values // 1024)


def indices(stream: Iterator[int], count: int) -> Ints:
    return np.array([next(stream) + 256 * next(stream) for _ in range(count)]) % 4096
