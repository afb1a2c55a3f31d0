"""Solve for the change probabilities of the least deflection of a detector, for MiPOD and MG.

Minimize sum beta^2 I under the payload sum h(beta) = m: beta lambda I = ln(1/beta - 2), Eq. (16) of MiPOD (IEEE TIFS 11(2),
2016). In terms of the equivalent cost rho = ln(1/beta - 2) this is rho (2 + e^rho) = lambda I, one equation a sample, and
lambda follows from the payload. The authors' code reads rho from a table; here both are solved to the last digits.
"""

from __future__ import annotations

import math

import numpy as np

from ssgan.compute.large_arrays import large_empty
from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.compute.threads import compiled_serves
from ssgan.embedding.coders import newton
from ssgan.embedding.schemes import mipod_loops
from ssgan.errors import DoesNotFit

SAMPLED = 16  # every 16th sample is enough to find lambda roughly
TOLERANCE = 1e-8  # relative, of the payload met


def least_detectable(fisher: Values, payload: float) -> Values:
    """Return rho > 0 of Gibbs probabilities at lambda = 1 that carry `payload` bits per sample; Fisher information (N, C, H,
    W).

    Differentiable in the Fisher information: the solution's own equations are differentiated, not the search.
    """
    if not 0 <= payload < math.log2(3):
        raise DoesNotFit(
            f"a payload of {payload:g} bits per sample does not fit: +-1 changes carry less than log2(3) = 1.585",
            reachable=math.floor(math.log2(3) * math.prod(fisher.shape[1:])),
            hint="send less",
        )
    if payload == 0:
        return torch.full_like(fisher, torch.inf) if is_tensor(fisher) else np.full_like(fisher, np.inf)
    if not is_tensor(fisher):
        return _solve_compiled(fisher, payload * math.log(2))
    if compiled_serves(fisher):
        return torch.from_numpy(_solve_compiled(fisher.detach().numpy(), payload * math.log(2)))
    flat = fisher.flatten(1)  # (N, n)
    with torch.no_grad():
        nats = torch.full((len(flat),), payload * math.log(2), dtype=torch.float64, device=flat.device)
        start = 1 - flat.double().log().mean(1)
        coarse = newton.solve(_Spread(flat[:, ::SAMPLED]), nats, start=start, tolerance=1e-3, steps=30)
        spread = _Spread(flat)
        u = newton.solve(spread, nats, start=coarse, tolerance=newton.finest(flat.dtype))
        _, slope = spread(u)
        rho = spread.rho
    if fisher.requires_grad and torch.is_grad_enabled():
        # One step of Newton's from the solution moves nothing and carries the derivative.
        level = flat.log()
        moved = _correct(rho, u.to(level.dtype)[:, None] + level)
        u = u - (_entropy(moved).double().mean(1) - nats) / slope
        rho = _correct(rho, u.to(level.dtype)[:, None] + level)
    return rho.reshape(fisher.shape)


def _solve_compiled(fisher: np.ndarray, nats: float) -> np.ndarray:
    """Solve in double precision, each image by itself."""
    flat = np.ascontiguousarray(fisher.reshape(len(fisher), -1), np.float64)
    few = np.ascontiguousarray(flat[:, ::SAMPLED])
    u = 1 - np.log(few).mean(1)
    mipod_loops.solve(few, nats, 1e-3, 30, u, np.empty_like(few))
    del few
    rho = large_empty(flat.size, flat.dtype).reshape(flat.shape)
    mipod_loops.solve(flat, nats, TOLERANCE, newton.MOST_STEPS, u, rho)
    return rho.astype(fisher.dtype, copy=False).reshape(fisher.shape)


class _Spread:
    """A map from u = ln lambda to the mean entropy in nats and its slope; it keeps rho as the start of the next search."""

    def __init__(self, fisher: torch.Tensor) -> None:
        self.level = fisher.detach().log()
        self.rho = torch.empty(0)
        self.u: torch.Tensor | None = None

    def __call__(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        argument = u.to(self.level.dtype)[:, None] + self.level  # ln(lambda I)
        moved = math.inf if self.u is None else float((u - self.u).abs().max())
        if moved > 1:
            self.rho = torch.nn.functional.softplus(argument - math.log(3))
        for _ in range(4 if moved > 1 else 2 if moved > 0.01 else 1 if moved > 0 else 0):
            self.rho = _correct(self.rho, argument)
        self.u = u
        falls = (-self.rho).exp()
        z = 1 + 2 * falls
        # d entropy / d rho = -2 rho e^-rho / Z^2, and d rho / du from the sample's equation
        slope = -2 * self.rho * falls / (z * z) / (1 / self.rho + 1 / z)
        return _entropy(self.rho).mean(1, dtype=torch.float64), slope.mean(1, dtype=torch.float64)


def _correct(rho: torch.Tensor, argument: torch.Tensor) -> torch.Tensor:
    """Return a Newton step on ln rho + ln(2 + e^rho) = ln(lambda I); its derivative by `argument` is the solution's."""
    start = rho.detach()
    double = 2 * (-start).exp()
    step = (argument - start.log() - start - double.log1p()) / (1 / start + 1 / (1 + double))
    return torch.maximum(start + step, start / 16)  # stays positive far from the solution


def _entropy(rho: torch.Tensor) -> torch.Tensor:
    """Return the entropy in nats of +1, 0, -1 with the odds e^-rho : 1 : e^-rho."""
    falls = (-rho).exp()
    z = 1 + 2 * falls
    return z.log() + 2 * rho * falls / z
