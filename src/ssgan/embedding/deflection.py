"""The change probabilities that disturb a detector least, for a given Fisher information: the solver of MiPOD and MG.

Minimize sum beta^2 I under the payload sum h(beta) = m: beta lambda I = ln(1/beta - 2), Eq. (16) of MiPOD (IEEE TIFS 11(2),
2016). In terms of the equivalent cost rho = ln(1/beta - 2) this is rho (2 + e^rho) = lambda I, one equation a sample, and
lambda is what the payload asks for. The authors' code reads rho from a table; here both are solved to the last digits.
"""

from __future__ import annotations

import math

import torch

from ssgan.embedding import monotone
from ssgan.errors import DoesNotFit

SAMPLED = 16  # every 16th sample is enough to find where lambda lies


def least_detectable(fisher: torch.Tensor, payload: float) -> torch.Tensor:
    """rho > 0 of Gibbs probabilities at lambda = 1 that carry `payload` bits per sample; Fisher information (N, C, H, W).

    Differentiable in the Fisher information: the solution's own equations are differentiated, not the search.
    """
    samples = fisher.shape[1:].numel()
    reachable = math.log2(3) * samples
    if not 0 <= payload < math.log2(3):
        raise DoesNotFit(
            f"a payload of {payload:g} bits per sample does not fit: +-1 changes carry less than log2(3) = 1.585",
            reachable=reachable,
        )
    level = fisher.flatten(1).log()  # (N, n)
    if payload == 0:
        return torch.full_like(fisher, torch.inf)
    nats = torch.full((len(level),), payload * math.log(2), dtype=torch.float64, device=fisher.device)
    with torch.no_grad():
        coarse = _Spread(level[:, ::SAMPLED])
        u = monotone.solve(coarse, nats, start=-level.double().mean(1) + 1, tolerance=1e-3, steps=30)
        spread = _Spread(level)
        u = monotone.solve(spread, nats, start=u, tolerance=monotone.finest(level.dtype))
        entropy, slope = spread(u)
        rho = spread.rho
    if fisher.requires_grad:  # one step of Newton's from the solution moves nothing and carries the derivative
        moved = _correct(rho, u.to(level.dtype)[:, None] + level)
        entropy = _entropy(moved).double().mean(1)
        u = u - (entropy - nats) / slope
        rho = _correct(rho, u.to(level.dtype)[:, None] + level)
    return rho.reshape(fisher.shape)


class _Spread:
    """u = ln lambda -> mean entropy in nats of the samples and its slope; remembers rho to start the next search from."""

    def __init__(self, level: torch.Tensor) -> None:
        self.level = level
        self.rho = torch.empty(0)
        self.u: torch.Tensor | None = None

    def __call__(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        argument = u.to(self.level.dtype)[:, None] + self.level  # ln(lambda I)
        moved = 99.0 if self.u is None else float((u - self.u).abs().max())
        if moved > 1:
            self.rho = torch.nn.functional.softplus(argument - math.log(3))
        for _ in range(4 if moved > 1 else 2 if moved > 0.01 else 1 if moved > 0 else 0):
            self.rho = _correct(self.rho, argument)
        self.u = u
        falls = (-self.rho).exp()
        z = 1 + 2 * falls
        entropy = _entropy(self.rho)
        # d entropy / d rho = -2 rho e^-rho / Z^2, and d rho / du from the sample's equation
        slope = -2 * self.rho * falls / (z * z) / (1 / self.rho + 1 / z)
        return entropy.mean(1, dtype=torch.float64), slope.mean(1, dtype=torch.float64)


def _correct(rho: torch.Tensor, argument: torch.Tensor) -> torch.Tensor:
    """One step of Newton's on ln rho + ln(2 + e^rho) = ln(lambda I); its derivative in `argument` is the solution's."""
    start = rho.detach()
    double = 2 * (-start).exp()
    step = (argument - start.log() - start - double.log1p()) / (1 / start + 1 / (1 + double))
    return torch.maximum(start + step, start / 16)  # stays positive far from the solution


def _entropy(rho: torch.Tensor) -> torch.Tensor:
    """Of +1, 0, -1 with the odds e^-rho : 1 : e^-rho, in nats."""
    falls = (-rho).exp()
    z = 1 + 2 * falls
    return z.log() + 2 * rho * falls / z
