"""The original HUGO: costs of the changes to co-occurrences of differences, and their repair afterwards.

D(X, Y) = sum over triples of differences d in [-T, T]^3 of w(d) (|change of the four axis directions' counts, together| +
|that of the four diagonal ones|), w(d) = 1 / (|d| + sigma)^gamma, sigma = gamma = 1. A sample's cost is D for its change alone.
The message is in the last bits, so +1 and -1 are equally good, and model correction chooses: it visits the changed samples and
takes each time the way with the smaller D, given the changes made. Triples that leave the image are not counted.
T. Pevny, T. Filler, P. Bas, "Using high-dimensional image models to perform highly undetectable steganography", IH 2010.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.compute.threads import share_rows
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import WET, Costs, apply_wet_rule
from ssgan.embedding.entry import SchemeEntry
from ssgan.errors import InvalidSetting, unknown
from ssgan.images.samples import PEAK, pixels

THRESHOLD = 90  # T of the published program; 255 counts every triple: the cut at 90 can itself be seen

Order = Literal["ascending", "descending", "random", "none"]
ORDERS: tuple[str, ...] = get_args(Order)


def costs(covers: Values, payload: float, *, threshold: int = THRESHOLD) -> Costs[Values]:
    """Return rho+ and rho- of float32 or float64 covers (N, C, H, W) of whole numbers; the payload plays no part.

    Computed on the processor whatever the covers' device, and not differentiable: bins are whole numbers.
    """
    from ssgan.embedding.schemes.hugo2010_loops import (
        fill_costs,  # here, so that importing a scheme does not start the compiler
    )

    planes = as_array(covers).reshape(-1, *covers.shape[2:])
    if (planes != planes.round()).any() or not ((planes >= 0) & (planes <= PEAK)).all():
        raise InvalidSetting(
            "covers are not whole numbers in 0...255, and HUGO of 2010 counts bins of whole differences",
            hint="round the covers, or take hugo, which is defined for all values",
        )
    pixels = planes.astype(np.int16)
    plus, minus = np.empty(pixels.shape), np.empty(pixels.shape)
    rows = pixels.shape[0] * pixels.shape[1]
    share_rows(lambda first, last: fill_costs(pixels, plus, minus, threshold, first, last), rows=rows, samples=pixels.size)
    made: list[Any] = [rho.reshape(covers.shape) for rho in (plus, minus)]
    if is_tensor(covers):
        return Costs(*(torch.from_numpy(rho).to(covers) for rho in made))
    return Costs(*(rho.astype(covers.dtype, copy=False) for rho in made))


def binary(rho: Costs[Values]) -> Costs[Values]:
    """Return costs of changing the last bit: those of the cheaper direction, +1 where they are equal; the other is wet."""
    up = rho.plus <= rho.minus
    where: Any = torch.where if is_tensor(rho.plus) else np.where
    return Costs(where(up, rho.plus, WET), where(up, WET, rho.minus))


def binary_costs(covers: Values, payload: float) -> Costs[Values]:
    """Return the scheme of the catalog: `costs`, of which each sample keeps the cheaper direction inside 0...255."""
    whole: Any = covers.to(torch.uint8) if is_tensor(covers) else covers.astype(np.uint8)
    return binary(apply_wet_rule(costs(covers, payload), pixels(whole)))


def simulate(
    covers: torch.Tensor, payload: float, seeds: NDArray[np.uint64], *, order: Order = "ascending", threshold: int = THRESHOLD
) -> torch.Tensor:
    """Return Images (N, C, H, W) changed by the paper's sender: last bits by the optimal binary sender, then model correction.

    `payload` counts bits per sample and cannot exceed 1; one uint64 seed an image.
    """
    rho = apply_wet_rule(costs(covers.double(), payload, threshold=threshold), pixels(covers))
    stegos = bound.simulate(covers, binary(rho), payload, seeds)
    return correct(covers, stegos, seeds, order=order, threshold=threshold)


def correct(
    covers: torch.Tensor,
    stegos: torch.Tensor,
    seeds: NDArray[np.uint64],
    *,
    order: Order = "ascending",
    threshold: int = THRESHOLD,
) -> torch.Tensor:
    """Return Images changed where `stegos` differ from `covers`, in the direction with the smaller D, with the last bits of
    `stegos`.

    Only for binary coding, where the sign of a change carries nothing. `order` is that of the visits, by the cheaper cost;
    "none" only takes each sample's cheaper way, as if it were alone. The seeds (uint64, one an image) decide ties and
    the random order. Computed on the processor.
    """
    if order not in ORDERS:
        raise unknown("order", order, ORDERS)
    samples = covers[0].numel()
    coins = public_seeds.uniforms(seeds, samples, stream=1).reshape(covers.shape).flatten(0, 1).numpy()
    shuffle = public_seeds.uniforms(seeds, samples if order == "random" else 0, stream=2).numpy()
    shuffles = shuffle.reshape(len(coins), -1)
    planes = covers.flatten(0, 1).to("cpu", torch.int16).numpy().copy()
    changed = (covers != stegos).flatten(0, 1).cpu().numpy()
    for plane, where, coin, keys in zip(planes, changed, coins, shuffles, strict=True):
        _correct_plane(plane, np.flatnonzero(where), coin.ravel(), keys, order, threshold)
    return torch.from_numpy(planes.astype(np.uint8)).view(covers.shape).to(covers.device)


def _correct_plane(
    plane: NDArray[np.int16],
    places: NDArray[np.int64],
    coins: NDArray[np.float64],
    keys: NDArray[np.float64],
    order: Order,
    threshold: int,
) -> None:
    from ssgan.embedding.schemes.hugo2010_loops import TIE, correct_model, cost_places

    plus, minus = np.empty(places.size), np.empty(places.size)
    cost_places(plane, places, threshold, plus, minus)
    values = plane.ravel()[places]
    plus, minus = np.where(values == PEAK, np.inf, plus), np.where(values == 0, np.inf, minus)
    toss = (coins[places] < 0.5).astype(np.int8)
    if order == "none":
        tied = np.abs(plus - minus) < TIE
        plane.ravel()[places] += np.where(np.where(tied, toss == 1, plus < minus), 1, -1).astype(np.int16)
        return
    cheaper = np.minimum(plus, minus)
    rank = {"ascending": cheaper, "descending": -cheaper, "random": keys[places] if order == "random" else cheaper}[order]
    visits = np.argsort(rank, kind="stable")
    correct_model(plane, places[visits], toss[visits], threshold, PEAK)


ROW = SchemeEntry(
    binary_costs, "HUGO", "the contest's original: the exact change of co-occurrences up to T = 90",
    "rho = min of D(X, X with one sample +-1), D = sum over d of w(d) (|change of axis counts| + |of diagonal counts|); "
    "then each sign is chosen again by the D of all changes so far",
    "T. Pevny, T. Filler, P. Bas, Using high-dimensional image models to perform highly undetectable steganography, "
    "Information Hiding 2010",
    differentiable=False, correct=correct, reach=3, joins_channels=False, takes_arrays=True,
)  # fmt: skip
