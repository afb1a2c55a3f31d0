"""The exponential as plain arithmetic, so that compiled loops run it for many samples at once in vector registers.

Range reduction by the nearest multiple of ln 2, a Taylor polynomial on what is left, and the power of two put together from
its bits: W. J. Cody, W. Waite, "Software manual for the elementary functions", 1980, chapter 6. Accurate to two units in the
last place.
"""

from __future__ import annotations

import numpy as np

from ssgan.compiled import compiled

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # ln 2 = high + low, the high part short enough that its multiples are exact
_LN2_LOW = 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest whole number in the lowest bits
_BIAS = 1023


@compiled
def exp_of_negative(x: float) -> float:
    """exp(x) for x <= 0; zero from -708 down."""
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
    """ln x to 0.06, for x > 0: the exponent and the leading digits of x are nearly its logarithm to base 2."""
    return (np.float64(np.float64(x).view(np.int64)) * 2.0**-52 - _BIAS) / _LOG2_E
