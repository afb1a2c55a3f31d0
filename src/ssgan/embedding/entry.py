"""Define the rows of schemes, for samples and for the coefficients of a JPEG: a cost function, and its description."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.embedding.costs import Costs, Scheme
from ssgan.images.coefficients import COEFFICIENT_UNIT, Component
from ssgan.images.samples import PIXEL_UNIT

# Changes of the same samples with better signs: (covers, stegos, seeds) -> stegos
Correction: TypeAlias = "Callable[[torch.Tensor, torch.Tensor, NDArray[np.uint64]], torch.Tensor]"

# One image uint8 (C, H, W), and the payload in bits per sample -> float64 Costs (1, C, H, W), no NaN among them
ImageCosts: TypeAlias = "Callable[[NDArray[np.uint8], float], Costs[NDArray[Any]]]"


@dataclass(frozen=True)
class SchemeEntry:
    """One scheme: its cost function and its description. `correct` chooses the signs again once the changes are known.

    `reach` is the largest distance in rows of a sample that affects a cost; None where all do, or where it is not known.
    Where all do, `image_costs` gives the costs of a large image, in bands of rows as far as they go: at most 16 bytes a sample.
    `unit` is that of the samples that it prices; None where it takes samples of any kind. `joins_channels` is False where the
    direction of a change is bound to the last bit of each sample, so that the channels of a pixel cannot change alike.
    `takes_arrays`: `costs` takes NumPy arrays as it takes tensors, and then gives arrays; call it through `price`.
    """

    costs: Scheme
    title: str
    summary: str
    formula: str
    paper: str
    adaptive: bool = True
    differentiable: bool = True
    correct: Correction | None = None
    reach: int | None = None
    image_costs: ImageCosts | None = None
    unit: str | None = PIXEL_UNIT
    joins_channels: bool = True
    takes_arrays: bool = False

    def price(self, samples: Values, payload: float) -> Costs[Values]:
        """Return the costs of float samples (N, C, H, W): tensors of a tensor, arrays of an array.

        For arrays, a scheme that takes none is given tensors.
        """
        costs: Any = self.costs
        if is_tensor(samples) or self.takes_arrays:
            priced: Costs[Values] = costs(samples, payload)
            return priced
        plus, minus = costs(torch.from_numpy(samples), payload)
        rho = plus.numpy()
        return Costs(rho, rho if minus is plus else minus.numpy())


class Prices(NamedTuple):
    """rho+ and rho- of coefficients, float64 (r, c, 8, 8) or flat (n,), >= 0, infinite = wet; one array where both agree."""

    plus: NDArray[np.float64]
    minus: NDArray[np.float64]


# (component, options) -> Prices of its whole blocks (r, c, 8, 8), without regard to the ends of the range
ComponentCosts = Callable[[Component, Collection[str]], Prices]

# (what a scheme gives for all components, flat (n,), payload in bits per sample) -> rho, flat (n,)
PayloadCosts = Callable[[NDArray[np.float64], float], NDArray[np.float64]]


@dataclass(frozen=True)
class CoefficientEntry:
    """One scheme for the coefficients of a JPEG: its cost function, component by component, and its description.

    `options` are those of the scheme alone. `of_payload`: where given, `costs` is Fisher information, the same for +1 and -1,
    and this solves for the costs of a payload over all components together. `adaptive` is False where texture plays no part.
    `needs_errors` is True where the scheme is for new JPEGs alone, with what rounding took from their coefficients.
    """

    costs: ComponentCosts
    title: str
    summary: str
    formula: str
    paper: str
    options: tuple[str, ...] = ()
    of_payload: PayloadCosts | None = None
    adaptive: bool = True
    needs_errors: bool = False
    unit: str = COEFFICIENT_UNIT
