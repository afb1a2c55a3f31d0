"""Repeat the authors' simulators to the last bit: searches for lambda, order of random numbers, finite wet costs.

For comparing with published stego images, not for use: the payload is met to 1e-3 where `bound` meets it to 1e-6, and the
search gives up on covers that `bound` takes. The facts are those of the DDE Lab's MATLAB code, checked against its outputs:
the simulator of T. Filler and V. Holub for HUGO, WOW, S-UNIWARD and HILL, and the solver of V. Sedighi and R. Cogranne for
MiPOD and MG. NumPy in and out, one plane (H, W) at a time.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import DoesNotFit, unknown
from ssgan.images.samples import Samples, Whole


class Simulator(NamedTuple):
    """The differences between the authors' programs."""

    wet: float  # the cost that means "must not change"
    rounds_bits: bool  # whether the payload is rounded to whole bits before the search
    steps: int = 30  # evaluations of the entropy after which the search stops
    rows_first: bool = False  # whether random numbers fill the plane row by row, as a peer does that made published stegos


SIMULATORS = {
    "hugo": Simulator(wet=1e8, rounds_bits=True),
    "wow": Simulator(wet=1e10, rounds_bits=False),
    "suniward": Simulator(wet=1e8, rounds_bits=False),
    "hill": Simulator(wet=1e10, rounds_bits=False, steps=100),
    "juniward": Simulator(wet=1e13, rounds_bits=True, rows_first=True),
    "uerd": Simulator(wet=1e13, rounds_bits=True, rows_first=True),
}
FIRST_LAMBDA = 1000.0  # doubled before the first evaluation
DOUBLINGS = 10  # more than these, and the search gives up
ACCEPTED = 1e-3  # relative width of the bracket in payload at which the search ends

# MiPOD and MG read x(y), the inverse of y = x ln(x - 2), from a table made by bisection.
TABLE_STEP = 0.01
TABLE_LARGEST = 1000
TABLE_BRACKET = (3 + 1e-6, 1e6)
TABLE_BISECTIONS = 40
TABLE_FIRST = 2.9999991347739767  # the entry for y = 0, which is outside the bracket
FIXED_POINT_STEPS = 20  # beyond the table
LAMBDA_BRACKET = (1e3, 1e6)
LAMBDA_BISECTIONS = 60
LAMBDA_NATS = 1e-4  # how near the payload must come, over the whole image
HALF_WIDTH = 5.01e-6  # np.isclose's default tolerance about 1/2, in the program that made the published stego images


def stego(
    cover: Samples[NDArray[Any]],
    plus: NDArray[np.float64],
    minus: NDArray[np.float64],
    payload: float,
    seed: int,
    *,
    scheme: str,
) -> Whole:
    """Return values (H, W): `cover` changed by the authors' program for `scheme`, from float64 costs without the wet rule.

    Raises DoesNotFit where the authors' search fails, which for them ends in a stego equal to the cover.
    """
    values = cover.values
    if payload == 0:
        return values.copy()
    plus, minus = reference_costs(cover, plus, minus, scheme=scheme)
    lam = reference_lambda(plus, minus, payload, scheme=scheme)
    p_plus, p_minus = change_probabilities(plus, minus, lam)
    carried = _entropy_bits(plus, minus, lam)
    if abs(carried - payload * values.size) > 2 * ACCEPTED * payload * values.size + 1:
        raise DoesNotFit(
            f"the authors' search for lambda ends at {carried / values.size:.4f} bits per sample instead of {payload:g}",
            reachable=math.floor(carried),
            hint="use the coder bound, which has no such limit",
        )
    r = _uniforms(seed, values.shape, rows_first=_simulator(scheme).rows_first)[0]
    raised, lowered = r < p_plus, (r >= p_plus) & (r < p_plus + p_minus)
    return (values.astype(np.int64) + raised - lowered).astype(values.dtype)


def reference_costs(
    cover: Samples[NDArray[Any]], plus: NDArray[np.float64], minus: NDArray[np.float64], *, scheme: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return float64 costs with the authors' finite wet cost: where out of range, not a number, or beyond it."""
    wet = _simulator(scheme).wet

    def dried(rho: NDArray[np.float64], impossible: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.where(impossible | np.isnan(rho) | (rho > wet), wet, rho)

    return dried(np.asarray(plus, np.float64), ~cover.may_rise), dried(np.asarray(minus, np.float64), ~cover.may_fall)


def reference_lambda(plus: NDArray[np.float64], minus: NDArray[np.float64], payload: float, *, scheme: str) -> float:
    """Return lambda where the authors' bisection ends, from costs as `reference_costs` gives them.

    Double lambda from 1000 until the entropy is at most m bits, then halve [0, lambda] until the entropies at the ends (n at 0)
    differ by 1e-3 m. The value returned is the last midpoint, whichever end it became.
    """
    simulator = _simulator(scheme)
    n = plus.size
    bits = float(round(payload * n)) if simulator.rounds_bits else payload * n
    upper, carried_upper, evaluations = FIRST_LAMBDA, math.inf, 0
    while carried_upper > bits:
        upper *= 2
        carried_upper = _entropy_bits(plus, minus, upper)
        evaluations += 1
        if evaluations > DOUBLINGS:
            return upper
    lower, carried_lower, middle = 0.0, float(n), upper
    while (carried_lower - carried_upper) / n > bits / n * ACCEPTED and evaluations < simulator.steps:
        middle = lower + (upper - lower) / 2
        carried = _entropy_bits(plus, minus, middle)
        evaluations += 1
        if carried < bits:
            upper, carried_upper = middle, carried
        else:
            lower, carried_lower = middle, carried
    return middle


def change_probabilities(
    plus: NDArray[np.float64], minus: NDArray[np.float64], lam: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return beta+ and beta-: exp(-lambda rho) / Z."""
    odds_plus, odds_minus = np.exp(-lam * plus), np.exp(-lam * minus)
    z = 1 + odds_plus + odds_minus
    return odds_plus / z, odds_minus / z


def least_detectable(fisher: NDArray[np.float64], payload: float) -> NDArray[np.float64]:
    """Return beta, the probability of +1 and of -1, as the authors of MiPOD and MG solve for it; Fisher information (H, W).

    lambda is halved in [1e3, 1e6], which is first widened by factors of two, until the payload is met to 1e-4 nats.
    """
    nats = payload * fisher.size * math.log(2)

    def excess(lam: float) -> float:
        return _ternary_nats(1 / _inverse(lam * fisher)) - nats

    lower, upper = LAMBDA_BRACKET
    at_lower, at_upper = excess(lower), excess(upper)
    while at_lower * at_upper > 0:
        if not 0 < lower <= upper < math.inf:
            raise DoesNotFit(
                f"a payload of {payload:g} bits per sample does not fit: +-1 changes carry less than log2(3) = 1.585",
                reachable=math.floor(math.log2(3) * fisher.size),
                hint="send less",
            )
        if at_lower > 0:
            upper *= 2
            at_upper = excess(upper)
        else:
            lower /= 2
            at_lower = excess(lower)
    nearest, best = math.inf, lower
    for _ in range(LAMBDA_BISECTIONS):
        middle = (lower + upper) / 2
        off = excess(middle)
        if abs(off) < nearest:
            nearest, best = abs(off), middle
        if nearest <= LAMBDA_NATS:
            break
        if at_lower * off < 0:
            upper = middle
        else:
            lower, at_lower = middle, off
    return 1 / _inverse(best * fisher)


def least_detectable_stego(
    cover: Samples[NDArray[Any]], beta: NDArray[np.float64], seed: int, *, inward: bool = False
) -> Whole:
    """Return values (H, W): `cover` changed by MiPOD's program, with one array of random numbers for places and one for signs.

    Where a change would leave 0...255 the authors write 2 and 253, a change by two, and so does this unless `inward`, which
    writes 1 and 254; likewise at the ends of another range. The published stego images count a number within 5e-6 of a half as
    a half, which is rounded up.
    """
    where, way = _uniforms(seed, cover.values.shape, arrays=2)
    change = np.where(where < 2 * beta, np.where(way >= 0.5 - HALF_WIDTH, 1, -1), 0)
    if cover.usable is not None:
        change = np.where(cover.usable, change, 0)
    changed = cover.values.astype(np.int64) + change
    depth, low, high = 1 if inward else 2, cover.low, cover.high
    return np.where(changed > high, high - depth, np.where(changed < low, low + depth, changed)).astype(cover.values.dtype)


def mg_fisher_information(cover: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return float64 (H, W): 1 / sigma^4 of MG as its authors round it.

    Because their table hardly interpolates, the payload is often met only by parting samples of equal variance by the rounding
    errors of E[x^2] - E[x]^2. So `mg.fisher_information`, which is exact, cannot be used here.
    """
    x = cover.astype(np.float64)
    count = _block_sum(np.ones_like(x))
    variance = _block_sum(x * x) / count - (_block_sum(x) / count) ** 2
    return 1 / np.maximum(variance, 1.0) ** 2


def _block_sum(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums over 3 x 3 samples, zeros outside; exact for whole numbers."""
    height, width = x.shape
    bordered = np.pad(x, 1)
    return sum((bordered[i : i + height, j : j + width] for i, j in np.ndindex(3, 3)), start=np.zeros_like(x))


def _simulator(scheme: str) -> Simulator:
    if scheme not in SIMULATORS:
        raise unknown("simulator by the authors for", scheme, SIMULATORS)
    return SIMULATORS[scheme]


def nsf5_stego(cover: Samples[NDArray[Any]], payload: float, seed: int) -> Whole:
    """Return coefficients (H, W) of which so many lose one of their magnitude as nsF5 changes at `payload` bpnzAC.

    The first of a permutation of the AC coefficients that are not zero, in the plane's row order: nzAC h^-1(payload) of them,
    rounded up, h the binary entropy. Raises DoesNotFit beyond one bit each.
    """
    values = cover.values
    carriers = values != 0
    carriers[::8, ::8] = False
    places = np.flatnonzero(carriers)
    if not 0 <= payload <= 1:
        raise DoesNotFit(
            f"a payload of {payload:g} does not fit: nsF5 carries at most one bit per nonzero AC coefficient",
            reachable=places.size,
            hint="send less",
        )
    rate = _inverse_binary_entropy(payload)
    efficiency = payload / rate if rate else math.inf  # in bits a change, as the program divides by it
    changed = np.random.RandomState(seed).permutation(places.size)[: math.ceil(payload * places.size / efficiency)]
    stego = values.copy()
    stego.reshape(-1)[places[changed]] -= np.sign(stego.reshape(-1)[places[changed]])
    return stego


def _inverse_binary_entropy(bits: float) -> float:
    """Return p in [0, 1/2] with -p log2 p - (1 - p) log2(1 - p) = bits, by halving."""
    low, high = 0.0, 0.5
    if bits <= 0 or bits >= 1:
        return low if bits <= 0 else high
    for _ in range(60):
        middle = (low + high) / 2
        entropy = -middle * math.log2(middle) - (1 - middle) * math.log2(1 - middle)
        low, high = (middle, high) if entropy < bits else (low, middle)
    return (low + high) / 2


def _uniforms(seed: int, shape: tuple[int, ...], *, arrays: int = 1, rows_first: bool = False) -> list[NDArray[np.float64]]:
    """Return the numbers of MATLAB's generator (MT19937) after `seed`, filling columns first, or rows."""
    legacy = np.random.RandomState(seed)  # this very generator is part of the reference
    order: Literal["C", "F"] = "C" if rows_first else "F"
    return [legacy.random_sample(shape[0] * shape[1]).reshape(shape, order=order) for _ in range(arrays)]


def _entropy_bits(plus: NDArray[np.float64], minus: NDArray[np.float64], lam: float) -> float:
    """Return the entropy of the changes; probabilities below the machine's epsilon count as zero."""
    p_plus, p_minus = change_probabilities(plus, minus, lam)
    return _entropy(p_plus, p_minus, 1 - p_plus - p_minus) / math.log(2)


def _ternary_nats(beta: NDArray[np.float64]) -> float:
    return _entropy(beta, beta, 1 - 2 * beta)


def _entropy(*probabilities: NDArray[np.float64]) -> float:
    stacked = np.stack(probabilities)
    dry = stacked >= np.finfo(np.float64).eps
    return -float(np.sum(stacked[dry] * np.log(stacked[dry])))


def _inverse(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x with y = x ln(x - 2).

    Between the table's entries the authors hardly interpolate: the weight is what y exceeds the entry by, not divided by the
    step.
    """
    table = _table()
    x = np.empty_like(y)
    small = y <= TABLE_LARGEST
    below = np.floor(y[small] / TABLE_STEP).astype(np.int64)
    above = np.minimum(below + 1, table.size - 1)
    x[small] = table[below] + (y[small] - below * TABLE_STEP) * (table[above] - table[below])
    large = y[~small]
    root = large / np.log(large - 2)
    for _ in range(FIXED_POINT_STEPS):
        root = large / np.log(root - 2)
    x[~small] = root
    return x


@cache
def _table() -> NDArray[np.float64]:
    """Return the authors' table `ixlnx3`, computed bit for bit: the midpoints at which their bisection stopped."""
    y = np.arange(round(TABLE_LARGEST / TABLE_STEP) + 1) * TABLE_STEP
    lower, upper = (np.full(y.size, end) for end in TABLE_BRACKET)
    middle = lower
    for _ in range(TABLE_BISECTIONS):
        middle = (lower + upper) / 2
        beyond = middle * np.log(middle - 2) > y
        lower, upper = np.where(beyond, lower, middle), np.where(beyond, middle, upper)
    middle[0] = TABLE_FIRST
    return middle
