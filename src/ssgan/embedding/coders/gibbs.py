"""Solve for the optimal sender of ±1 changes in NumPy: the least distortion of a payload, the largest payload of a distortion.

Sample i changes by +1 or -1 with probabilities exp(-lambda rho) / Z; lambda is found for a wanted payload or distortion. The
syndrome-trellis coder takes its layers' probabilities from here and is measured against it. (Coder `bound` is the same law in
torch, for batches of images on any device.)

T. Filler, J. Judas, J. Fridrich, "Minimizing additive distortion in steganography using syndrome-trellis codes", IEEE TIFS
6(3), 2011, Eq. (4) to (6).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.coders import gibbs_loops
from ssgan.embedding.coders.gibbs_loops import NEVER as NEVER
from ssgan.images.samples import Samples

FREE = 1e-12  # a change that costs nothing is given this share of the mean cost, so that every payload has its lambda
MARGIN = 1e-7  # lambda is zero at the largest payload; payloads nearer to it than this are met to this
STRIDE = 16  # every 16th sample gives a rough lambda
COARSE_STEPS, STEPS = 20, 60  # of Newton's at most, on the sample and on all


class Sender:
    """The optimal sender for B covers of n samples: costs float64 (B, n) of +1 and of -1, >= 0, infinite = wet.

    Given the `covers` (B, n), what may not rise or fall is wet whatever its costs, so that one array may be both. Where one
    array is both and there are no covers, a sample takes one exponential in place of two.
    """

    def __init__(
        self, plus: NDArray[np.floating[Any]], minus: NDArray[np.floating[Any]], covers: Samples[NDArray[Any]] | None = None
    ) -> None:
        values = np.empty((len(plus), 0), np.uint8) if covers is None else np.ascontiguousarray(covers.values)
        if covers is None or covers.usable is None:
            usable = np.empty((len(plus), 0), np.bool_)
        else:
            usable = np.ascontiguousarray(covers.usable)
        self._alike = minus is plus and covers is None
        plus = np.ascontiguousarray(plus)
        self._costs = plus, plus if self._alike else np.ascontiguousarray(minus), values, usable
        self._ends = (0, 0) if covers is None else (covers.low, covers.high)
        survey = np.empty((len(plus), 5))
        if self._alike:
            gibbs_loops.survey_alike(plus, survey)
        else:
            gibbs_loops.survey(*self._costs, *self._ends, survey)
        self._one, self._two, cheaper, self._spread, self.wrong = survey.T
        mean = cheaper / np.maximum(self._one + self._two, 1)
        self._unit = np.where(mean > 0, mean, 1.0)  # (B,): of cost

    @property
    def free(self) -> NDArray[np.float64]:
        """float64 (B,): the least cost of a change."""
        return self._unit * FREE

    @property
    def largest_payload(self) -> NDArray[np.float64]:
        """float64 (B,): the payload in bits where each change that is not wet is equally frequent."""
        return self._one + np.log2(3) * self._two

    @property
    def largest_distortion(self) -> NDArray[np.float64]:
        """float64 (B,): the distortion at the largest payload."""
        return self._spread

    def rows(self, which: NDArray[np.bool_]) -> Sender:
        """Return the sender for the covers marked in `which` bool (B,)."""
        return self if which.all() else self._part(which, slice(None))

    def lambdas_for_payload(self, bits: NDArray[np.float64], tolerance: float = 1e-6) -> NDArray[np.float64]:
        """Return float64 (B,): the lambdas of an entropy of `bits` (B,), in (0, largest_payload], to a relative tolerance."""
        within = np.minimum(bits, self.largest_payload * (1 - MARGIN))
        return self._find(within * np.log(2), tolerance, distortion=False)

    def lambdas_for_distortion(self, distortion: NDArray[np.float64], tolerance: float = 1e-6) -> NDArray[np.float64]:
        """Return float64 (B,): the lambdas of an expected `distortion` (B,), in (0, largest_distortion)."""
        return self._find(distortion, tolerance, distortion=True)

    def payload(self, u: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return bits (B,) at ln lambda = u (B,), and their slope in u."""
        entropy, _, variance = self._moments(u)
        return entropy / np.log(2), -variance / np.log(2)

    def distortion(self, u: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the expected distortion (B,) at ln lambda = u (B,), and its slope in u."""
        _, mean, variance = self._moments(u)
        return mean * np.exp(-u), -variance * np.exp(-u)

    def _find(self, target: NDArray[np.float64], tolerance: float, *, distortion: bool) -> NDArray[np.float64]:
        """Return the solution of each row by itself, so that no row's lambda depends on the others of the batch."""
        sample, u = self._every(STRIDE), -np.log(self._unit)
        share = self._costs[0].shape[1] / sample._costs[0].shape[1]
        for sender, goal, precision, steps in (
            (sample, target / share, 1e-3, COARSE_STEPS),
            (self, target, tolerance, STEPS),
        ):
            if self._alike:
                gibbs_loops.solve_alike(sender._costs[0], self.free, goal, distortion, precision, steps, u)
            else:
                gibbs_loops.solve(*sender._costs, *self._ends, self.free, goal, distortion, precision, steps, u)
        return np.exp(u)

    def _every(self, stride: int) -> Sender:
        """Return a sender of a regular subset of the samples, where there are enough of them."""
        return self if self._costs[0].shape[1] < 16 * stride else self._part(slice(None), slice(None, None, stride))

    def _part(self, rows: NDArray[np.bool_] | slice, samples: slice) -> Sender:
        part = object.__new__(Sender)
        plus, minus, values, usable = (np.ascontiguousarray(array[rows, samples]) for array in self._costs)
        minus = plus if self._alike else minus
        part._costs, part._ends, part._alike = (plus, minus, values, usable), self._ends, self._alike
        part._unit, part._one, part._two = self._unit[rows], self._one[rows], self._two[rows]
        part._spread, part.wrong = self._spread[rows], self.wrong[rows]
        return part

    def _moments(self, u: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return sums over the samples for x = lambda rho: the entropy in nats, E[x] and Var[x]; float64 (B,) each."""
        sums = np.empty((len(u), 3))
        if self._alike:
            gibbs_loops.moments_alike(self._costs[0], np.exp(u), self.free, sums)
        else:
            gibbs_loops.moments(*self._costs, *self._ends, np.exp(u), self.free, sums)
        log_z, mean, variance = sums.T
        return log_z + mean, mean, variance
