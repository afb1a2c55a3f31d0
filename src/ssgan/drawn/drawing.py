"""Draw a picture sample by sample from a model, by random bits or by those of a message; read the bits of a picture.

    latent (32 bytes) --ChaCha20--> latents, noise, bits of the stages before the last --model--> y
    y, planes drawn before --model--> laws of a plane --sampler, by the stream's bits--> its samples

The last stage is drawn by the stream, all before it follow from the latent. In the first plane of the last stage the pivots
come last, with the lowest bits that make the header spell the nonce. Sender, receiver and honest covers share every line.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.keystream import reader
from ssgan.drawn import header
from ssgan.drawn.coder import Interval, begin_draw, begin_put, end_draw, end_put, most_words
from ssgan.drawn.header import NONCE_BYTES, GivenUp, find_pivots, header_places
from ssgan.drawn.layers import UNIT, Floats
from ssgan.drawn.model import LATENT_WORDS, QUARTERS, Doubling, DrawnModel, phase_values
from ssgan.drawn.planes import COLORS, NEIGHBORS, PHASES, header_plane, joined, layout, split
from ssgan.drawn.tables import FIRST_BALANCED, is_dry
from ssgan.errors import RefusedModel

LATENT_BYTES = 32
_NEGATIVE = LATENT_WORDS // 2  # words of latents below it are negative, the others positive
_COLOR_BOUND, _NEIGHBOR_BOUND = 2 * UNIT, UNIT  # of the weights, in 1024ths
_HALF_SCALES = 12 * UNIT + UNIT // 2  # so that scale 1 (log2 of 0) is number 12
_LAST_SCALE = 41


@dataclass(frozen=True, eq=False)
class PictureStreams:
    """A picture uint8 (H, W, C), and the streams that draw it."""

    picture: NDArray[np.uint8]
    interval: Interval
    dry: int  # samples that could carry the header

    @property
    def words_used(self) -> int:
        """Number of 32-bit words of its stream that a reader gets for sure."""
        return self.interval.determined


def draw(model: DrawnModel, latent: bytes, nonce: bytes, bits: NDArray[np.uint32]) -> PictureStreams:
    """Draw the picture of `latent` (32 bytes) whose header spells `nonce` (16 bytes) by the words `bits`.

    bits uint32 (at least most_words(samples),). Raises GivenUp, by rules that do not look at the picture's content but at its
    laws, and that honest covers obey as well.
    """
    return _drawn(model, _base(model, latent), nonce, bits)


def draw_signs(
    model: DrawnModel, is_negative: NDArray[np.uint8], random: Callable[[int], bytes] = os.urandom
) -> NDArray[np.uint8]:
    """Draw a picture uint8 (H, W, C) whose latents have these signs, uint8 (L,), and everything else by random bits.

    Where the signs are uniform and independent, the picture has the law of `honest`: a latent is a word of 12 bits, of which
    the highest says the sign and no other does. Raises RefusedModel for a model whose latents are of another kind.
    """
    check_signs(model)
    while True:
        magnitudes = _indices(random, len(is_negative)) % _NEGATIVE
        words = magnitudes + np.where(is_negative, 0, _NEGATIVE)
        nonce = random(NONCE_BYTES)
        bits = np.frombuffer(random(4 * most_words(model.shape[0] * model.shape[1] * model.shape[2])), np.uint32)
        try:
            return _drawn(model, _base_of(model, words, reader(random(LATENT_BYTES))), nonce, bits).picture
        except GivenUp:
            continue


def check_signs(model: DrawnModel) -> None:
    """Raise RefusedModel where the highest bit of a latent's word is not its sign."""
    if int(model.latents[:_NEGATIVE].max()) > 0 or int(model.latents[_NEGATIVE:].min()) < 0:
        raise RefusedModel(
            f"the latents of {model.name} are not ordered by their signs", hint="export the generator again with --drawn"
        )


def _drawn(model: DrawnModel, y: NDArray[np.int64], nonce: bytes, bits: NDArray[np.uint32]) -> PictureStreams:
    planes, state, dry = _draw_stage(model, model.stages[-1], y, bits, nonce)
    return PictureStreams(joined(planes), end_draw(state, bits), dry)


def read(model: DrawnModel, picture: NDArray[np.uint8], latent: bytes) -> Interval:
    """Return the streams that draw `picture` uint8 (H, W, C) from `latent`; none where the model cannot draw it."""
    from ssgan.drawn.coder_loops import IMPOSSIBLE, put_many, put_many_with_parities
    from ssgan.drawn.drawing_loops import put_plane

    planes = split(picture)
    state, words = begin_put(picture.size)
    try:
        y = _base(model, latent)
    except GivenUp:  # no picture is drawn from it
        state[IMPOSSIBLE] = 1
        return end_put(state, words)
    laws = _Laws(model, model.stages[-1], y)
    for phase in range(len(PHASES)):
        laws.begin(phase, planes)
        for plane in range(len(planes[phase])):
            samples = np.ascontiguousarray(planes[phase, plane])
            scales, means, weights = laws.plane(plane)
            if header_plane(phase, plane):
                try:
                    places = find_pivots(is_dry(model.tables, scales, means).ravel()).places
                except GivenUp:
                    state[IMPOSSIBLE] = 1
                    places = np.zeros(0, np.int64)
                others = _others(places, samples.size)
                flat = samples.ravel(), scales.ravel(), means.ravel()
                put_many(state, words, model.tables, flat[1][others], flat[2][others], flat[0][others])
                put_many_with_parities(state, words, model.tables, flat[1][places], flat[2][places], flat[0][places])
            else:
                put_plane(state, words, model.tables, scales, means, weights, samples)
            laws.drawn(plane, samples)
    return end_put(state, words)


def read_nonce(picture: NDArray[np.uint8]) -> bytes:
    """Return the 16 bytes in the header of `picture` uint8 (H, W, C); every picture has some."""
    return header.read_nonce(np.ascontiguousarray(split(picture)[0, 0]).ravel())


def honest(model: DrawnModel, random: Callable[[int], bytes] = os.urandom) -> PictureStreams:
    """Draw a picture by random bits alone, those of the operating system if left out."""
    while True:
        try:
            return honest_once(model, random)
        except GivenUp:
            continue


def honest_once(model: DrawnModel, random: Callable[[int], bytes] = os.urandom) -> PictureStreams:
    """Do the same, but raise GivenUp where the draw is given up."""
    latent, nonce = random(LATENT_BYTES), random(NONCE_BYTES)
    bits = np.frombuffer(random(4 * most_words(model.shape[0] * model.shape[1] * model.shape[2])), np.uint32)
    return draw(model, latent, nonce, bits)


def self_information(model: DrawnModel, picture: NDArray[np.uint8], latent: bytes) -> NDArray[np.float64]:
    """Return how many bits each sample carries, float64 (H, W, C): -log2 of its probability. Pivots count 1 bit less."""
    from ssgan.drawn.drawing_loops import plane_bits

    planes = split(picture)
    found = np.zeros(planes.shape)
    laws = _Laws(model, model.stages[-1], _base(model, latent))
    for phase in range(len(PHASES)):
        laws.begin(phase, planes)
        for plane in range(len(planes[phase])):
            samples = np.ascontiguousarray(planes[phase, plane])
            scales, means, weights = laws.plane(plane)
            plane_bits(model.tables, scales, means, weights, samples, found[phase, plane])
            if header_plane(phase, plane):
                places = find_pivots(is_dry(model.tables, scales, means).ravel()).places
                found[phase, plane].ravel()[places] -= 1
            laws.drawn(plane, samples)
    out = np.empty(picture.shape)
    for phase, (row, column) in enumerate(PHASES):
        out[row::2, column::2][:, :, list(COLORS[picture.shape[2]])] = found[phase].transpose(1, 2, 0)
    return out


@functools.lru_cache(maxsize=1)  # what was drawn is read back at once
def _base(model: DrawnModel, latent: bytes) -> NDArray[np.int64]:
    """Return the y of the last stage, int64 (H / 2, W / 2, C) in quarters of a gray value. Raises GivenUp."""
    following = reader(latent)
    return _base_of(model, _indices(following, model.first.weights.shape[0]), following)


def _base_of(model: DrawnModel, words: NDArray[np.int64], following: Callable[[int], bytes]) -> NDArray[np.int64]:
    """Return the y of latents that are words of 12 bits, (L,), with the noise of a keystream. Raises GivenUp."""
    sums = model.small_picture(words)

    def noisy(sums: Floats, stage: Doubling) -> NDArray[np.int64]:
        noise = model.noise[_indices(following, sums.size)].reshape(sums.shape) * float(stage.noise)
        return np.clip(np.floor((sums + noise + UNIT // 2) / UNIT), 0, 255 * QUARTERS).astype(np.int64)

    *earlier, last = model.stages
    for stage in earlier:
        y = noisy(sums, stage)
        samples = 4 * y.size
        bits = np.frombuffer(following(4 * most_words(samples)), "<u4").astype(np.uint32)
        planes, _, _ = _draw_stage(model, stage, y, bits, None)
        sums = joined(planes).astype(np.float64) * (QUARTERS * UNIT)
    y = noisy(sums, last)
    y.setflags(write=False)
    return y


def _draw_stage(
    model: DrawnModel, stage: Doubling, y: NDArray[np.int64], bits: NDArray[np.uint32], nonce: bytes | None
) -> tuple[NDArray[np.uint8], NDArray[np.int64], int]:
    """Return the planes of a stage, (4, C, H, W), the sampler's state, and how many samples can carry a header.

    A header is written where there is a nonce. Raises GivenUp.
    """
    from ssgan.drawn.coder_loops import draw_many, draw_many_with_parities
    from ssgan.drawn.drawing_loops import draw_plane

    height, width, channels = y.shape
    planes = np.zeros((len(PHASES), channels, height, width), np.uint8)
    state = begin_draw(bits, planes.size)
    laws, dry_count = _Laws(model, stage, y), 0
    for phase in range(len(PHASES)):
        laws.begin(phase, planes)
        for plane in range(channels):
            samples = planes[phase, plane]
            scales, means, weights = laws.plane(plane)
            if nonce is not None and header_plane(phase, plane):
                dry = is_dry(model.tables, scales, means).ravel()
                pivots, dry_count = find_pivots(dry), int(dry[header_places(dry.size)].sum())
                flat, flat_scales, flat_means = samples.ravel(), scales.ravel(), means.ravel()
                others = _others(pivots.places, flat.size)
                drawn = np.zeros(len(others), np.uint8)
                is_whole = draw_many(state, bits, model.tables, flat_scales[others], flat_means[others], drawn)
                flat[others] = drawn
                parities = pivots.solve(flat, nonce)
                last = np.zeros(len(parities), np.uint8)
                is_whole = is_whole and draw_many_with_parities(
                    state, bits, model.tables, flat_scales[pivots.places], flat_means[pivots.places], parities, last
                )
                flat[pivots.places] = last
                samples[...] = flat.reshape(samples.shape)
            else:
                is_whole = draw_plane(state, bits, model.tables, scales, means, weights, samples)
            if not is_whole:
                raise GivenUp("the sampler met an interval that its bits do not decide")
            laws.drawn(plane, samples)
    return planes, state, dry_count


class _Laws:
    """The laws of a stage's planes, one after the other, as its samples become known."""

    def __init__(self, model: DrawnModel, stage: Doubling, y: NDArray[np.int64]) -> None:
        self.model, self.stage = model, stage
        self.y = y[:, :, list(COLORS[y.shape[2]])]
        self._inputs: list[Floats] = []

    def begin(self, phase: int, planes: NDArray[np.uint8]) -> None:
        """Compute the network of a phase; the samples of all phases before it are in `planes` (4, C, H, W)."""
        if phase == 0:
            self._inputs.append((self.y.astype(np.float64) - 128 * QUARTERS) * (UNIT / (64 * QUARTERS)))
        else:
            before = planes[phase - 1].transpose(1, 2, 0).astype(np.float64)
            self._inputs.append((before * QUARTERS - self.y.astype(np.float64)) * (UNIT / (16 * QUARTERS)))
        self._values = phase_values(self.stage, phase, np.concatenate(self._inputs, axis=2))
        self._phase, self._layout = phase, layout(phase, self.y.shape[2])
        self._residuals: list[NDArray[np.int64]] = []

    def plane(self, plane: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return scales (H, W), means in sixteenths before neighbors (H, W), and weights of neighbors (H, W, 0 or 4)."""
        means, scales, colors, neighbors, _ = self._layout
        values = self._values
        base = 4 * self.y[:, :, plane] + ((values[:, :, means[plane]] + 2) >> 2)
        for place, residual in zip(colors[plane], self._residuals, strict=True):
            weight = np.clip(values[:, :, place], -_COLOR_BOUND, _COLOR_BOUND)
            base = base + ((weight * residual + UNIT // 2) >> 10)
        least = FIRST_BALANCED if header_plane(self._phase, plane) else 0  # so that few samples there are not dry
        numbers = np.clip((6 * values[:, :, scales[plane]] + _HALF_SCALES) >> 10, least, _LAST_SCALE)
        around = np.clip(values[:, :, neighbors[plane]], -_NEIGHBOR_BOUND, _NEIGHBOR_BOUND)
        self._base = base
        return np.ascontiguousarray(numbers), np.ascontiguousarray(base), np.ascontiguousarray(around)

    def drawn(self, plane: int, samples: NDArray[np.uint8]) -> None:
        """Note the samples (H, W) of the plane that was asked for last."""
        self._residuals.append(16 * samples.astype(np.int64) - self._base)


def _indices(following: Callable[[int], bytes], count: int) -> NDArray[np.int64]:
    """Return the next words of 12 bits: the lower bits of little-endian words of 16."""
    return np.frombuffer(following(2 * count), "<u2").astype(np.int64) % LATENT_WORDS


def _others(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the numbers 0...count - 1 that are not among `places`, ascending."""
    kept = np.ones(count, np.bool_)
    kept[places] = False
    return np.flatnonzero(kept)


assert len(NEIGHBORS) == 4  # as the loops have it
