"""Compute the exponential by plain arithmetic, so that compiled loops run it for many samples at once in vector registers.

Range reduction by the nearest multiple of ln 2, a Taylor polynomial on what is left, and the power of two put together from
its bits: W. J. Cody, W. Waite, "Software manual for the elementary functions", 1980, chapter 6. Accurate to two units in the
last place.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # ln 2 = high + low, the high part short enough that its multiples are exact
_LN2_LOW = 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest whole number in the lowest bits
_BIAS = 1023


@compiled
def exp_of_negative(x: float) -> float:
    """Return exp(x) for x <= 0; zero from -708 down."""
    near = max(x, -708.0)
    shifted = near * _LOG2_E + _ROUND
    k = shifted - _ROUND
    r = (near - k * _LN2_HIGH) - k * _LN2_LOW
    s = 1 / 6227020800.0
    s = s * r + 1 / 479001600.0
    s = s * r + 1 / 39916800.0
    s = s * r + 1 / 3628800.0
    s = s * r + 1 / 362880.0
    s = s * r + 1 / 40320.0
    s = s * r + 1 / 5040.0
    s = s * r + 1 / 720.0
    s = s * r + 1 / 120.0
    s = s * r + 1 / 24.0
    s = s * r + 1 / 6.0
    s = s * r + 0.5
    s = s * r + 1.0
    s = s * r + 1.0
    power = np.int64((np.float64(shifted).view(np.int64) + _BIAS) << 52).view(np.float64)
    return s * power if x > -708.0 else 0.0


@compiled
def rough_log(x: float) -> float:
    """Return ln x to 0.06, for x > 0: exponent and leading digits of x are nearly its logarithm to base 2."""
    return (np.float64(np.float64(x).view(np.int64)) * 2.0**-52 - _BIAS) / _LOG2_E


_LOG2_E_SINGLE = np.float32(1.4426950408889634)
_LN2_HIGH_SINGLE = np.float32(0.693359375)  # nine bits, so that its multiples are exact
_LN2_LOW_SINGLE = np.float32(-2.12194440e-4)
_ROUND_SINGLE = np.float32(12582912.0)  # 1.5 * 2^23
_LEAST_SINGLE = np.float32(-87.0)
_ONE, _TWO = np.float32(1.0), np.float32(2.0)
_TAYLOR_SINGLE = tuple(np.float32(1 / n) for n in (5040, 720, 120, 24, 6, 2, 1))


@compiled
def single_exp_parts(x: np.float32) -> tuple[np.float32, np.float32]:
    """Return (p, q) with exp(x) = p + p q for -87 <= x <= 0, p a power of two; near x = 0, p is 1 and q is exp(x) - 1."""
    shifted = x * _LOG2_E_SINGLE + _ROUND_SINGLE
    k = shifted - _ROUND_SINGLE
    r = (x - k * _LN2_HIGH_SINGLE) - k * _LN2_LOW_SINGLE
    s = _TAYLOR_SINGLE[0]
    s = s * r + _TAYLOR_SINGLE[1]
    s = s * r + _TAYLOR_SINGLE[2]
    s = s * r + _TAYLOR_SINGLE[3]
    s = s * r + _TAYLOR_SINGLE[4]
    s = s * r + _TAYLOR_SINGLE[5]
    s = s * r + _TAYLOR_SINGLE[6]
    power = np.int32((np.float32(shifted).view(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32)
    return power, s * r


@compiled
def single_exp_of_negative(x: np.float32) -> np.float32:
    """Return exp(x) for float32 x <= 0; zero from -87 down, since subnormal numbers are slow."""
    p, q = single_exp_parts(max(x, _LEAST_SINGLE))
    return p + p * q if x > _LEAST_SINGLE else np.float32(0.0)


@compiled
def single_tanh(x: np.float32) -> np.float32:
    """Return tanh(x) of float32, by exp(-2 |x|) - 1."""
    p, q = single_exp_parts(max(-_TWO * abs(x), _LEAST_SINGLE))
    m = (p - _ONE) + p * q
    y = -m / (_TWO + m)
    return y if x >= 0 else -y
