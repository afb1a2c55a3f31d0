"""Import torch when a function first uses it: one picture needs NumPy and compiled loops alone, and torch takes 1.5 seconds.

A function that takes tensors and arrays asks `is_tensor`, which imports nothing: where torch is not imported, nothing is one.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch as torch
    from typing_extensions import TypeIs
else:

    class _Deferred:
        """A name for torch, whose first attribute imports it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(importlib.import_module("torch"), name)

    torch = _Deferred()

# Either of them, the same for everything that a function takes and gives.
Values = TypeVar("Values", NDArray[Any], "torch.Tensor")


def is_tensor(values: object) -> TypeIs[torch.Tensor]:
    """Return whether `values` is a torch tensor."""
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(values, loaded.Tensor)


def as_array(values: np.ndarray | torch.Tensor) -> np.ndarray:
    """Return a tensor as an array in main memory, sharing it where possible; an array as it is."""
    return values.detach().cpu().numpy() if is_tensor(values) else values
