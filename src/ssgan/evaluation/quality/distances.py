"""Measure how far apart two sets of features are: the Frechet distance of fitted Gaussians, and the kernel distance.

Frechet's is biased upward in small sets, more so the more features there are; the kernel distance, KID's formula, is not
(M. Heusel et al., NeurIPS 2017; M. Binkowski et al., ICLR 2018). Both are torchmetrics', on features of ours.
"""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from ssgan.errors import InvalidSetting

MOST_FOR_FRECHET = 2048  # features: its eigenvalues take the cube of that


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of features float64 (N, D) and (M, D)."""
    from_torchmetrics = metrics("image.fid")
    metric = from_torchmetrics.FrechetInceptionDistance(feature=_AsTheyAre(first.shape[1]))
    return float(_measured(metric, first, second))


def kernel(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased estimate of the squared MMD of features float64 (N, D), with the kernel (x y / D + 1)^3."""
    count = min(len(first), len(second))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that features are kept in memory
        metric = metrics("image.kid").KernelInceptionDistance(feature=_AsTheyAre(first.shape[1]), subsets=1, subset_size=count)
    with torch.random.fork_rng(devices=[]):  # it shuffles, though it takes all
        return float(_measured(metric, first[:count], second[:count])[0])


def metrics(name: str) -> ModuleType:
    """Return a module of torchmetrics. Raises InvalidSetting where it is not installed."""
    try:
        return importlib.import_module(f"torchmetrics.{name}")
    except ImportError as error:
        raise InvalidSetting(
            f"judging quality needs torchmetrics ({error})", hint="install it with pip install torchmetrics"
        ) from error


class _AsTheyAre(nn.Module):
    """The identity, where torchmetrics expects a network."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.num_features = dimension

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


def _measured(metric: Any, first: np.ndarray, second: np.ndarray) -> torch.Tensor:
    metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(first), real=True)
    metric.update(torch.from_numpy(second), real=False)
    return metric.compute()
