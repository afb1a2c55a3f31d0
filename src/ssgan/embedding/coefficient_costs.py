"""Take the coefficients of a JPEG as flat samples, and compute what a scheme says that changing them costs.

The samples are those of docs/format.md: component by component, block rows from the top, blocks from the left, the 64 values
of a block in row order; only blocks that lie wholly within the picture. Each component has its own table and its own costs; all
are embedded in together, at one lambda.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.catalog import COEFFICIENT_SCHEMES
from ssgan.embedding.entry import Prices
from ssgan.embedding.titles import LUMA, scheme_name
from ssgan.errors import DoesNotFit, InvalidSetting, unknown
from ssgan.images.coefficients import (
    COEFFICIENT_UNIT,
    LEAST,
    MOST,
    SIDE,
    Coefficients,
    Component,
    carrier_values,
    carriers_of,
    with_carrier_values,
)
from ssgan.images.samples import Samples, Whole

NEARLY_HALF = 0.4999  # a rounding error from which on both neighbors are as good
LARGEST_COST = 1e13  # in the programs of the schemes' authors, anything dearer must not change


def coefficient_samples(cover: Coefficients, *, options: Collection[str] = ()) -> Samples[NDArray[Any]]:
    """Return the coefficients that may carry a message as flat samples int16 (n,), -1023...1023; with `luma`, of luma alone."""
    return Samples(carrier_values(cover, components=_count(options)), LEAST, MOST, None, COEFFICIENT_UNIT)


def with_samples(cover: Coefficients, values: Whole, *, options: Collection[str] = ()) -> Coefficients:
    """Return the JPEG with flat values (n,), in the order of `coefficient_samples`, in place of its own."""
    return with_carrier_values(cover, values, components=_count(options))


def by_component(cover: Coefficients, values: NDArray[Any], *, options: Collection[str] = ()) -> list[NDArray[Any]]:
    """Return flat values (n,), one a sample, as the blocks (r, c, 8, 8) of each component, views where possible."""
    return carriers_of(cover, values, components=_count(options))


def coefficient_costs(
    cover: Coefficients,
    scheme: str,
    payload: float,
    *,
    options: Collection[str] = (),
    errors: Sequence[NDArray[np.float64]] | None = None,
) -> Prices:
    """Return rho+ and rho- of the flat samples, float64 (n,), by a scheme of COEFFICIENT_SCHEMES; infinite = wet.

    Payload in bits per nonzero AC coefficient (bpnzAC); options of the scheme, and `luma`. Wet is also what would leave
    -1023...1023, and what is dearer than 1e13. With the rounding `errors` of a new JPEG (`images.new_jpeg`), (R, C, 8, 8) a
    component, the sender is side-informed, by any scheme; siuniward needs them.

    Raises DoesNotFit where no AC coefficient differs from zero, InvalidSetting for a scheme or an option that does not exist,
    and where a scheme needs errors and there are none.
    """
    scheme = scheme_name(scheme)
    row = COEFFICIENT_SCHEMES.get(scheme)
    if row is None:
        raise unknown("scheme for the coefficients of a JPEG", scheme, COEFFICIENT_SCHEMES)
    if row.needs_errors and errors is None:
        raise InvalidSetting(
            f"{scheme} needs what rounding took from the coefficients, and a JPEG that exists does not tell",
            hint="use juniward, or start from pixels: ssgan hide --jpeg, or ssgan.images.new_jpeg and its errors",
        )
    _check_options(scheme, options)
    bits, samples = payload_bits(cover, payload, options=options), coefficient_samples(cover, options=options)
    prices = _joined([row.costs(component, options) for component in _components(cover, options)])
    if row.of_payload is not None:
        rho = row.of_payload(prices.plus, bits / len(samples))
        prices = Prices(rho, rho)
    if errors is not None:
        prices = _side_informed(prices, _flat_errors(cover, errors, options))
    return _apply_wet_rule(prices, samples)


def num_nonzero_ac(cover: Coefficients, *, options: Collection[str] = ()) -> int:
    """Return how many AC coefficients of the samples are not zero."""
    return sum(component.num_nonzero_ac for component in _components(cover, options))


def payload_bits(cover: Coefficients, payload: float, *, options: Collection[str] = ()) -> int:
    """Return the bits of a payload in bpnzAC, rounded. Raises DoesNotFit where they are none although payload > 0."""
    nonzero = num_nonzero_ac(cover, options=options)
    bits = round(payload * nonzero)
    if payload > 0 and not bits:
        few = f"{nonzero} AC coefficients that are not zero" if nonzero else "no AC coefficient that is not zero"
        raise DoesNotFit(
            f"{payload:g} bits per nonzero AC coefficient are no bits: the JPEG has {few} in whole blocks",
            reachable=0,
            hint="take a picture with more texture, or of higher quality",
        )
    return bits


def _side_informed(prices: Prices, errors: NDArray[np.float64]) -> Prices:
    """Return prices where a change toward the uncompressed original costs rho (1 - 2 |e|), and the other one rho as before.

    The ternary form of T. Denemark, J. Fridrich, "Side-informed steganography with additive distortion", IEEE WIFS 2015. Halves
    in the four modes whose cosines are plain sums of samples are frequent, cost nothing and would gather there: these are wet,
    as in V. Holub, J. Fridrich, T. Denemark, EURASIP J. Inf. Sec. 2014:1.
    """
    share = 1 - 2 * np.abs(errors)
    plus, minus = prices.plus * np.where(errors > 0, share, 1.0), prices.minus * np.where(errors < 0, share, 1.0)
    modes = np.zeros((SIDE, SIDE), bool)
    modes[::4, ::4] = True
    halves = (np.abs(errors).reshape(-1, SIDE * SIDE) > NEARLY_HALF) & modes.reshape(-1)
    plus[halves.reshape(-1)] = minus[halves.reshape(-1)] = np.inf
    return Prices(plus, minus)


def _flat_errors(cover: Coefficients, errors: Sequence[NDArray[np.float64]], options: Collection[str]) -> NDArray[np.float64]:
    """Return the errors of the samples, flat. Raises InvalidSetting where they are not those of this JPEG."""
    if [part.shape for part in errors] != [component.blocks.shape for component in cover.components]:
        raise InvalidSetting(
            "the rounding errors are not of the shape of the JPEG's blocks", hint="give those that new_jpeg returned with it"
        )
    pairs = zip(_components(cover, options), errors, strict=False)
    return np.concatenate([part[: own.whole[0], : own.whole[1]].reshape(-1) for own, part in pairs])


def _check_options(scheme: str, options: Collection[str]) -> None:
    """Raise InvalidSetting for an option that a scheme for coefficients does not have."""
    allowed = (*COEFFICIENT_SCHEMES[scheme].options, LUMA)
    for option in options:
        if option not in allowed:
            raise InvalidSetting(f"the scheme {scheme} has no option '{option}'", hint=f"choose from {', '.join(allowed)}")


def _count(options: Collection[str]) -> int | None:
    """Return how many components carry; None: all."""
    return 1 if LUMA in options else None


def _components(cover: Coefficients, options: Collection[str]) -> Sequence[Component]:
    return cover.components[: _count(options)]


def _joined(parts: Sequence[Prices]) -> Prices:
    """Return the prices of all components as flat ones."""

    def flat(arrays: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        return arrays[0].reshape(-1) if len(arrays) == 1 else np.concatenate([array.reshape(-1) for array in arrays])

    plus = flat([part.plus for part in parts])
    alike = all(part.plus is part.minus for part in parts)
    return Prices(plus, plus if alike else flat([part.minus for part in parts]))


def _apply_wet_rule(prices: Prices, samples: Samples[NDArray[Any]]) -> Prices:
    """Return prices with impossible changes wet, as one array still where there are none."""
    alike = prices.plus is prices.minus
    plus = _dried(prices.plus)
    minus = plus if alike else _dried(prices.minus)
    if samples.values.max(initial=0) >= samples.high or samples.values.min(initial=0) <= samples.low:
        return Prices(np.where(samples.may_rise, plus, np.inf), np.where(samples.may_fall, minus, np.inf))
    return Prices(plus, minus)


def _dried(rho: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make wet in place what is not a number or too dear."""
    rho[~(rho <= LARGEST_COST)] = np.inf
    return rho
