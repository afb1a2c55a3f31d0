"""Solve for the optimal sender of `gibbs.py` in torch, for covers on an accelerator."""

from __future__ import annotations

import math

from ssgan.compute.lazy_torch import torch
from ssgan.embedding.coders import newton
from ssgan.embedding.coders.gibbs import FREE, MARGIN, NEVER, STRIDE
from ssgan.embedding.costs import Costs


class DeviceSender:
    """The optimal sender for B covers: costs float (B, ...) of +1 and of -1, >= 0, infinite = wet; names as in
    `gibbs.Sender`.
    """

    def __init__(self, costs: Costs) -> None:
        plus, minus = (rho.flatten(1) for rho in costs)
        up, down = plus < torch.inf, minus < torch.inf
        self.wrong = (~(plus >= 0)).sum(1) + (~(minus >= 0)).sum(1)
        self.ways = up.to(plus.dtype) + down
        dry = self.ways > 0
        cheaper = torch.where(dry, torch.minimum(plus, minus), 0).sum(1, dtype=torch.float64)
        mean = cheaper / dry.sum(1).clamp(min=1)
        self.unit = torch.where(mean > 0, mean, 1.0)  # (B,): of cost
        floor = self.free.to(plus.dtype)[:, None]
        self.costs = torch.maximum(plus, floor), torch.maximum(minus, floor)

    @property
    def free(self) -> torch.Tensor:
        """float64 (B,): the least cost of a change."""
        return self.unit * FREE

    @property
    def largest_payload(self) -> torch.Tensor:
        """float64 (B,): the payload in bits where each change that is not wet is equally frequent."""
        return (1 + self.ways).log2().sum(1, dtype=torch.float64)

    @property
    def largest_distortion(self) -> torch.Tensor:
        """float64 (B,): the distortion at the largest payload."""
        paid = [torch.where(rho < torch.inf, rho / (1 + self.ways), 0).sum(1, dtype=torch.float64) for rho in self.costs]
        return paid[0] + paid[1]

    def lambdas_for_payload(self, bits: torch.Tensor) -> torch.Tensor:
        """Return float64 (B,): the lambdas of an entropy of `bits` (B,), in (0, largest_payload]."""
        within = torch.minimum(bits, self.largest_payload * (1 - MARGIN)) * math.log(2) / self.ways.shape[1]
        return self._find("entropy", within)

    def lambdas_for_distortion(self, distortion: torch.Tensor) -> torch.Tensor:
        """Return float64 (B,): the lambdas of an expected `distortion` (B,), in (0, largest_distortion)."""
        return self._find("distortion", distortion / self.ways.shape[1])

    def entropy(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return nats a sample at ln lambda = u (B,), and their slope in u."""
        log_z, mean, variance = self._moments(u)
        return log_z + mean, -variance

    def distortion(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the expected cost a sample at ln lambda = u (B,), and its slope in u."""
        _, mean, variance = self._moments(u)
        return mean * (-u).exp(), -variance * (-u).exp()

    def _find(self, law: str, target: torch.Tensor) -> torch.Tensor:
        coarse = newton.solve(getattr(self._every(STRIDE), law), target, start=-self.unit.log(), tolerance=1e-3, steps=20)
        tolerance = newton.finest(self.ways.dtype)
        return newton.solve(getattr(self, law), target, start=coarse, tolerance=tolerance).exp()

    def _every(self, stride: int) -> DeviceSender:
        """Return a sender of a regular subset of the samples, where there are enough of them."""
        if self.ways.shape[1] < 16 * stride:
            return self
        part = object.__new__(DeviceSender)
        part.ways, part.costs = self.ways[:, ::stride], (self.costs[0][:, ::stride], self.costs[1][:, ::stride])
        return part

    def _moments(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return means over the samples of ln Z, E[x] and Var[x] for x = lambda rho under the Gibbs law; float64 (B,) each."""
        factor = u.exp().to(self.ways.dtype)[:, None]
        x, y = ((factor * rho).clamp_(max=NEVER) for rho in self.costs)
        p, q = (-x).exp_(), (-y).exp_()
        z = 1 + p + q
        log_z, x_p, y_q = z.log(), x * p.div_(z), y * q.div_(z)
        first = x_p + y_q
        variance = x.mul_(x_p).add_(y.mul_(y_q)).sub_(first.square())
        means = [moment.mean(1, dtype=torch.float64) for moment in (log_z, first, variance)]
        return means[0], means[1], means[2]
