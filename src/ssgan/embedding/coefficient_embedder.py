"""Simulate stegos of JPEGs: an embedder's scheme prices the coefficients, its coder changes them.

The payload counts bits per AC coefficient that is not zero (bpnzAC), and is spread over all coefficients of the whole blocks.
Everything of the file that is no coefficient stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.compute.lazy_torch import torch
from ssgan.embedding.catalog import CODERS
from ssgan.embedding.coefficient_costs import (
    coefficient_costs,
    coefficient_samples,
    num_nonzero_ac,
    payload_bits,
    with_samples,
)
from ssgan.embedding.costs import Costs
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.entry import Prices
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.coefficients import Coefficients, as_blocks
from ssgan.images.coefficients import planes as side_by_side
from ssgan.images.new_jpeg import gray_jpeg
from ssgan.images.quantization import Table
from ssgan.images.samples import Samples


@dataclass(frozen=True)
class _Assignment:
    """What a coder reads of an embedder, with the payload in bits per sample of one JPEG."""

    scheme: str
    payload: float
    options: tuple[str, ...]
    text: bytes | None
    joins_channels: bool = False  # coefficients have no pixels


def simulate_coefficients(
    cover: Coefficients,
    embedder: Embedder | str,
    seed: int | np.random.Generator,
    *,
    errors: Sequence[NDArray[np.float64]] | None = None,
) -> Coefficients:
    """Return the stego of a JPEG by an Embedder or its name, such as "juniward@0.4".

    `seed` is a whole number or a NumPy Generator. With the rounding `errors` of a new JPEG (`images.new_jpeg`) the sender is
    side-informed.
    Raises InvalidSetting for a scheme that is made for pixels, DoesNotFit where the payload does not fit, also where no AC
    coefficient differs from zero.
    """
    sender = Embedder.parse(embedder) if isinstance(embedder, str) else embedder
    own = public_seeds.image_seeds(public_seeds.as_generator(seed), 1)[0]
    return simulate_seeded(cover, sender, own, errors=errors)


def simulate_seeded(
    cover: Coefficients, embedder: Embedder, seed: np.uint64, *, errors: Sequence[NDArray[np.float64]] | None = None
) -> Coefficients:
    """Return the same from the image's own uint64 seed."""
    _expect_coefficients(embedder)
    coder, options = CODERS[embedder.coder], embedder.cost_options
    bits = payload_bits(cover, embedder.payload, options=options)
    if coder.simulate_jpeg is not None:
        if options or errors is not None:
            raise InvalidSetting(
                f"the coder {embedder.coder} sends what `hide` does, without {' and '.join(options) or 'side information'}",
                hint=f"write {embedder.scheme}@{embedder.payload:g}/{embedder.coder}, or use the coder stc",
            )
        return coder.simulate_jpeg(cover, embedder.scheme, embedder.payload, int(seed))
    prices = coefficient_costs(cover, embedder.scheme, embedder.payload, options=options, errors=errors)
    samples = coefficient_samples(cover, options=options)
    if coder.simulate_plane is not None:
        return _in_plane(cover, embedder, samples, prices, seed)
    assignment = _Assignment(embedder.scheme, bits / len(samples), embedder.options, embedder.text)
    usable = None if coder.adaptive else np.isfinite(np.minimum(*prices))[None, None, None]
    batch = Samples(samples.values[None, None, None], samples.low, samples.high, usable, samples.unit)
    try:
        stego = coder.change(assignment, batch, _batch(prices), np.array([seed], dtype=np.uint64))
    except DoesNotFit as error:
        raise _in_bpnzac(error, embedder, cover) from error
    return with_samples(cover, stego.reshape(-1), options=options)


def simulate_planes(planes: torch.Tensor, table: Table, embedder: Embedder, seeds: NDArray[np.uint64]) -> torch.Tensor:
    """Return the stegos of gray JPEGs of one table: int16 (N, 1, H, W), their blocks side by side; one uint64 seed each.

    Raises what `simulate_coefficients` raises.
    """
    stegos = [
        simulate_seeded(gray_jpeg(plane, table), embedder, seed)
        for plane, seed in zip(planes[:, 0].cpu().numpy(), seeds, strict=True)
    ]
    return torch.from_numpy(np.stack([side_by_side(stego.components[0].blocks) for stego in stegos])[:, None])


def plane_costs(planes: torch.Tensor, table: Table, embedder: Embedder) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rho+ and rho- of the coefficients of such gray JPEGs, float64 of their shape."""

    def of_cover(cover: Coefficients) -> Prices:
        return coefficient_costs(cover, embedder.scheme, embedder.payload, options=embedder.cost_options)

    return _in_planes(planes, table, of_cover)


def plane_probabilities(planes: torch.Tensor, table: Table, embedder: Embedder) -> tuple[torch.Tensor, torch.Tensor]:
    """Return beta+ and beta- of the coefficients of such gray JPEGs, float64 of their shape."""
    return _in_planes(planes, table, lambda cover: change_probabilities(cover, embedder))


def change_probabilities(
    cover: Coefficients,
    embedder: Embedder,
    prices: Prices | None = None,
    *,
    errors: Sequence[NDArray[np.float64]] | None = None,
) -> Prices:
    """Return beta+ and beta-, float64 (n,), of the flat samples; `prices` are their costs, where known already.

    With the rounding `errors` of a new JPEG the sender is side-informed.
    """
    _expect_coefficients(embedder)
    options = embedder.cost_options
    bits = payload_bits(cover, embedder.payload, options=options)
    prices = prices or coefficient_costs(cover, embedder.scheme, embedder.payload, options=options, errors=errors)
    try:
        beta = CODERS[embedder.coder].change_probabilities(_batch(prices), bits / max(1, len(prices.plus)))
    except DoesNotFit as error:
        raise _in_bpnzac(error, embedder, cover) from error
    return Prices(beta.plus.reshape(-1), beta.minus.reshape(-1))


def _in_planes(
    planes: torch.Tensor, table: Table, of_cover: Callable[[Coefficients], Prices]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both values of the flat samples of each gray JPEG in their places, float64 (N, 1, H, W)."""
    found = []
    for plane in planes[:, 0].cpu().numpy():
        cover = gray_jpeg(plane, table)
        shape = cover.components[0].blocks.shape
        found.append([side_by_side(values.reshape(shape)) for values in of_cover(cover)])
    plus, minus = (torch.from_numpy(np.stack(part)[:, None]) for part in zip(*found, strict=True))
    return plus, minus


def _expect_coefficients(embedder: Embedder) -> None:
    if not embedder.prices_coefficients:
        raise InvalidSetting(
            f"the scheme {embedder.scheme} is made for pixels, and the cover is a JPEG",
            hint="use a scheme for coefficients, such as juniward, or pictures in a lossless format",
        )


def _in_plane(
    cover: Coefficients, embedder: Embedder, samples: Samples[NDArray[Any]], prices: Prices, seed: np.uint64
) -> Coefficients:
    """Return the stego by a coder that takes one component, side by side as in the image."""
    options, simulate_plane = embedder.cost_options, CODERS[embedder.coder].simulate_plane
    assert simulate_plane is not None
    first = cover.components[0].carriers
    if first.size != len(samples):
        raise InvalidSetting(
            f"the coder {embedder.coder} takes gray covers, and this JPEG has {len(cover.components)} components",
            hint=f"take luma alone, {embedder.scheme}@{embedder.payload:g}/{embedder.coder}:luma, or the coder bound",
        )
    plane = Samples(side_by_side(samples.values.reshape(first.shape)), samples.low, samples.high, None, samples.unit)
    plus, minus = (side_by_side(rho.reshape(first.shape)) for rho in prices)
    changed = simulate_plane(embedder, plane, Prices(plus, minus), int(seed))
    return with_samples(cover, as_blocks(changed).reshape(-1), options=options)


def _batch(prices: Prices) -> Costs[NDArray[Any]]:
    plus = prices.plus[None, None, None]
    return Costs(plus, plus if prices.minus is prices.plus else prices.minus[None, None, None])


def _in_bpnzac(error: DoesNotFit, embedder: Embedder, cover: Coefficients) -> DoesNotFit:
    """Return the refusal in the unit of the payload that was asked for."""
    most = error.reachable / num_nonzero_ac(cover, options=embedder.cost_options)
    return DoesNotFit(
        f"{embedder.payload:g} bits per nonzero AC coefficient do not fit: {embedder.scheme} takes at most {most:.4f} here",
        reachable=math.floor(error.reachable),
        hint="lower the payload, or take covers with more texture",
    )
