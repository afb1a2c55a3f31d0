"""Estimate LSB replacement by the classical attacks: RS, sample pairs, weighted stego, chi-square; or "not enough data".

Replacement lets even samples only rise and odd ones only fall; each attack measures that asymmetry and estimates the payload
that explains it. All counts are sums over strips of rows, so leaving out one strip at a time (jackknife) gives the deviation of
an estimate. None of them sees LSB matching or an adaptive scheme: passing them proves nothing there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import as_array, torch
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.attacks import structural_loops as loops

Pixels: TypeAlias = "NDArray[np.uint8] | torch.Tensor"  # uint8 (N, C, H, W)

STRIPS = 16  # of rows, for the jackknife
LEAST_SAMPLES = 1024  # of an image, 32 x 32: below it no estimate is tried
LEAST_UNEQUAL = 64  # pairs of neighbors that differ: flat images have no asymmetry to measure
MODEL_DEVIATION = 0.03  # what photographs differ from the attacks' models, measured on the whole pictures of scikit-image
LARGEST_DEVIATION = 0.15  # of an estimate: twice it either way is more than half of the range 0...1
CUTS = 64  # prefixes of an image that the chi-square attack looks at
LEAST_PAIR = 10  # samples in a pair of values: at least five expected of each, the usual rule for the chi-square distribution
REJECTED = 0.05  # p-value below which the values of the pairs are not taken for equally frequent
CONTROL_REJECTED = 1e-6  # the same for the pairs that embedding does not touch: the histogram must be plainly uneven
COARSEST = 0.1  # share of an image that the chi-square attack may be blind to and still answer


@dataclass(frozen=True)
class Estimate:
    """A payload in bits per sample, 0...1, and its standard deviation (nan where an attack has none)."""

    payload: float
    deviation: float


@dataclass(frozen=True)
class NotEnoughData:
    """The refusal of an image that allows no answer; `reason` is the cause."""

    reason: str


@dataclass(frozen=True)
class Estimates:
    """The answers of an attack for N images: `estimates[i]` is an Estimate or NotEnoughData.

    As float64 arrays (N,): `payload`, the fraction of samples that carry a bit, in [0, 1], nan where there is not enough data;
    `raw`, what the formula gave, neither clipped nor withheld; `deviation`, its standard deviation: the jackknife's and
    MODEL_DEVIATION, squared and added.
    `enough` is bool (N,).
    """

    payload: np.ndarray
    raw: np.ndarray
    deviation: np.ndarray
    enough: np.ndarray
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        """Return N."""
        return len(self.payload)

    def __getitem__(self, i: int) -> Estimate | NotEnoughData:
        """Return the answer for the i-th image."""
        if not self.enough[i]:
            return NotEnoughData(self.reasons[i])
        return Estimate(float(self.payload[i]), float(self.deviation[i]))


@dataclass(frozen=True)
class ChiSquare(Estimates):
    """Estimates of the chi-square attack: `payload` is the fraction of rows, from the top, whose samples all carry bits.

    `p_value`, `statistic` (float64) and `degrees` (int64), each (N,), are those of the whole image under "every sample carries
    a bit": a small p-value says that not all do. The attack has no standard deviation.
    """

    p_value: np.ndarray
    statistic: np.ndarray
    degrees: np.ndarray


def sample_pairs(images: Pixels) -> Estimates:
    """Return sample pairs analysis (SPA) of uint8 (N, C, H, W); the pairs of all channels are counted together.

    S. Dumitrescu, X. Wu, Z. Wang, "Detection of LSB steganography via sample pair analysis", IEEE TSP 51(7), 2003; horizontal
    neighbors, the smaller root of gamma/2 q^2 + (2 X - P) q + Y - X = 0.
    """
    return _judged(images, loops.count_pairs, _sample_pairs, kinds=4)


def rs(images: Pixels) -> Estimates:
    """Return RS analysis of uint8 (N, C, H, W) by groups of four along rows and columns, mask 0 1 1 0; channels counted
    together.

    J. Fridrich, M. Goljan, R. Du, "Detecting LSB steganography in color and gray-scale images", IEEE MultiMedia 8(4), 2001.
    """
    return _judged(images, loops.count_groups, _rs, kinds=5)


def weighted_stego(images: Pixels, *, weighted: bool = True) -> Estimates:
    """Return weighted stego analysis (WS) of uint8 (N, C, H, W); the sums of all channels are added.

    J. Fridrich, M. Goljan, "On estimation of secret message length in LSB steganography in spatial domain", SPIE 5306, 2004;
    with the KB predictor and weights 1 / (5 + variance) of A. Ker, R. Böhme, "Revisiting weighted stego-image steganalysis",
    SPIE 6819, 2008, without their bias correction. The payload is twice the change rate that the formula gives.
    """

    def fill(planes: np.ndarray, out: np.ndarray) -> None:
        loops.sum_residuals(planes, weighted, out)

    return _judged(images, fill, lambda sums: 2 * ratio(sums[..., 0], sums[..., 1]), kinds=2, dtype=np.float64)


def chi_square(images: Pixels) -> ChiSquare:
    """Return the chi-square attack on uint8 (N, C, H, W), which tests whether the values 2i and 2i + 1 are equally frequent.

    A. Westfeld, A. Pfitzmann, "Attacks on steganographic systems", IH 1999. The statistic sums (a - b)^2 / (a + b) over the
    pairs of at least LEAST_PAIR samples of every channel. Given a + b, each term has one degree of freedom of its own, so there
    are as many degrees as pairs: not 255, and none is lost to the total. The largest prefix of rows that passes is taken for
    filled. A smooth histogram passes without any message; so the pairs 2i - 1 and 2i, which replacement does not make equal,
    are tested beside it, and where they pass too the answer is "not enough data".
    """
    planes = _planes(images)
    counts = np.zeros((len(planes), CUTS, 256), np.int64)
    loops.count_values(planes, counts)
    prefixes = counts.reshape(len(images), -1, CUTS, 256).cumsum(axis=2)  # (N, C, CUTS, 256)
    statistic, degrees, p = _equality(prefixes[..., 0::2], prefixes[..., 1::2])  # (N, CUTS)
    _, _, control = _equality(prefixes[..., 1:-1:2], prefixes[..., 2::2])
    # The number of prefixes, from the top, up to and with the largest that passes.
    passing = np.where(p >= REJECTED, np.arange(1, CUTS + 1), 0).max(axis=1, initial=0)
    seen = np.take_along_axis(control, np.maximum(passing - 1, 0)[:, None], axis=1)[:, 0] < CONTROL_REJECTED
    raw = passing / CUTS
    sized = _sized(images)
    enough = sized & (seen | (raw <= COARSEST)) & (degrees[:, -1] > 0)
    payload = np.where(enough, np.where(seen, raw, 0.0), np.nan)
    reason = "the histogram is too smooth for its counts: values that no embedding makes equal look equal too"
    return ChiSquare(
        payload, raw, np.full(len(raw), np.nan), enough, tuple(reason if ok else _SMALL for ok in sized),
        p[:, -1], statistic[:, -1], degrees[:, -1],
    )  # fmt: skip


BY_NAME: dict[str, Callable[[Pixels], Estimates]] = {
    "rs": rs,
    "sample-pairs": sample_pairs,
    "weighted-stego": weighted_stego,
    "chi-square": chi_square,
}

_SMALL = f"fewer than {LEAST_SAMPLES} samples in a channel"
_FLAT = "hardly any neighbors differ"
_UNSTABLE = "parts of the image disagree about the payload"


def _planes(images: Pixels) -> np.ndarray:
    """Return uint8 (N C, H, W), contiguous."""
    if images.ndim != 4 or str(images.dtype).removeprefix("torch.") != "uint8":
        raise InvalidSetting(
            f"the images are {images.dtype} of shape {tuple(images.shape)}; expected uint8 (N, C, H, W)",
            hint="pass pixels as they are in the file, always with four axes",
        )
    return np.ascontiguousarray(as_array(images)).reshape(-1, *images.shape[2:])


def _sized(images: Pixels) -> np.ndarray:
    """Return bool (N,): whether images of this shape are large enough."""
    height, width = images.shape[2:]
    return np.full(len(images), height * width >= LEAST_SAMPLES and min(height, width) >= STRIPS)


def _judged(
    images: Pixels,
    fill: Callable[[np.ndarray, np.ndarray], Any],
    estimate: Callable[[np.ndarray], np.ndarray],
    *,
    kinds: int,
    dtype: type = np.int64,
) -> Estimates:
    """Return `estimate` of the sums that `fill` computes, for the whole image and with each strip left out."""
    planes = _planes(images)
    sums: np.ndarray = np.zeros((len(planes), STRIPS, kinds), dtype)
    fill(planes, sums)
    sums = np.asarray(sums.reshape(len(images), -1, STRIPS, kinds).sum(axis=1))  # (N, strips, kinds)
    raw, deviation = jackknife(sums, estimate, MODEL_DEVIATION)
    sized, textured = _sized(images), _unequal(planes, len(images)) >= LEAST_UNEQUAL
    stable = deviation <= LARGEST_DEVIATION  # False for nan
    enough = sized & textured & stable & np.isfinite(raw)
    reasons = tuple(_SMALL if not a else _FLAT if not b else _UNSTABLE for a, b in zip(sized, textured, strict=True))
    return Estimates(np.where(enough, np.clip(raw, 0, 1) + 0.0, np.nan), raw, deviation, enough, reasons)


def jackknife(sums: np.ndarray, estimate: Callable[[np.ndarray], np.ndarray], model: float) -> tuple[np.ndarray, np.ndarray]:
    """Return `estimate` of the sums (N, strips, ...) over all strips, (N,), and its deviation: that with one strip left out at
    a time, and that of the attack's model, squared and added.
    """
    totals, strips = sums.sum(axis=1, keepdims=True), sums.shape[1]
    raw, without = estimate(totals[:, 0]), estimate(totals - sums)
    spread = without - without.mean(axis=1, keepdims=True)
    return raw, np.sqrt((strips - 1) / strips * (spread**2).sum(axis=1) + model**2)


def _unequal(planes: np.ndarray, count: int) -> np.ndarray:
    """Return int64 (N,): how many pairs of horizontal neighbors differ by more than their last bits."""
    pairs = np.zeros((len(planes), 1, 4), np.int64)
    loops.count_pairs(planes, pairs)
    return (pairs[:, 0, 3] - pairs[:, 0, 2]).reshape(count, -1).sum(axis=1)


def _sample_pairs(counts: np.ndarray) -> np.ndarray:
    x, y, near, total = np.moveaxis(counts.astype(np.float64), -1, 0)
    roots = _roots(near / 2, 2 * x - total, y - x)
    # Without pairs of equal upper bits the quadratic holds nothing about the last bits.
    return np.where(near > 0, np.fmin(*roots), np.nan)


def _rs(counts: np.ndarray) -> np.ndarray:
    up, down, up_flipped, down_flipped, _ = np.moveaxis(counts.astype(np.float64), -1, 0)
    # The curves through d0, d1 (flip) and d-0, d-1 (dual flip) meet where a x^2 + b x + c = 0; then p = x / (x - 1/2).
    a, b, c = 2 * (up_flipped + up), down - down_flipped - up_flipped - 3 * up, up - down
    first, second = _roots(a, b, c)
    root = np.where(np.abs(first) <= np.abs(second), first, second)
    # Near p = 1 the root runs to infinity and noise makes the equation unsolvable; its reciprocal y then goes through zero.
    y = ratio(-b, 2 * c)
    return np.where(b * b < 4 * a * c, ratio(np.full_like(y, 2.0), 2 - y), ratio(root, root - 0.5))


def _roots(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the real parts of the two roots of a x^2 + b x + c = 0; both the same where a = 0, nan where there is none."""
    discriminant = b * b - 4 * a * c
    root = np.sqrt(np.maximum(discriminant, 0))
    # The stable form: no difference of nearly equal numbers. A complex pair shares -b / 2a, a line has -c / b alone.
    q = -(b + np.where(b >= 0, root, -root)) / 2
    alone = np.where(a == 0, ratio(-c, b), ratio(-b, 2 * a))
    single = (a == 0) | (discriminant <= 0)
    return np.where(single, alone, ratio(q, a)), np.where(single, alone, ratio(c, q))


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, nan where b = 0."""
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b != 0)


def _equality(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (statistic, degrees of freedom, p-value), each (N, CUTS), of the counts (N, C, CUTS, pairs); p = 1 without any
    pair.
    """
    total = one + other
    used = total >= LEAST_PAIR
    statistic = np.where(used, (one - other) ** 2 / np.maximum(total, 1), 0.0).sum(axis=(1, 3))
    degrees = used.sum(axis=(1, 3))
    return statistic, degrees, chi_square_tails(statistic, degrees)


def chi_square_tails(statistics: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Return the probabilities that chi-square variables of these degrees of freedom exceed `statistics`; 1 for no degrees.

    Q(a, x) with a = degrees / 2, x = statistic / 2, by Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1): sums of terms > 0.
    """
    x = np.maximum(statistics / 2, np.finfo(np.float64).tiny)
    log_x, tails = np.log(x), np.exp(-x)
    odd = degrees % 2 == 1
    tails[odd] = [math.erfc(math.sqrt(one)) for one in x[odd].tolist()]
    for parity, start in ((odd, 0.5), (~odd, 1.0)):
        for a in np.arange(start, degrees.max(initial=0) / 2, 1.0).tolist():
            more = parity & (degrees > 2 * a)
            tails[more] += np.exp(a * log_x[more] - x[more] - math.lgamma(a + 1))
    return np.where(degrees > 0, np.minimum(tails, 1.0), 1.0)
