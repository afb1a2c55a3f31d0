"""Solve falling functions for a whole batch at once: Newton's steps, kept inside a bracket.

Each row of the batch is its own problem in one unknown. The steps are taken on the logarithm of the value, which is nearly
straight both where entropies saturate and where they die away; a step that leaves the bracket is replaced by halving it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ssgan.compute.lazy_torch import torch

# u (N,) -> the value at u, > 0 and falling, and its slope, < 0; both (N,)
Falling: TypeAlias = "Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]"

LONGEST_STEP = 8.0  # of u, a logarithm: a factor of 3000
MOST_STEPS = 60


def finest(dtype: torch.dtype) -> float:
    """Return the relative tolerance that sums of values of this dtype can reach."""
    return 1e-8 if dtype == torch.float64 else 5e-7


def solve(
    falling: Falling, target: torch.Tensor, *, start: torch.Tensor, tolerance: float, steps: int = MOST_STEPS
) -> torch.Tensor:
    """Return float64 (N,): the u at which falling(u) equals `target` (N,) to the relative `tolerance`.

    The target must be inside the function's range; after `steps` the nearest u found is returned.
    """
    u = start
    low, high = torch.full_like(u, -torch.inf), torch.full_like(u, torch.inf)
    best, least = u, torch.full_like(u, torch.inf)
    for _ in range(steps):
        value, slope = falling(u)
        error = value - target
        nearer = (error.abs() < least) & (least > tolerance * target)  # an image that meets its target keeps its u
        best, least = torch.where(nearer, u, best), torch.where(nearer, error.abs(), least)
        if bool((least <= tolerance * target).all()):
            break
        low, high = torch.where(error > 0, u, low), torch.where(error > 0, high, u)
        step = (target.log() - value.log()) * value / slope
        step = step.nan_to_num(nan=LONGEST_STEP).clamp(-LONGEST_STEP, LONGEST_STEP)
        step = torch.where(error > 0, step.abs(), -step.abs())
        # Halve the bracket where it has two ends, else keep doubling the factor in the only direction left.
        middle = torch.where(low.isinf(), high - LONGEST_STEP, torch.where(high.isinf(), low + LONGEST_STEP, (low + high) / 2))
        newton = u + step
        inside = (newton > low) & (newton < high)
        u = torch.where(inside, newton, middle)
    return best
