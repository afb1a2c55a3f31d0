"""Compare generated covers with real ones: every figure with its features, its size and its spread.

Real images are halved at random; generated ones are compared with one half, and the other half with it
as well, in equal numbers: the column `real` is what a perfect generator would get from as few images. Each is repeated with
other halves, and mean and standard deviation are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ssgan.compute import seeds
from ssgan.compute.progress import Notify
from ssgan.embedding.detectability import deflection
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.evaluation.quality import distances
from ssgan.evaluation.quality.features import Space, extracted
from ssgan.evaluation.quality.sliced_wasserstein import LOWEST, SCALE, sides, sliced_wasserstein
from ssgan.evaluation.quality.statistics import nearest_real, pairwise_distance, scales, similarity
from ssgan.images import Images
from ssgan.images.grain import channel_correlation, checkerboard, residual_deviation, residual_median

LEAST = 16  # images of each kind
_SENDER = Embedder.parse("lsb@0.4/plain")  # whose changes the deflection is of


@dataclass(frozen=True)
class Figure:
    """One measure: `generated` and `real` are means over `repeats`, the spreads their standard deviations (or None).

    For a distance, `real` is that of two halves of the real images; otherwise it is the same measure of real images.
    """

    figure: str
    features: str
    dimension: int
    images: int  # in each set that is compared
    generated: float
    generated_spread: float | None
    real: float
    real_spread: float | None
    repeats: int


@dataclass(frozen=True)
class _Halves:
    """The images compared in one repeat: indices of generated ones, of the real half, and of the other half."""

    generated: np.ndarray
    half: np.ndarray
    other: np.ndarray


def quality(
    generated: Images,
    real: Images,
    chosen: Sequence[Space],
    *,
    seed: int = 0,
    repeats: int = 3,
    notify: Notify[str] = lambda doing: None,
) -> list[Figure]:
    """Return all figures for Images of one shape. `notify` receives the name of the next measure.

    Raises InvalidSetting where shapes differ or there are too few images, and where torchmetrics is missing.
    """
    _check(generated, real, repeats)
    distances.metrics("image.fid")  # before any work
    # Sets may come sorted, and one may even be the other: pairs are drawn at random.
    drawn = [_halves(len(generated), len(real), seeds.generator(seed, "quality", str(i))) for i in range(repeats)]
    figures: list[Figure] = []
    for space in chosen:
        notify(space.name)
        figures += _space_figures(space, generated, real, drawn)
    notify("sliced Wasserstein distance")
    figures += _sliced(generated, real, drawn, seed)
    notify("diversity and noise")
    figures += _statistics(generated, real, drawn, seed)
    notify("nearest real images")
    figures += _nearest(generated, real)
    return figures


def _space_figures(space: Space, generated: Images, real: Images, drawn: Sequence[_Halves]) -> Iterator[Figure]:
    """Yield Frechet and kernel distance; features are centered and scaled to mean variance 1, both by the real images."""
    of_real, of_generated = extracted(space, real), extracted(space, generated)
    dimension = of_real.shape[1]
    if of_generated.shape[1] != dimension:
        raise InvalidSetting(f"{space.name} gives rows of other lengths for the two sets", hint="mend the function")
    if not space.own:
        center, scale = of_real.mean(axis=0), float(np.sqrt(of_real.var(axis=0).mean())) or 1.0
        of_real, of_generated = (of_real - center) / scale, (of_generated - center) / scale
    count = len(drawn[0].half)
    measures = {"kernel distance": distances.kernel}
    if dimension <= distances.MOST_FOR_FRECHET and dimension < count:  # otherwise the covariance is singular, or too large
        measures = {"Frechet distance": distances.frechet, **measures}
    for name, measure in measures.items():
        pairs = [
            (measure(of_real[k.half], of_generated[k.generated]), measure(of_real[k.half], of_real[k.other])) for k in drawn
        ]
        yield _figure(name, space.name, dimension, count, pairs)


def _sliced(generated: Images, real: Images, drawn: Sequence[_Halves], seed: int) -> Iterator[Figure]:
    found = []
    for i, halves in enumerate(drawn):
        half, other, made = (
            real[torch.from_numpy(halves.half)], real[torch.from_numpy(halves.other)],
            generated[torch.from_numpy(halves.generated)],
        )  # fmt: skip
        pair = [sliced_wasserstein(half, compared, seeds.generator(seed, "directions", str(i))) for compared in (made, other)]
        found.append(pair)
    for side in sides(real.shape[-1]):
        name = f"sliced Wasserstein distance x {SCALE}, {side} x {side}"
        pairs = [(pair[0][side], pair[1][side]) for pair in found]
        yield _figure(name, "7 x 7 patches of a Laplacian pyramid", 49 * real.shape[1], len(drawn[0].half), pairs)


def _statistics(generated: Images, real: Images, drawn: Sequence[_Halves], seed: int) -> Iterator[Figure]:
    """Yield the figures of each set by itself."""
    samples, side = real[0].numel(), min(real.shape[-2:])
    # name, features, dimension, measure
    measures: list[tuple[str, str, int, Callable[[Images, np.random.Generator], float]]] = [
        ("residual deviation", "KV residual, gray values", 1, lambda images, _: residual_deviation(images)),
        ("residual median", "KV residual, gray values", 1, lambda images, _: residual_median(images)),
        ("median deflection", f"{_SENDER}, closed form", 1, lambda images, _: float(deflection(images, _SENDER).median())),
        ("checkerboard", "power at the highest frequency over its neighbors'", 1, lambda images, _: checkerboard(images)),
        ("mean pairwise distance", "pixels, gray values", samples, lambda images, _: pairwise_distance(images)),
        ("mean MS-SSIM of pairs", f"pixels, {scales(side)} scales", samples, similarity),
    ]
    if real.shape[1] > 1:
        measures.insert(
            2, ("channel correlation", "KV residual, least of two channels", 1, lambda images, _: channel_correlation(images))
        )
    for name, features, dimension, measure in measures:
        pairs = []
        for i, halves in enumerate(drawn):
            sets = (generated[torch.from_numpy(halves.generated)], real[torch.from_numpy(halves.half)])
            of_generated, of_real = (measure(images, seeds.generator(seed, name, str(i))) for images in sets)
            pairs.append((of_generated, of_real))
        figure = _figure(name, features, dimension, len(drawn[0].half), pairs)
        # Where all generated images are taken each time, their figure has no spread, but what rounding leaves of it.
        always_all = len(drawn[0].generated) == len(generated) and measure is not similarity
        yield replace(figure, generated_spread=None) if always_all else figure


def _nearest(generated: Images, real: Images) -> Iterator[Figure]:
    """Yield the figures on copies over all images, since halves would miss some."""
    found = nearest_real(generated, real)
    about = ("pixels, gray values", real[0].numel(), len(generated))
    yield _figure("distance to the nearest real image", *about, [(found.generated, found.among_real)])
    yield _figure("share of copies of real images", *about, [(found.copied, found.copied_among_real)])


def _figure(name: str, features: str, dimension: int, count: int, pairs: Sequence[tuple[float, float]]) -> Figure:
    of_generated, of_real = np.array(pairs, dtype=np.float64).T
    spreads = [float(values.std(ddof=1)) if len(pairs) > 1 else None for values in (of_generated, of_real)]
    return Figure(
        name, features, dimension, count, float(of_generated.mean()), spreads[0], float(of_real.mean()), spreads[1], len(pairs)
    )


def _halves(generated: int, real: int, rng: np.random.Generator) -> _Halves:
    """Return equally many images of each half."""
    count = min(generated, real // 2)
    order = rng.permutation(real)
    return _Halves(rng.permutation(generated)[:count], order[:count], order[count : 2 * count])


def _check(generated: Images, real: Images, repeats: int) -> None:
    if generated.shape[1:] != real.shape[1:]:
        raise InvalidSetting(
            f"generated images are {_shape(generated)}, real ones {_shape(real)}; both must be alike",
            hint="cut the real ones: --geometry, --size",
        )
    if len(generated) < LEAST or len(real) < 2 * LEAST:
        raise InvalidSetting(
            f"{len(generated)} generated and {len(real)} real images are too few",
            hint=f"give {LEAST} and {2 * LEAST} at least",
        )
    if real.shape[-1] != real.shape[-2] or real.shape[-1] < LOWEST:
        raise InvalidSetting(
            f"images are {_shape(real)}; expected squares of at least {LOWEST} pixels",
            hint=f"give squares of {LOWEST} pixels at least",
        )
    if repeats < 1:
        raise InvalidSetting(f"repeats is {repeats}; it must be at least 1", hint="give a number from 1 on")


def _shape(images: Images) -> str:
    _, channels, height, width = images.shape
    return f"{height} x {width} {'gray' if channels == 1 else 'color'}"
