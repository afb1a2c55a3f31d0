"""Measure what an album carries through a channel, and enter it on the extractor's card as its promise.

Honest drawn covers go through the real codec and are read by the extractor. Albums are put together from them by chance; the
coded bits of a random message are decoded with the pictures' own errors, one picture being lost, since code and mask are
linear. The nonce is not searched for: its pilots must tell more than it has bits, with some to spare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.compute.progress import Progress, silent
from ssgan.drawn import drawing, extractor
from ssgan.images.channels import through
from ssgan.messages import album, pilots
from ssgan.messages.album import FIRST_NUMBERS, RUNGS, SIZES, AlbumShape
from ssgan.messages.album_files import AlbumModel
from ssgan.storage import weights

CHANNELS = (
    "none", "jpeg95", "jpeg85", "jpeg75", "jpeg60", "jpeg40", "jpeg75+jpeg75", "webp80", "x0.5", "x2+jpeg80", "screen", "crop1",
    "border2",
)  # fmt: skip
PICTURES, TRIALS = 600, 150
_SPARE_RUNGS = 1  # below the largest that never failed
SPARE_BITS = 10.0  # of the nonce: another number is as likely as the right one in less than one of a thousand albums


@dataclass(frozen=True)
class Promises:
    """What was measured of an extractor: by channel, bytes by the album's size; bits a picture by soft decisions; the share of
    signs read rightly; and the mean square by which means of latents moved.
    """

    promises: dict[str, dict[str, int]]
    bits: dict[str, float]
    signs: dict[str, float]
    drifts: dict[str, float]


def measure(
    model: AlbumModel,
    *,
    channels: Sequence[str] = CHANNELS,
    pictures: int = PICTURES,
    trials: int = TRIALS,
    seed: int = 0,
    progress: Progress[()] = silent,
) -> Promises:
    """Return what albums carry, by channel, from honest pictures of a public seed."""
    drawn, true = honest_pictures(model, pictures, seed)
    unmoved, found = model.reader.moments(drawn)[0], Promises({}, {}, {}, {})
    for number, channel in enumerate(channels):
        means, log_variances = model.reader.moments([through(picture, channel) for picture in drawn])
        agreeing = true * extractor.ratios(means, log_variances)
        least = found.promises.get("none", {})  # more than without damage is chance
        found.promises[channel] = {
            str(size): min(_promise(agreeing, model.shape(size), trials, seed), least.get(str(size), RUNGS[-1]))
            for size in SIZES
        }
        found.bits[channel] = round(extractor.bits(agreeing), 2)
        found.signs[channel] = round(float((agreeing > 0).mean()), 4)
        found.drifts[channel] = round(float(np.square(means - unmoved).mean()), 6)
        progress(number + 1)
    return found


def honest_pictures(model: AlbumModel, count: int, seed: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.float64]]:
    """Return pictures drawn from uniform signs of a public seed, for measurement only, and the signs float64 (count, L)."""
    rng = seeds.generator(seed, "albums")
    is_negative = rng.integers(0, 2, (count, model.reader.latent)).astype(np.uint8)
    return [drawing.draw_signs(model.drawn, row, rng.bytes) for row in is_negative], np.where(is_negative, -1.0, 1.0)


def album_of(
    agreeing: NDArray[np.float64], shape: AlbumShape, rng: np.random.Generator, *, lost: int = 1
) -> NDArray[np.float64]:
    """Return the coded bits' ratios float64 (n,) of an album of pictures chosen by chance, `lost` of them lost."""
    chosen = agreeing[rng.integers(0, len(agreeing), shape.size)].copy()
    chosen[rng.permutation(shape.size)[:lost]] = 0
    latents = rng.permuted(np.tile(np.arange(shape.latents), (shape.size, 1)), axis=1)[:, shape.pilots :]
    return np.asarray(rng.permutation(np.take_along_axis(chosen, latents, axis=1).ravel()))


def nonce_bits(agreeing: NDArray[np.float64], shape: AlbumShape, rng: np.random.Generator, *, lost: int = 1) -> float:
    """Return how many bits the pilots of an album tell of the first number, in any order of its pictures, `lost` of them lost.

    agreeing float64 (N, L): ratios times true signs, of pictures that the album is put together from by chance. It is the
    binary logarithm of the right word's likelihood over the mean likelihood of random words.
    """
    count, pilot_bits = shape.size - lost, 8 * shape.pilot_bytes[0]
    chosen = agreeing[rng.integers(0, len(agreeing), count)]
    latents = rng.permuted(np.tile(np.arange(shape.latents), (shape.size, 1)), axis=1)[:, :pilot_bits]  # of each place
    signs = rng.choice([-1.0, 1.0], (count, shape.size, pilot_bits))
    signs[np.arange(count), np.arange(count)] = 1  # each picture at its own place
    fit = pilots.fits(np.zeros((shape.size, pilot_bits), np.uint8), signs * chosen[:, latents])
    of_pictures = np.logaddexp.reduce(fit, axis=1) - np.log(shape.size)
    return float(of_pictures.sum() / np.log(2) + count * pilot_bits)


def is_nonce_found(agreeing: NDArray[np.float64], shape: AlbumShape, trials: int, rng: np.random.Generator) -> bool:
    """Return whether the nonce of every one of so many albums is told with bits to spare."""
    wanted = np.log2(FIRST_NUMBERS) + SPARE_BITS
    return all(nonce_bits(agreeing, shape, rng) >= wanted for _ in range(trials))


def enter(folder: Path, measured: Promises) -> None:
    """Write what was measured on the card of the extractor in a folder."""
    arrays, manifest = weights.load(folder)
    weights.save(folder, arrays, {**manifest, "about": {**manifest["about"], **asdict(measured)}})


def _promise(agreeing: NDArray[np.float64], shape: AlbumShape, trials: int, seed: int) -> int:
    """Return the bytes of the largest rung that fails in none of the trials, less a margin; 0 where the nonce is not found."""
    if not is_nonce_found(agreeing, shape, trials, seeds.generator(seed, "nonces", str(shape.size))):
        return 0
    bits = extractor.bits(agreeing) / shape.latents * shape.coded_bits * (1 - 1 / shape.size)
    rungs = [rung for rung in RUNGS if rung <= shape.largest_rung and 8 * (rung + album.TAG_BYTES) < bits]
    while rungs and not _holds(agreeing, shape, rungs[-1], trials, seed):
        rungs.pop()
    kept = rungs[: len(rungs) - _SPARE_RUNGS] if rungs else []
    return kept[-1] if kept else 0


def _holds(agreeing: NDArray[np.float64], shape: AlbumShape, rung: int, trials: int, seed: int) -> bool:
    rng = seeds.generator(seed, "trials", str(shape.size), str(rung))
    for _ in range(trials):
        ratios = album_of(agreeing, shape, rng)
        if not album.decodes(ratios, rung, rng.integers(0, 2, 8 * (rung + album.TAG_BYTES)).astype(np.uint8)):
            return False
    return True
