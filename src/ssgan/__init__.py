"""ssgan: secure steganography with generated covers.

The public names, handed on when they are first asked for: `import ssgan` imports neither torch nor numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssgan.differences import Difference, difference
    from ssgan.embedding.catalog import SCHEMES
    from ssgan.embedding.costs import Costs
    from ssgan.embedding.embedder import CODERS, Embedder
    from ssgan.errors import (
        DoesNotFit,
        InvalidSetting,
        NothingFound,
        RefusedImage,
        RefusedModel,
        SomeItemsFailed,
        SsganError,
        StorageFailed,
        TrainingDiverged,
    )

# Public name → the module where it lives.
_HOMES = {
    "CODERS": "ssgan.embedding.embedder",
    "Costs": "ssgan.embedding.costs",
    "Difference": "ssgan.differences",
    "DoesNotFit": "ssgan.errors",
    "Embedder": "ssgan.embedding.embedder",
    "InvalidSetting": "ssgan.errors",
    "NothingFound": "ssgan.errors",
    "RefusedImage": "ssgan.errors",
    "RefusedModel": "ssgan.errors",
    "SCHEMES": "ssgan.embedding.catalog",
    "SomeItemsFailed": "ssgan.errors",
    "SsganError": "ssgan.errors",
    "StorageFailed": "ssgan.errors",
    "TrainingDiverged": "ssgan.errors",
    "difference": "ssgan.differences",
}

__all__ = [
    "CODERS",
    "SCHEMES",
    "Costs",
    "Difference",
    "DoesNotFit",
    "Embedder",
    "InvalidSetting",
    "NothingFound",
    "RefusedImage",
    "RefusedModel",
    "SomeItemsFailed",
    "SsganError",
    "StorageFailed",
    "TrainingDiverged",
    "__version__",
    "difference",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ssgan' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
