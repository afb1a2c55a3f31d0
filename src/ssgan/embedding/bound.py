"""Coder `bound`: the optimal sender, simulated.

Among all senders of the same payload, the one whose changes follow p(+-1) ~ exp(-lambda rho+-) has the least expected
distortion; lambda is what the payload asks for. T. Filler, J. Fridrich, "Gibbs construction in steganography", IEEE TIFS 5(4), 2010;
T. Filler, J. Judas, J. Fridrich, IEEE TIFS 6(3), 2011, Eq. (4) to (6). lambda is found in units of the image's own costs, so flat
covers, whose costs are beyond 10^9, are as easy as any.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from ssgan import seeds as public_seeds
from ssgan.embedding import monotone
from ssgan.embedding.costs import Costs
from ssgan.errors import DoesNotFit, InvalidSetting

SAMPLED = 16  # every 16th sample tells roughly where lambda lies
FREE = 1e-12  # a change that costs nothing is given this share of the mean cost, so that every payload has its lambda
NEVER = 800.0  # exp(-800) is zero in double precision, and 800 times it too: keeps infinite costs out of the sums
MARGIN = 1e-7  # at the very limit lambda is zero; payloads nearer to it than this are met to this


class ChangeProbabilities(NamedTuple):
    """beta+ and beta-: how probably each sample is raised and lowered by one; float (N, C, H, W) in [0, 1]."""

    plus: torch.Tensor
    minus: torch.Tensor


def simulate(covers: torch.Tensor, costs: Costs, payload: float, seeds: np.ndarray) -> torch.Tensor:
    """Images (N, C, H, W) as the optimal sender of `payload` bits per sample changes them; one uint64 seed an image."""
    return sample(covers, change_probabilities(costs, payload), seeds)


def change_probabilities(costs: Costs, payload: float) -> ChangeProbabilities:
    """The probabilities that carry `payload` bits per sample at the least expected distortion, in each image."""
    if not payload >= 0:
        raise InvalidSetting(f"payload is {payload:g}; it counts bits per sample and is at least 0")
    if payload == 0:
        return ChangeProbabilities(torch.zeros_like(costs.plus), torch.zeros_like(costs.minus))
    return probabilities_at(costs, lambdas(costs, payload=payload))


def lambdas(costs: Costs, *, payload: float | None = None, distortion: float | torch.Tensor | None = None) -> torch.Tensor:
    """float64 (N,): each image's lambda, for a payload in bits per sample or for an expected distortion (one of the two).

    Raises DoesNotFit where wet samples leave no room, with the payload that the worst image of the batch reaches.
    """
    with torch.no_grad():
        gibbs = _Gibbs(costs)
        if payload is not None:
            largest = gibbs.largest_entropy()
            target = torch.full_like(gibbs.scale, payload * math.log(2))
            _refuse_beyond(largest, target, costs.plus[0].numel())
            target = torch.minimum(target, largest * (1 - MARGIN))
            falling, coarse = gibbs.entropy, gibbs.every(SAMPLED).entropy
        elif distortion is not None:
            asked = torch.as_tensor(distortion, dtype=torch.float64, device=gibbs.scale.device)
            target = asked.expand(gibbs.scale.shape) / costs.plus[0].numel() / gibbs.scale
            _refuse_distortion(target, gibbs.largest_distortion())
            falling, coarse = gibbs.distortion, gibbs.every(SAMPLED).distortion
        else:
            raise InvalidSetting("lambdas needs a payload or a distortion")
        start = monotone.solve(coarse, target, start=torch.zeros_like(target), tolerance=1e-3, steps=30)
        return monotone.solve(falling, target, start=start, tolerance=monotone.finest(costs.plus.dtype)).exp() / gibbs.scale


def probabilities_at(costs: Costs, lam: torch.Tensor) -> ChangeProbabilities:
    """exp(-lambda rho) / Z for given lambda (N,); differentiable in the costs."""
    factor = lam.to(costs.plus.dtype).reshape(-1, 1, 1, 1)
    costs = _paid(costs)
    plus = (-factor * costs.plus).exp()
    minus = plus if costs.minus is costs.plus else (-factor * costs.minus).exp()
    z = 1 + plus + minus
    return ChangeProbabilities(plus / z, minus / z)


def entropy_bits(probabilities: ChangeProbabilities) -> torch.Tensor:
    """float64 (N,): how many bits the changes of each image carry."""
    plus, minus = probabilities.plus.double(), probabilities.minus.double()
    none = 1 - plus - minus
    nats = -sum(torch.xlogy(p, p) for p in (plus, minus, none.clamp(min=0)))
    return torch.as_tensor(nats).flatten(1).sum(1) / math.log(2)


def expected_distortion(costs: Costs, probabilities: ChangeProbabilities) -> torch.Tensor:
    """float64 (N,): the distortion of the changes, on average over them."""
    pairs = ((costs.plus, probabilities.plus), (costs.minus, probabilities.minus))
    paid = sum(torch.where(beta > 0, rho * beta, torch.zeros_like(rho)).double() for rho, beta in pairs)
    return torch.as_tensor(paid).flatten(1).sum(1)


def sample(covers: torch.Tensor, probabilities: ChangeProbabilities, seeds: np.ndarray) -> torch.Tensor:
    """Images changed by +1 where r < beta+, by -1 where beta+ <= r < beta+ + beta-, for one uniform r a sample."""
    r = public_seeds.uniforms(seeds, covers[0].numel(), device=covers.device).reshape(covers.shape)
    raised = r < probabilities.plus
    lowered = ~raised & (r < probabilities.plus.double() + probabilities.minus.double())
    return covers + raised.to(torch.uint8) - lowered.to(torch.uint8)


def _paid(costs: Costs) -> Costs:
    """`costs` in which nothing is free: zeros become FREE times the image's mean cost."""
    if bool((costs.plus > 0).all()) and bool((costs.minus > 0).all()):
        return costs
    floor = FREE * _mean_cost(costs).to(costs.plus.dtype).reshape(-1, 1, 1, 1)
    return Costs(torch.maximum(costs.plus, floor), torch.maximum(costs.minus, floor))


def _mean_cost(costs: Costs) -> torch.Tensor:
    """float64 (N,): of the cheaper change, over the samples that are not wet; 1 where that is zero or nobody's."""
    cheaper = torch.minimum(costs.plus, costs.minus).flatten(1)
    dry = cheaper < torch.inf
    mean = torch.where(dry, cheaper, 0).sum(1, dtype=torch.float64) / dry.sum(1).clamp(min=1)
    return torch.where(mean > 0, mean, 1.0)


class _Gibbs:
    """Mean entropy and distortion of an image's samples as functions of u = ln lambda, in units of its mean finite cost.

    Where +1 and -1 cost the same, or one of them is wet, as in most schemes, one exponential a sample serves both: `ways`
    counts how many of the two changes are dry.
    """

    def __init__(self, costs: Costs) -> None:
        if not bool((costs.plus >= 0).all() & (costs.minus >= 0).all()):
            raise InvalidSetting("a cost is negative or not a number", hint="costs are >= 0; infinite means wet")
        costs = _paid(costs)
        self.scale = _mean_cost(costs)
        unit = self.scale.to(costs.plus.dtype)[:, None]
        plus, minus = costs.plus.flatten(1), costs.minus.flatten(1)
        up, down = plus < torch.inf, minus < torch.inf
        self.ways = up.to(plus.dtype) + down
        self.symmetric = bool(((plus == minus) | ~(up & down)).all())
        self.rho = [torch.minimum(plus, minus) / unit] if self.symmetric else [plus / unit, minus / unit]

    def every(self, stride: int) -> _Gibbs:
        """The same of every so-manieth sample: enough to tell where lambda lies."""
        part = object.__new__(_Gibbs)
        part.scale, part.symmetric = self.scale, self.symmetric
        part.ways, part.rho = self.ways[:, ::stride], [rho[:, ::stride] for rho in self.rho]
        return part

    def largest_entropy(self) -> torch.Tensor:
        """In nats per sample: ln 3 where both ways are dry, ln 2 where one is."""
        return (1 + self.ways).log().mean(1, dtype=torch.float64)

    def largest_distortion(self) -> torch.Tensor:
        """At lambda = 0, per sample, in units of `scale`."""
        return self._moments(torch.full_like(self.scale, -60.0))[1] / math.exp(-60.0)

    def entropy(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Nats per sample, and its slope in u."""
        log_z, mean, variance = self._moments(u)
        return log_z + mean, -variance

    def distortion(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Expected cost per sample, and its slope in u."""
        _, mean, variance = self._moments(u)
        return mean / u.exp(), -variance / u.exp()

    def _moments(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of x = lambda rho under the Gibbs law: means over the samples of ln Z, E[x] and Var[x]; float64 (N,) each."""
        factor = u.exp().to(self.ways.dtype)[:, None]
        if self.symmetric:
            x = (factor * self.rho[0]).clamp_(max=NEVER)
            odds = (-x).exp_().mul_(self.ways)
            log_z = odds.log1p()
            first = x * odds.div_(1 + odds)  # odds are the probability of a change from here on
            variance = x.sub_(first).mul_(first)
        else:
            x, y = ((factor * rho).clamp_(max=NEVER) for rho in self.rho)
            p, q = (-x).exp_(), (-y).exp_()
            z = 1 + p + q
            log_z, x_p, y_q = z.log(), x * p.div_(z), y * q.div_(z)
            first = x_p + y_q
            variance = x.mul_(x_p).add_(y.mul_(y_q)).sub_(first.square())
        return tuple(moment.mean(1, dtype=torch.float64) for moment in (log_z, first, variance))  # type: ignore[return-value]


def _refuse_beyond(largest: torch.Tensor, target: torch.Tensor, samples: int) -> None:
    short = target > largest * (1 + MARGIN)
    if bool(short.any()):
        which = [int(i) for i in short.nonzero().flatten()[:8]]
        reachable = float(largest[short].min()) / math.log(2)
        raise DoesNotFit(
            f"{float(target[0]) / math.log(2):g} bits per sample do not fit: image {which[0]} of the batch takes at most "
            f"{reachable:.4f} ({int(short.sum())} of {len(short)} images are too flat or too saturated)",
            reachable=math.floor(reachable * samples),
            hint="lower the payload, or take covers with more texture and fewer samples at 0 and 255",
        )


def _refuse_distortion(target: torch.Tensor, largest: torch.Tensor) -> None:
    if bool((target <= 0).any()) or bool((target >= largest).any()):
        raise InvalidSetting(
            "the distortion asked for is not between 0 and that of changing every sample at random",
            hint="an expected distortion lies below that of a uniform choice among +1, 0 and -1",
        )
